import { noteTurnedAway, type TurnedAwayServices } from '#functions/customer-api/note-turned-away.ts'
import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { KnownPlace } from '#shared/adapters/dynamodb/catalog/known-places.ts'
import type { AppEvent } from '#shared/adapters/dynamodb/customers/event-records.ts'
import type { AppEventInput, EventsRequest } from '#shared/contracts/http/events.ts'
import type { ProblemError } from '#shared/contracts/http/problem.ts'
import { eventTimeFault } from '#shared/domain/customers/event-time.ts'
import { declaredAmong } from '#shared/domain/customers/preferences.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = TurnedAwayServices & Pick<CustomerServices, 'saveEvents' | 'findKnownPlaces'>

const timeFaults = (events: readonly AppEventInput[], nowMs: number): ProblemError[] =>
  events.flatMap(({ at }, index) => {
    const detail = eventTimeFault(Date.parse(at), nowMs)
    return detail === undefined ? [] : [{ pointer: `/events/${index}/at`, detail }]
  })

const placeFaults = (places: readonly KnownPlace[]): ProblemError[] =>
  places.flatMap(({ merchant, store }, index) => {
    if (!merchant) return [{ pointer: `/events/${index}/merchantId`, detail: 'no such merchant' }]
    return store ? [] : [{ pointer: `/events/${index}/storeId`, detail: 'the merchant has no such store' }]
  })

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

/** Keeps what the caller did in the app. The whole batch is refused when one of its events cannot be kept. */
export const postEvents: UseCase<Services, unknown, unknown, EventsRequest> =
  (services) =>
  async ({ caller, body, signal }) => {
    const { saveEvents, findKnownPlaces, nowMs } = services
    const now = nowMs()
    const late = timeFaults(body.events, now)
    if (late.length > 0) throw new Problem('invalidRequest', { errors: late })
    const places = await findKnownPlaces(body.events, signal)
    const unknown = placeFaults(places)
    if (unknown.length > 0) throw new Problem('unprocessable', { errors: unknown })
    const events = body.events.map((event, index) => appEvent(event, places[index]))
    const accepted = await saveEvents(caller.user, events, now, signal)
    if (accepted === 'erased') throw new Problem('gone')
    const blamed = events.flatMap(({ type, merchantId }) => (type === 'complaint' ? [merchantId] : []))
    await noteTurnedAway(services, caller.user, blamed, 'complained', signal)
    return { status: 200, body: { accepted, repeated: body.events.length - accepted } }
  }
