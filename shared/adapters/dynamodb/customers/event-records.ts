import {
  type CustomerTables,
  type Erased,
  notErased,
  retrying,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { writeRelationship } from '#shared/adapters/dynamodb/ledger/relationship-writes.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { batchGetAll, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { RETENTION_S, userKey } from '#shared/contracts/items/ledger.ts'
import { parseRelationship, relationshipKey, withEvents } from '#shared/contracts/items/relationship.ts'
import { type Relationship, withPurchase, withRating } from '#shared/domain/customers/relationship.ts'
import type { MerchantId, StoreId, UserId } from '#shared/domain/ids.ts'
import type { KnownRelationship } from '#shared/domain/scenes/facts.ts'
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

/**
 * What a merchant knows of a customer after some app events. A purchase says `amountMinor` and `currency`, a rating its
 * `mark` from 1 to 5; one that does not is kept as an event and counts for nothing else.
 */
const afterEvents = (before: KnownRelationship, events: readonly AppEvent[]): KnownRelationship => {
  const inOrder = events.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
  const known = inOrder.reduce<Relationship>(
    (so, event) => afterEvent(so, event, Date.parse(event.at)),
    before,
  )
  const told = inOrder.map(({ type, at }) => ({ type, atMs: Date.parse(at) }))
  return { ...before, ...known, ...withEvents(before, told) }
}

const afterEvent = (so: Relationship, { type, properties = {} }: AppEvent, atMs: number): Relationship => {
  switch (type) {
    case 'purchase': {
      const { amountMinor, currency } = properties
      const isComplete = typeof amountMinor === 'number' && amountMinor >= 0 && isCurrency(currency)
      return isComplete ? withPurchase(so, { currency, amountMinor, atMs }) : so
    }
    case 'rating': {
      const { mark } = properties
      return typeof mark === 'number' && mark >= 1 && mark <= 5 ? withRating(so, mark) : so
    }
    case 'complaint':
      return { ...so, openComplaints: so.openComplaints + 1 }
    case 'complaint_closed':
      return { ...so, openComplaints: Math.max(0, so.openComplaints - 1) }
    default:
      return so
  }
}

const isCurrency = (text: unknown): text is string => typeof text === 'string' && /^[A-Z]{3}$/.test(text)

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

  const relationshipsOf = async (user: UserId, merchantIds: readonly MerchantId[], signal?: AbortSignal) => {
    if (merchantIds.length === 0) return []
    const keys = merchantIds.map((merchantId) => relationshipKey(user, merchantId))
    const [items = []] = await batchGetAll(
      client,
      [{ table: ledger, keys, consistent: true }],
      retrying(signal),
    )
    return items.map(parseRelationship)
  }

  const saveSome = (user: UserId, events: readonly AppEvent[], nowMs: number, signal?: AbortSignal) =>
    optimistically(async (): Promise<number | Erased | 'again'> => {
      const fresh = await unknownOf(user, events, signal)
      const byMerchant = Map.groupBy(fresh, ({ merchantId }) => merchantId)
      const relationships = await relationshipsOf(user, [...byMerchant.keys()], signal)
      const outcome = await transact(
        client,
        [
          notErased(ledger, user),
          ...fresh.map((event) => putEvent(user, event, nowMs)),
          ...[...byMerchant].map(([merchantId, events], index) => {
            const before = relationships[index] ?? parseRelationship(undefined)
            const acted = events.some(({ type }) => ACTS.has(type)) ? nowMs : undefined
            const after = afterEvents(before.relationship, events)
            return writeRelationship(ledger, user, merchantId, before, after, acted)
          }),
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
