import {
  type CustomerTables,
  type Erased,
  notErased,
  retrying,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { countWrites } from '#shared/adapters/dynamodb/ledger/counters.ts'
import { readExposures, replaceExposure } from '#shared/adapters/dynamodb/ledger/exposure-records.ts'
import { writeRelationship } from '#shared/adapters/dynamodb/ledger/relationship-writes.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { batchGetAll, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { eventConversion, eventCounts, paidIn } from '#shared/contracts/items/counted-facts.ts'
import { RETENTION_S, userKey } from '#shared/contracts/items/ledger.ts'
import {
  parseRelationship,
  relationshipKey,
  withChain,
  withEvents,
} from '#shared/contracts/items/relationship.ts'
import { type PreferenceValues, sourceOf, withPreferences } from '#shared/domain/customers/preferences.ts'
import {
  isNewcomer,
  type Relationship,
  withPurchase,
  withRating,
} from '#shared/domain/customers/relationship.ts'
import type { MerchantId, StoreId, UserId, WriteId } from '#shared/domain/ids.ts'
import { utcDay } from '#shared/domain/loop/count.ts'
import { type Credit, type Credited, creditAll } from '#shared/domain/loop/credit.ts'
import { type Deal, dealOf, withDeal } from '#shared/domain/loop/deal.ts'
import type { Exposure } from '#shared/domain/loop/exposure.ts'
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
  /** Of these what the merchant keeps as preferences. */
  readonly preferences?: PreferenceValues
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

/** One transaction holds 100 items: an event changes a relationship, two exposures and five counters at most. */
const EVENTS_AT_ONCE = 11

/**
 * What a merchant knows of a customer after some app events. A purchase says `amountMinor` and `currency`, a rating its
 * `mark` from 1 to 5; one that does not is kept as an event and counts for nothing else.
 */
const afterEvents = (before: KnownRelationship, events: readonly KnownEvent[]): KnownRelationship => {
  const inOrder = events.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
  const known = inOrder.reduce<Relationship>((so, event) => {
    const atMs = Date.parse(event.at)
    const { preferences = {}, type, deal } = event
    const after = withDeal(afterEvent(so, event, atMs), deal)
    return withPreferences(after, preferences, sourceOf(type), atMs)
  }, before)
  const told = inOrder.map(({ type, at }) => ({ type, atMs: Date.parse(at) }))
  const timeZone = before.timeZone ?? inOrder.find((event) => event.timeZone !== undefined)?.timeZone
  return { ...before, ...known, ...withEvents(before, told), ...(timeZone !== undefined && { timeZone }) }
}

const afterEvent = (so: Relationship, { type, properties = {} }: AppEvent, atMs: number): Relationship => {
  switch (type) {
    case 'purchase': {
      const paid = paidIn(properties)
      return paid ? withPurchase(so, { ...paid, atMs }) : so
    }
    case 'rating': {
      const { mark } = properties
      return typeof mark === 'number' && mark >= 1 && mark <= 5 ? withRating(so, mark) : so
    }
    case 'qr_scan':
      return { ...so, firstScanAtMs: Math.min(so.firstScanAtMs ?? atMs, atMs) }
    case 'complaint':
      return { ...so, openComplaints: so.openComplaints + 1 }
    case 'complaint_closed':
      return { ...so, openComplaints: Math.max(0, so.openComplaints - 1) }
    default:
      return so
  }
}

/** An event with what it is an outcome of. */
type KnownEvent = AppEvent &
  Credit & { readonly isFirst: boolean; readonly deal?: Deal; readonly correlationId?: WriteId }

/** Only what says what it cost makes a customer of somebody: the relationship knows of no other purchase. */
const withFirst = (
  events: readonly AppEvent[],
  before: Relationship,
): (AppEvent & { isFirst: boolean })[] => {
  const first = isNewcomer(before)
    ? events.find(({ type, properties }) => type === 'purchase' && paidIn(properties) !== undefined)
    : undefined
  return events.map((event) => ({ ...event, isFirst: event === first }))
}

/** What its purchases are among the customer's deals, in the order in which they happened. */
const withDeals = <E extends AppEvent>(
  events: readonly E[],
  before: Relationship,
): (E & { readonly deal?: Deal })[] => {
  let so = before
  return events.map((event) => {
    if (event.type !== 'purchase' || paidIn(event.properties) === undefined) return event
    const deal = dealOf(so, utcDay(Date.parse(event.at)), false)
    so = withDeal(so, deal)
    return { ...event, ...(deal && { deal }) }
  })
}

/** Credits the events of one merchant, in the order in which they happened. */
const creditEvents = (
  events: readonly AppEvent[],
  before: Relationship,
  exposures: readonly Exposure[],
): { readonly events: readonly KnownEvent[]; readonly credited: Credited } => {
  const sorted = events.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
  const inOrder = withDeals(withFirst(sorted, before), before)
  const outcomes = inOrder.flatMap((event) => {
    const conversion = eventConversion(event)
    return conversion ? [{ event, conversion }] : []
  })
  const credited = creditAll(
    exposures,
    outcomes.map(({ conversion }) => conversion),
  )
  const chains = new Map(exposures.map(({ grantId, correlationId }) => [grantId, correlationId]))
  const known = inOrder.map((event): KnownEvent => {
    const credit = credited.credits[outcomes.findIndex((outcome) => outcome.event === event)] ?? {}
    const correlationId = credit.credited && chains.get(credit.credited)
    return { ...event, ...credit, ...(correlationId && { correlationId }) }
  })
  return {
    events: known,
    credited: { ...credited, counted: [...credited.counted, ...known.flatMap(eventCounts)] },
  }
}

/** What is no outcome of anything neither goes on with a chain nor ends it. */
const withEventChain = (
  relationship: KnownRelationship,
  events: readonly KnownEvent[],
): KnownRelationship => {
  const last = events.findLast((event) => eventConversion(event) !== undefined)
  return last === undefined ? relationship : withChain(relationship, last.correlationId)
}

/** Where a customer’s event is kept. */
export const eventKey = (user: UserId, eventId: string) => ({ pk: userKey(user), sk: `EVENT#${eventId}` })

/** App events over the Ledger; the table's stream carries them on. */
export const createEventRecords = ({ client, ledger }: CustomerTables, dueShards: number): EventRecords => {
  const putEvent = (user: UserId, event: KnownEvent, nowMs: number): TransactItem => ({
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

  /** Nothing is read for events that are no outcome of anything. */
  const exposuresBefore = async (
    user: UserId,
    merchantId: MerchantId,
    events: readonly AppEvent[],
    signal?: AbortSignal,
  ): Promise<Exposure[]> => {
    const times = events
      .filter((event) => eventConversion({ ...event, isFirst: false }) !== undefined)
      .map(({ at }) => Date.parse(at))
    if (times.length === 0) return []
    const span = { fromMs: Math.min(...times), untilMs: Math.max(...times) }
    return await readExposures(client, ledger, user, merchantId, span, signal)
  }

  const saveSome = (user: UserId, events: readonly AppEvent[], nowMs: number, signal?: AbortSignal) =>
    optimistically(async (): Promise<number | Erased | 'again'> => {
      const fresh = await unknownOf(user, events, signal)
      const byMerchant = Map.groupBy(fresh, ({ merchantId }) => merchantId)
      const relationships = await relationshipsOf(user, [...byMerchant.keys()], signal)
      const merchants = await Promise.all(
        [...byMerchant].map(async ([merchantId, events], index) => {
          const before = relationships[index] ?? parseRelationship(undefined)
          const exposures = await exposuresBefore(user, merchantId, events, signal)
          return { merchantId, before, ...creditEvents(events, before.relationship, exposures) }
        }),
      )
      const outcome = await transact(
        client,
        [
          notErased(ledger, user),
          ...merchants.flatMap(({ events }) => events.map((event) => putEvent(user, event, nowMs))),
          ...merchants.map(({ merchantId, before, events }) => {
            const acted = events.some(({ type }) => ACTS.has(type)) ? nowMs : undefined
            const after = withEventChain(afterEvents(before.relationship, events), events)
            // A first scan may begin a plan; what a purchase ends is seen when it is due.
            const isFirstScan = before.relationship.firstScanAtMs !== after.firstScanAtMs
            const look = isFirstScan ? { nowMs, dueShards } : undefined
            return writeRelationship(ledger, user, merchantId, before, after, acted, look)
          }),
          ...merchants.flatMap(({ credited }) =>
            credited.changed.map((exposure) => replaceExposure(ledger, exposure)),
          ),
          ...countWrites(
            ledger,
            user,
            merchants.flatMap(({ credited }) => credited.counted),
          ),
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
