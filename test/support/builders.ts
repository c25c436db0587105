import { decisionIdOf, type Grant, grantIdOf, messageIdOf } from '#shared/contracts/items/decision.ts'
import {
  customerIndex,
  relationshipAttributes,
  relationshipKey,
} from '#shared/contracts/items/relationship.ts'
import type { Preferences } from '#shared/domain/customers/customer.ts'
import { NO_RELATIONSHIP } from '#shared/domain/customers/relationship.ts'
import { distanceToBoundaryM, EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import { TILE_MARGIN_M } from '#shared/domain/geo/tiles.ts'
import {
  hashId,
  type IdByPrefix,
  type IdPrefix,
  type MerchantId,
  type MessageId,
  type SceneId,
  type UserId,
} from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import type { ClosedVisit, Transition } from '#shared/domain/presence/visit.ts'
import type { Candidate } from '#shared/domain/scenes/candidate.ts'
import type {
  CustomerFacts,
  DecisionFacts,
  KnownRelationship,
  MerchantFacts,
} from '#shared/domain/scenes/facts.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'

/** Friday 1 May 2026, 10:00 in San Francisco. */
export const T0 = Date.UTC(2026, 4, 1, 17, 0, 0)
export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const SAN_FRANCISCO = 'America/Los_Angeles'

/** A real square: Union Square, San Francisco. */
export const SQUARE: Position = { lat: 37.788, lon: -122.4075 }

const DEGREES = 180 / Math.PI

/** The position that lies so many metres to the east and north of another (small distances). */
export const moved = (from: Position, eastM: number, northM = 0): Position => ({
  lat: from.lat + (northM / EARTH_RADIUS_M) * DEGREES,
  lon: from.lon + (eastM / (EARTH_RADIUS_M * Math.cos(from.lat / DEGREES))) * DEGREES,
})

/** An id that reads as itself in tests: the same name gives the same id. */
export const named = <P extends IdPrefix>(prefix: P, name: string): IdByPrefix[P] => hashId(prefix, name)

export const ANNA: UserId = named('usr', 'anna')
export const CAFE: MerchantId = named('mer', 'cafe')

/** A circle of 100 m around the square, as the index holds it. */
export const aGeofence = (
  name: string,
  {
    at = SQUARE,
    radiusM = 100,
    ...rest
  }: Partial<IndexedGeofence> & { at?: Position; radiusM?: number } = {},
): IndexedGeofence => ({
  id: named('gf', name),
  merchantId: CAFE,
  shape: { kind: 'circle', lat: at.lat, lon: at.lon, radiusM },
  timeZone: SAN_FRANCISCO,
  revision: 1,
  effectiveAtMs: 0,
  ...rest,
})

/**
 * The plain answer to what is around a position: every geofence measured, as the fix of a time sees it. Polygons may be
 * nearer than `reachM` says, so all that may be near are listed for a test.
 */
export const nearOf =
  (...geofences: readonly IndexedGeofence[]): GeofencesAt =>
  (position, atMs) => {
    const test: IndexedGeofence[] = []
    const gone: IndexedGeofence[] = []
    for (const geofence of geofences) {
      const seen = seenAt(geofence, atMs)
      const list = seen?.goneAtMs !== undefined && atMs >= seen.goneAtMs ? gone : test
      if (seen !== undefined && distanceToBoundaryM(seen.shape, position) <= TILE_MARGIN_M) list.push(seen)
    }
    return [{ inside: [], test, gone }]
  }

const seenAt = (geofence: IndexedGeofence, atMs: number): IndexedGeofence | undefined => {
  if (atMs >= geofence.effectiveAtMs) return geofence
  const { former, ...rest } = geofence
  return former !== undefined && atMs >= former.effectiveAtMs ? { ...rest, ...former } : undefined
}

/** A fix so many seconds after T0, by default at the square with a perfect accuracy. */
export const aFix = (atS: number, at: Position = SQUARE, accuracyM = 0): Fix =>
  toFix({ atMs: T0 + atS * SECOND, ...at, accuracyM })

/** An active scene that greets with a push whoever enters any of the merchant's geofences. */
export const aScene = (name: string, rest: Partial<Scene> = {}): Scene => ({
  id: named('scn', name),
  merchantId: CAFE,
  name,
  revision: 1,
  state: 'active',
  goal: 'visit',
  triggers: [{ type: 'enter' }],
  when: {},
  message: { push: { title: 'Hello', body: `Come in: ${name}` }, ttlS: 600 },
  limits: { coolDownS: 0, maxAgeS: 300 },
  priority: 50,
  createdAt: new Date(T0).toISOString(),
  updatedAt: new Date(T0).toISOString(),
  ...rest,
})

/** What is known of a customer who agreed to push, has a phone for it, and whom the café has just met. */
export const aCustomer = (rest: Partial<CustomerFacts> = {}): CustomerFacts => ({
  pushConsent: true,
  smsConsents: new Set(),
  hasPushDevice: true,
  hasPhoneNumber: false,
  recentSends: [],
  mutedMerchants: new Set(),
  caps: [],
  relationships: new Map([[CAFE, aRelationship()]]),
  ...rest,
})

/** A customer whom a merchant has just met. */
export const aRelationship = (rest: Partial<KnownRelationship> = {}): KnownRelationship => ({
  ...NO_RELATIONSHIP,
  events: [],
  eventsSinceMs: 0,
  ...rest,
})

/** A customer whose one visit began then. */
export const aVisitor = (atMs: number, rest: Partial<KnownRelationship> = {}): KnownRelationship =>
  aRelationship({
    visits: {
      count: 1,
      firstAtMs: atMs,
      lastAtMs: atMs,
      recentAtMs: [atMs],
      dwellS: 0,
      timedCount: 0,
      hourOfWeek: Array.from({ length: 168 }, () => 0),
    },
    timeZone: SAN_FRANCISCO,
    ...rest,
  })

/** The item of a relationship, as deciding writes it. */
export const aRelationshipItem = (
  user: UserId,
  relationship: KnownRelationship,
  { merchantId = CAFE, ...rest }: { readonly merchantId?: MerchantId } & Record<string, unknown> = {},
) => ({
  ...relationshipKey(user, merchantId),
  kind: 'relationship',
  user,
  merchantId,
  version: 1,
  visits: relationship.visits.count,
  ...relationshipAttributes(relationship),
  ...customerIndex(user, merchantId, false),
  ...rest,
})

/** Everything that a decision rests on: by default a willing customer, the café, and the platform's usual limits. */
export const someFacts = (rest: Partial<DecisionFacts> = {}): DecisionFacts => ({
  customer: aCustomer(),
  merchants: new Map(),
  isKilled: false,
  addedRules: [],
  limits: {
    platformCaps: [{ windowS: 86_400, max: 4 }],
    merchantCaps: [],
    kindCaps: {},
    maxPressure: 100,
    slotS: 60,
  },
  ...rest,
})

/** What deciding knows of a merchant. */
export const someMerchant = (rest: Partial<MerchantFacts> = {}): MerchantFacts => ({
  name: 'Café',
  isSuspended: false,
  scenes: [],
  offers: new Map(),
  stores: new Map(),
  caps: [],
  ...rest,
})

export const anOffer = (name: string, rest: Partial<Offer> = {}): Offer => ({
  id: named('off', name),
  merchantId: CAFE,
  name,
  kind: 'coupon',
  description: 'One coffee',
  stock: 10,
  stockShards: 1,
  validityS: 24 * 3600,
  revision: 1,
  createdAt: new Date(T0).toISOString(),
  updatedAt: new Date(T0).toISOString(),
  ...rest,
})

/** A grant without an offer, as deciding prepares it. */
export const aGrant = (candidate: Candidate, rest: Partial<Grant> = {}): Grant => {
  const grantId = grantIdOf(candidate)
  const { push, sms, ttlS } = candidate.scene.message
  return {
    candidate,
    channel: 'push',
    grantId,
    messageId: messageIdOf(grantId),
    content: { ...(push && { push }), ...(sms && { sms }) },
    deliverUntilMs: T0 + ttlS * SECOND,
    score: 500,
    send: { kind: 'greeting' },
    tallies: [],
    correlationId: decisionIdOf(candidate.trigger.user, [candidate.trigger]),
    ...rest,
  }
}

type DueTrigger = Extract<Trigger, { type: 'due' }>
type PlaceTrigger = Extract<Trigger, { type: 'enter' | 'exit' }>

/** Anna enters the café's geofence `square` at T0. */
export const anEnter = (rest: Partial<PlaceTrigger> = {}): PlaceTrigger => ({
  type: 'enter',
  user: ANNA,
  merchantId: CAFE,
  geofenceId: named('gf', 'square'),
  visitId: named('vis', 'first'),
  timeZone: SAN_FRANCISCO,
  atMs: T0,
  distanceM: -40,
  confidence: 1,
  ...rest,
})

/** Anna was at the café a week before T0: what a scene plans for after seven days is due. */
export const aDue = (rest: Partial<DueTrigger> = {}): DueTrigger => ({
  type: 'due',
  user: ANNA,
  merchantId: CAFE,
  sceneId: named('scn', 'back'),
  plan: 'afterLastVisit 7',
  occasion: `after:7:${T0 - 7 * DAY}`,
  atMs: T0,
  plannedAtMs: T0,
  staleAfterS: 24 * 3600,
  timeZone: SAN_FRANCISCO,
  ...rest,
})

export const aTransition = (rest: Partial<Transition> = {}): Transition => ({
  type: 'enter',
  visitId: named('vis', 'first'),
  geofenceId: named('gf', 'square'),
  merchantId: CAFE,
  timeZone: SAN_FRANCISCO,
  atMs: T0,
  enteredAtMs: T0,
  distanceM: -40,
  confidence: 1,
  ...rest,
})

export const aVisit = (name: string, rest: Partial<ClosedVisit> = {}): ClosedVisit => ({
  visitId: named('vis', name),
  geofenceId: named('gf', 'square'),
  merchantId: CAFE,
  timeZone: SAN_FRANCISCO,
  enteredAtMs: T0,
  lastInsideAtMs: T0 + 5 * MINUTE,
  end: 'exit',
  exitedAtMs: T0 + 6 * MINUTE,
  ...rest,
})

type ProfileAttributes = {
  readonly version: number
  readonly consents: {
    readonly push?: { readonly granted: boolean }
    readonly sms?: Readonly<Record<string, { readonly granted: boolean }>>
  }
  readonly phoneNumber?: string
  readonly phoneCountry?: string
  readonly preferences?: Preferences
  readonly recentSends?: readonly {
    readonly atMs: number
    readonly merchantId: MerchantId
    readonly sceneId: SceneId
    readonly messageId: MessageId
  }[]
}

/** The PROFILE item of a customer who agreed to push, as customer-api writes it. */
export const aProfileItem = (user: UserId, rest: Partial<ProfileAttributes> = {}) => ({
  pk: `U#${user}`,
  sk: 'PROFILE',
  kind: 'profile',
  user,
  version: 1,
  consents: { push: { granted: true, at: new Date(T0).toISOString(), source: 'app' } },
  createdAt: new Date(T0).toISOString(),
  ...rest,
})

type DeviceAttributes = {
  readonly platform: 'apns' | 'apns-sandbox' | 'fcm'
  readonly token: string
  readonly enabled: boolean
  readonly updatedAt: string
  readonly endpointArn: string
  readonly locale: string
}

/** The DEVICE item of an Android phone. */
export const aDeviceItem = (user: UserId, deviceId: string, rest: Partial<DeviceAttributes> = {}) => ({
  pk: `U#${user}`,
  sk: `DEVICE#${deviceId}`,
  kind: 'device',
  deviceId,
  platform: 'fcm',
  token: `fcm:${user}-${deviceId}`,
  enabled: true,
  updatedAt: new Date(T0).toISOString(),
  ...rest,
})

/** What is left of an erased customer, in Ledger and Presence alike. */
export const aTombstone = (key: { readonly pk: string; readonly sk?: string }) => ({
  ...key,
  kind: 'tombstone',
  tombstone: true,
  erasedAt: new Date(T0).toISOString(),
  ttl: Math.floor(T0 / 1000) + 35 * 86_400,
})
