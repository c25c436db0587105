import type { LedgerTrigger } from '#shared/contracts/items/ledger.ts'
import type { PresenceNews } from '#shared/contracts/items/presence.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'

/** The triggers that a presence write carries. */
export const triggersOfNews = ({ user, transitions }: PresenceNews): Trigger[] =>
  transitions.map((transition) => ({ ...transition, user }))

/** The trigger that an app event or a due occasion is. */
export const triggerOfEvent = (event: LedgerTrigger): Trigger => {
  const { user, merchantId, correlationId } = event
  const common = { user, merchantId, ...(correlationId === undefined ? {} : { correlationId }) }
  if (event.triggerKind === 'due') {
    const { dueAtMs, daysSinceLastVisit, occasion, timeZone } = event
    return {
      type: 'due',
      ...common,
      atMs: dueAtMs,
      daysSinceLastVisit,
      occasion,
      ...(timeZone === undefined ? {} : { timeZone }),
    }
  }
  if (event.triggerKind === 'restock') {
    const { sceneId, offerId, dueAtMs, occasion, storeId, timeZone } = event
    return {
      type: 'restock',
      ...common,
      sceneId,
      offerId,
      atMs: dueAtMs,
      occasion,
      ...(storeId === undefined ? {} : { storeId }),
      ...(timeZone === undefined ? {} : { timeZone }),
    }
  }
  const { eventId, type, at, storeId, timeZone, properties } = event
  return {
    type: 'event',
    ...common,
    atMs: Date.parse(at),
    eventId,
    eventType: type,
    ...(properties === undefined ? {} : { properties }),
    ...(storeId === undefined ? {} : { storeId }),
    ...(timeZone === undefined ? {} : { timeZone }),
  }
}
