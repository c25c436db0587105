import {
  type CustomerTables,
  type Erased,
  markActed,
  notErased,
  retrying,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { batchGetAll, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { RETENTION_S, userKey } from '#shared/contracts/items/ledger.ts'
import type { MerchantId, StoreId, UserId } from '#shared/domain/ids.ts'
import type { AppEventType } from '#shared/domain/scenes/scene.ts'

/** An app event as it is kept. Times are RFC 3339 UTC. */
export type AppEvent = {
  readonly eventId: string
  readonly type: AppEventType
  readonly at: string
  readonly merchantId: MerchantId
  readonly storeId?: StoreId
  /** The store's IANA zone: the clock that a scene's weekly hours are read on. */
  readonly timeZone?: string
  readonly properties?: Readonly<Record<string, string | number | boolean>>
}

export type EventRecords = {
  /**
   * Keeps the events that are new, by their ids.
   *
   * @returns how many were new
   */
  readonly save: (
    user: UserId,
    events: readonly AppEvent[],
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<number | Erased>
}

/** The customer's own acts with a merchant (DESIGN.md section 4, I9). */
const ACTS: ReadonlySet<AppEventType> = new Set<AppEventType>(['qr_scan', 'purchase'])

/** One transaction holds 100 items: the events, at most as many relationships, and the profile's condition. */
const EVENTS_AT_ONCE = 45

const eventKey = (user: UserId, eventId: string) => ({ pk: userKey(user), sk: `EVENT#${eventId}` })

/** App events over the Ledger; the table's stream carries them on. */
export const createEventRecords = ({ client, ledger }: CustomerTables): EventRecords => {
  const putEvent = (user: UserId, event: AppEvent, nowMs: number): TransactItem => ({
    Put: {
      TableName: ledger,
      Item: {
        ...eventKey(user, event.eventId),
        kind: 'event',
        triggerKind: 'event',
        user,
        ...event,
        receivedAt: new Date(nowMs).toISOString(),
        ttl: Math.floor(nowMs / 1000) + RETENTION_S,
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  })

  const unknownOf = async (user: UserId, events: readonly AppEvent[], signal?: AbortSignal) => {
    const keys = events.map(({ eventId }) => eventKey(user, eventId))
    const [stored = []] = await batchGetAll(
      client,
      [{ table: ledger, keys, consistent: true }],
      retrying(signal),
    )
    return events.filter((_, index) => stored[index] === undefined)
  }

  const saveSome = (user: UserId, events: readonly AppEvent[], nowMs: number, signal?: AbortSignal) =>
    optimistically(async (): Promise<number | Erased | 'again'> => {
      const fresh = await unknownOf(user, events, signal)
      const merchants = new Set(
        fresh.filter(({ type }) => ACTS.has(type)).map(({ merchantId }) => merchantId),
      )
      const outcome = await transact(
        client,
        [
          notErased(ledger, user),
          ...fresh.map((event) => putEvent(user, event, nowMs)),
          ...[...merchants].map((merchantId) => markActed(ledger, user, merchantId, nowMs)),
        ],
        retrying(signal),
      )
      if (outcome.kind === 'done') return fresh.length
      return outcome.reasons[0] === undefined ? 'again' : 'erased'
    }, signal)

  return {
    save: async (user, events, nowMs, signal) => {
      let saved = 0
      for (let start = 0; start < events.length; start += EVENTS_AT_ONCE) {
        const part = await saveSome(user, events.slice(start, start + EVENTS_AT_ONCE), nowMs, signal)
        if (part === 'erased') return 'erased'
        saved += part
      }
      return saved
    },
  }
}
