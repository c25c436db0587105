import type { LedgerTrigger } from '#shared/contracts/items/ledger.ts'
import type { PresenceNews } from '#shared/contracts/items/presence.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'

/** The triggers that a presence write carries. */
export const triggersOfNews = ({ user, transitions }: PresenceNews): Trigger[] =>
  transitions.map((transition) => ({ ...transition, user }))

const zoned = (timeZone: string | undefined) => (timeZone === undefined ? {} : { timeZone })

const commonOf = ({ user, merchantId, correlationId }: LedgerTrigger) => ({
  user,
  merchantId,
  ...(correlationId === undefined ? {} : { correlationId }),
})

const dueTriggers = (event: Extract<LedgerTrigger, { triggerKind: 'due' }>): Trigger[] => {
  const { dueAtMs, occasions, timeZone } = event
  return occasions.map((occasion) => ({
    type: 'due',
    ...commonOf(event),
    atMs: dueAtMs,
    ...occasion,
    ...zoned(timeZone),
  }))
}

/** The triggers that an app event, stock that returned, or what is due for a customer are. */
export const triggersOfEvent = (event: LedgerTrigger): readonly Trigger[] => {
  if (event.triggerKind === 'due') return dueTriggers(event)
  const common = commonOf(event)
  if (event.triggerKind === 'restock') {
    const { sceneId, offerId, dueAtMs, occasion, storeId, timeZone } = event
    const stock = { type: 'restock', ...common, sceneId, offerId, atMs: dueAtMs, occasion } as const
    return [{ ...stock, ...(storeId === undefined ? {} : { storeId }), ...zoned(timeZone) }]
  }
  const { eventId, type, at, storeId, timeZone, properties } = event
  return [
    {
      type: 'event',
      ...common,
      atMs: Date.parse(at),
      eventId,
      eventType: type,
      ...(properties === undefined ? {} : { properties }),
      ...(storeId === undefined ? {} : { storeId }),
      ...zoned(timeZone),
    },
  ]
}
