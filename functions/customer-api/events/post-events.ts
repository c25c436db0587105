import { noteTurnedAway, type TurnedAwayServices } from '#functions/customer-api/note-turned-away.ts'
import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { KnownPlace } from '#shared/adapters/dynamodb/catalog/known-places.ts'
import type { AppEvent } from '#shared/adapters/dynamodb/customers/event-records.ts'
import type { AppEventInput, EventsRequest, RefusedEvent } from '#shared/contracts/http/events.ts'
import type { ProblemError } from '#shared/contracts/http/problem.ts'
import { eventTimeFault } from '#shared/domain/customers/event-time.ts'
import { declaredAmong } from '#shared/domain/customers/preferences.ts'
import { inItem, problemErrorsOf } from '#shared/runtime/http/parse-input.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = TurnedAwayServices & Pick<CustomerServices, 'saveEvents' | 'findKnownPlaces'>

/** An event that has the right form, and where in the batch it stands. */
type Placed = { readonly index: number; readonly event: AppEventInput }

const refuse = (
  index: number,
  code: RefusedEvent['code'],
  errors: readonly ProblemError[],
): RefusedEvent => ({
  index,
  code,
  errors: inItem('events', index, errors),
})

const timeFault = ({ index, event }: Placed, nowMs: number): RefusedEvent[] => {
  const detail = eventTimeFault(Date.parse(event.at), nowMs)
  return detail === undefined ? [] : [refuse(index, 'invalidRequest', [{ pointer: '/at', detail }])]
}

const placeFault = ({ index }: Placed, place: KnownPlace | undefined): RefusedEvent[] => {
  if (place?.merchant !== true) {
    return [refuse(index, 'unprocessable', [{ pointer: '/merchantId', detail: 'no such merchant' }])]
  }
  const detail = 'the merchant has no such store'
  return place.store ? [] : [refuse(index, 'unprocessable', [{ pointer: '/storeId', detail }])]
}

/** The events of the right form and time, each id once; and what is wrong with the others. */
const sorted = ({ events }: EventsRequest, nowMs: number) => {
  const placed = events.flatMap(({ data }, index) => (data ? [{ index, event: data }] : []))
  const ill = events.flatMap(({ error }, index) =>
    error ? [refuse(index, 'invalidRequest', problemErrorsOf(error))] : [],
  )
  const late = placed.flatMap((one) => timeFault(one, nowMs))
  const lateAt = new Set(late.map(({ index }) => index))
  return { inTime: placed.filter(({ index }) => !lateAt.has(index)), refused: [...ill, ...late] }
}

const preferencesIn = (place: KnownPlace | undefined, properties: AppEventInput['properties']) => {
  const preferences = declaredAmong(place?.preferences ?? {}, properties)
  return Object.keys(preferences).length > 0 ? { preferences } : {}
}

const appEvent = (
  { id, at, type, merchantId, storeId, properties }: AppEventInput,
  place: KnownPlace | undefined,
): AppEvent => ({
  eventId: id,
  type,
  at: new Date(at).toISOString(),
  merchantId,
  ...(storeId !== undefined && { storeId }),
  ...(place?.timeZone !== undefined && { timeZone: place.timeZone }),
  ...(properties !== undefined && { properties }),
  ...preferencesIn(place, properties),
})

/** The first of each id: the same id is the same event. */
const distinct = (events: readonly AppEvent[]): AppEvent[] =>
  [...new Map(events.toReversed().map((event) => [event.eventId, event])).values()].toReversed()

/** Keeps what the caller did in the app, event by event: one that cannot be kept is named, the others are taken. */
export const postEvents: UseCase<Services, unknown, unknown, EventsRequest> =
  (services) =>
  async ({ caller, body, signal }) => {
    const { saveEvents, findKnownPlaces, nowMs } = services
    const now = nowMs()
    const { inTime, refused } = sorted(body, now)
    const places = await findKnownPlaces(
      inTime.map(({ event }) => event),
      signal,
    )
    const nowhere = inTime.flatMap((one, at) => placeFault(one, places[at]))
    const nowhereAt = new Set(nowhere.map(({ index }) => index))
    const events = inTime.flatMap(({ index, event }, at) =>
      nowhereAt.has(index) ? [] : [appEvent(event, places[at])],
    )
    const accepted = await saveEvents(caller.user, distinct(events), now, signal)
    if (accepted === 'erased') throw new Problem('gone')
    const blamed = events.flatMap(({ type, merchantId }) => (type === 'complaint' ? [merchantId] : []))
    await noteTurnedAway(services, caller.user, blamed, 'complained', signal)
    const all = [...refused, ...nowhere].toSorted((a, b) => a.index - b.index)
    return { status: 200, body: { accepted, repeated: events.length - accepted, refused: all } }
  }
