import { EARTH_RADIUS_M } from '#shared/domain/geo/distance.ts'
import type { Position } from '#shared/domain/geo/geofence.ts'
import type { AppEventType } from '#shared/domain/scenes/scene.ts'
import type { History, Point, SceneKind, Step } from '#test/simulation/town/steps.ts'
import { between, oneOf, type Random, randomFor } from '#test/simulation/world/random.ts'

/** Monday, 2026-03-02, 08:00 in San Francisco: a clock is changed in the first week. */
export const TOWN_START_MS = Date.parse('2026-03-02T16:00:00Z')
/** The middle of the town. */
export const SQUARE: Position = { lat: 37.788, lon: -122.4075 }

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DEGREES = 180 / Math.PI

/** The position so many metres to the east and north. */
export const offset = (from: Position, eastM: number, northM: number): Position => ({
  lat: from.lat + (northM / EARTH_RADIUS_M) * DEGREES,
  lon: from.lon + (eastM / (EARTH_RADIUS_M * Math.cos(from.lat / DEGREES))) * DEGREES,
})

type Content = Step extends infer One ? (One extends Step ? Omit<One, 'id' | 'atMs'> : never) : never
type Planned = { readonly atMs: number; readonly step: Content }

type Shop = { readonly at: Position; readonly scenes: number; readonly offers: number }

const SCENE_KINDS: readonly [SceneKind, ...SceneKind[]] = [
  'enter',
  'enter',
  'exit',
  'dwell',
  'event',
  'due',
  'festival',
  'followUp',
  'offerEnds',
  'thanks',
]

const FIRST_KINDS: readonly [SceneKind, SceneKind] = ['enter', 'event']

/** What a merchant sets up on the first morning. */
const openingOf = (random: Random, merchant: number, at: Position): { shop: Shop; plan: Planned[] } => {
  const atMs = TOWN_START_MS + merchant * MINUTE
  const offers = between(random, 1, 2)
  const scenes = between(random, 1, 3)
  const plan: Planned[] = [
    { atMs, step: { kind: 'openShop', merchant, at, caps: random.next() < 0.5 } },
    {
      atMs: atMs + 5000,
      step: { kind: 'draw', merchant, geofence: 0, at, radiusM: between(random, 60, 150) },
    },
  ]
  for (let offer = 0; offer < offers; offer++) {
    plan.push({
      atMs: atMs + 10_000,
      step: {
        kind: 'offer',
        merchant,
        offer,
        stock: random.next() < 0.6 ? between(random, 1, 4) : between(random, 60, 200),
        validityS: oneOf(random, [3600, 6 * 3600, 86_400, 5 * 86_400]),
        hasWaitingList: random.next() < 0.5,
        perCustomer: random.next() < 0.3 ? 1 : undefined,
      },
    })
  }
  for (let scene = 0; scene < scenes; scene++) {
    const on = oneOf(random, scene === 0 ? FIRST_KINDS : SCENE_KINDS)
    plan.push({
      atMs: atMs + 20_000,
      step: {
        kind: 'scene',
        merchant,
        scene,
        on,
        offer: random.next() < 0.75 ? between(random, 0, offers - 1) : undefined,
        coolDownS: oneOf(random, [0, 0, 3600, 86_400]),
        ttlS: oneOf(random, [120, 3600, 86_400]),
        isSmsFirst: random.next() < 0.4,
      },
    })
  }
  return { shop: { at, scenes, offers }, plan }
}

/** A stroll: to a shop, in it, and away again, sometimes by a second shop. */
export const strollTo = (random: Random, shops: readonly Position[], startMs: number): Point[] => {
  const points: Point[] = []
  let atMs = startMs
  const note = (position: Position): void => {
    points.push({ ...position, atMs, accuracyM: between(random, 5, 40) })
  }
  for (const shop of shops) {
    const angle = random.next() * 2 * Math.PI
    const away = (radiusM: number) => offset(shop, Math.cos(angle) * radiusM, Math.sin(angle) * radiusM)
    note(away(between(random, 500, 700)))
    const inside = between(random, 1, 4)
    for (let fix = 0; fix < inside; fix++) {
      atMs += between(random, 20, 240) * SECOND
      note(offset(shop, between(random, -30, 30), between(random, -30, 30)))
    }
    // A few stay so long that the phone falls silent.
    if (random.next() < 0.15) atMs += between(random, 30, 120) * MINUTE
    const outside = between(random, 1, 3)
    for (let fix = 0; fix < outside; fix++) {
      atMs += between(random, 16, 120) * SECOND
      note(away(240 + fix * 25))
    }
    atMs += between(random, 60, 600) * SECOND
  }
  return points
}

const EVENTS: readonly [AppEventType, ...AppEventType[]] = [
  'app_open',
  'qr_scan',
  'purchase',
  'purchase',
  'rating',
  'complaint',
  'complaint_closed',
]

/** What a customer does in a day. */
const dayOf = (random: Random, customer: number, startMs: number, shops: readonly Shop[]): Planned[] => {
  const plan: Planned[] = []
  const anyTime = () => startMs + between(random, 0, 14 * HOUR)
  const merchant = () => between(random, 0, shops.length - 1)
  if (random.next() < 0.8) {
    const there = Array.from({ length: between(random, 1, 2) }, () => shops[merchant()]?.at ?? SQUARE)
    const atMs = anyTime()
    const phone = random.next() < 0.3 ? 'obedient' : 'sloppy'
    const path = strollTo(random, there, atMs)
    plan.push({ atMs, step: { kind: 'walk', customer, phone, path } })
    const after = (path.at(-1)?.atMs ?? atMs) + between(random, -5, 30) * MINUTE
    if (random.next() < 0.4) plan.push({ atMs: after, step: { kind: 'claim', customer } })
    if (random.next() < 0.5)
      plan.push({
        atMs: after,
        step: { kind: 'redeem', customer, tills: between(random, 1, 2), byToken: random.next() < 0.5 },
      })
    if (random.next() < 0.2)
      plan.push({
        atMs: after,
        step: {
          kind: 'redeemOffline',
          customer,
          tills: between(random, 1, 2),
          minutes: between(random, 0, 180),
        },
      })
    if (random.next() < 0.5) {
      const type = oneOf(random, EVENTS)
      const eventId = `e${customer}-${between(random, 0, 9999)}`
      plan.push({
        atMs: path[1]?.atMs ?? atMs,
        step: { kind: 'event', customer, merchant: merchant(), type, eventId },
      })
    }
  }
  const change = random.next()
  if (change < 0.06)
    plan.push({ atMs: anyTime(), step: { kind: 'consentPush', customer, granted: random.next() < 0.5 } })
  else if (change < 0.14)
    plan.push({
      atMs: anyTime(),
      step: { kind: 'consentSms', customer, merchant: merchant(), granted: random.next() < 0.6 },
    })
  else if (change < 0.22)
    plan.push({
      atMs: anyTime(),
      step: {
        kind: 'prefer',
        customer,
        muted: random.next() < 0.3 ? [merchant()] : [],
        isQuiet: random.next() < 0.4,
        maxPerDay: random.next() < 0.4 ? 1 : undefined,
      },
    })
  else if (change < 0.26) plan.push({ atMs: anyTime(), step: { kind: 'forget', customer } })
  else if (change < 0.32)
    plan.push({
      atMs: anyTime(),
      step: { kind: 'register', customer, platform: oneOf(random, ['apns', 'fcm']) },
    })
  plan.push(...phoneOf(random, customer, anyTime))
  return plan
}

/** What a customer changes about being written to and looked for. */
const phoneOf = (random: Random, customer: number, anyTime: () => number): Planned[] => {
  const change = random.next()
  const atMs = anyTime()
  if (change < 0.08) {
    const number = random.next() < 0.2 ? undefined : between(random, 0, 6)
    return [{ atMs, step: { kind: 'number', customer, number } }]
  }
  if (change < 0.2) {
    const word = random.next() < 0.6 ? 'STOP' : 'START'
    const answers: Planned[] = [{ atMs, step: { kind: 'answerSms', number: customer, word } }]
    if (random.next() < 0.4)
      answers.push({
        atMs: atMs + between(random, 1, 3600) * SECOND,
        step: { kind: 'answerSms', number: customer, word: 'START' },
      })
    return answers
  }
  if (change < 0.25)
    return [
      { atMs, step: { kind: 'consentLocation', customer, granted: false } },
      {
        atMs: atMs + between(random, 1, 1200) * MINUTE,
        step: { kind: 'consentLocation', customer, granted: true },
      },
    ]
  return []
}

/** Everybody walks into the same shop at the same moment, and some do more than that there. */
const rushAt = (random: Random, startMs: number, shops: readonly Shop[], customers: number): Planned[] => {
  const merchant = between(random, 0, shops.length - 1)
  const at = shops[merchant]?.at ?? SQUARE
  const atMs = startMs + between(random, 1, 11) * HOUR
  return Array.from({ length: customers }, (_, customer) => customer).flatMap((customer): Planned[] => {
    const path = [0, 45, 100, 160, 200].map(
      (seconds, index): Point => ({
        ...offset(at, index < 3 ? index * 10 - customer : 250 + index, 0),
        atMs: atMs + seconds * SECOND,
        accuracyM: 10,
      }),
    )
    const eventId = `rush${customer}-${Math.floor(atMs / DAY)}`
    return [
      { atMs, step: { kind: 'walk', customer, phone: 'sloppy', path } },
      { atMs: atMs + 50, step: { kind: 'event', customer, merchant, type: 'qr_scan', eventId } },
      { atMs: atMs + MINUTE, step: { kind: 'redeem', customer, tills: 2, byToken: random.next() < 0.5 } },
    ]
  })
}

/** What merchants and the operator do in a day. */
const officeOf = (random: Random, startMs: number, shops: readonly Shop[], customers: number): Planned[] => {
  const plan: Planned[] = []
  const anyTime = () => startMs + between(random, 0, 14 * HOUR)
  for (const [merchant, { at, scenes, offers }] of shops.entries()) {
    const change = random.next()
    if (change < 0.12) {
      const scene = between(random, 0, scenes - 1)
      const atMs = anyTime()
      plan.push(
        { atMs, step: { kind: 'turnScene', merchant, scene, to: 'paused' } },
        {
          atMs: atMs + between(random, 1, 300) * MINUTE,
          step: { kind: 'turnScene', merchant, scene, to: 'active' },
        },
      )
    } else if (change < 0.2)
      plan.push({
        atMs: anyTime(),
        step: { kind: 'draw', merchant, geofence: 0, at, radiusM: between(random, 60, 150) },
      })
    else if (change < 0.24)
      plan.push({ atMs: anyTime(), step: { kind: 'eraseGeofence', merchant, geofence: 0 } })
    else if (change < 0.45)
      plan.push({
        atMs: anyTime(),
        step: {
          kind: 'restock',
          merchant,
          offer: between(random, 0, offers - 1),
          stock: between(random, 0, 12),
        },
      })
    else if (change < 0.7)
      plan.push({
        atMs: anyTime(),
        step: { kind: 'look', merchant, other: between(random, 0, shops.length - 1) },
      })
    else if (change < 0.82) {
      const customer = between(random, 0, customers - 1)
      const atMs = anyTime()
      const hours = random.next() < 0.5 ? between(random, 4, 48) : undefined
      plan.push({ atMs, step: { kind: 'block', merchant, customer, hours } })
      if (random.next() < 0.4)
        plan.push({
          atMs: atMs + between(random, 1, 30) * HOUR,
          step: { kind: 'unblock', merchant, customer },
        })
    }
  }
  const atMs = anyTime()
  if (random.next() < 0.15) {
    const around = shops[between(random, 0, shops.length - 1)]?.at ?? SQUARE
    const area = { ...offset(around, between(random, -40, 40), 0), radiusM: between(random, 50, 200) }
    const zone = between(random, 0, 1)
    plan.push(
      { atMs, step: { kind: 'zone', zone, area } },
      { atMs: atMs + between(random, 5, 900) * MINUTE, step: { kind: 'zone', zone, area: undefined } },
    )
  }
  if (random.next() < 0.04) {
    plan.push(
      { atMs, step: { kind: 'killSwitch', on: true } },
      { atMs: atMs + between(random, 10, 120) * MINUTE, step: { kind: 'killSwitch', on: false } },
    )
  }
  if (random.next() < 0.06) {
    const merchant = between(random, 0, shops.length - 1)
    plan.push(
      { atMs, step: { kind: 'suspend', merchant, suspended: true } },
      {
        atMs: atMs + between(random, 10, 240) * MINUTE,
        step: { kind: 'suspend', merchant, suspended: false },
      },
    )
  }
  return plan
}

const joiningOf = (random: Random, customer: number, shops: readonly Shop[]): Planned[] => {
  const atMs = TOWN_START_MS + 10 * MINUTE + customer * SECOND
  const plan: Planned[] = [
    {
      atMs,
      step: {
        kind: 'join',
        customer,
        platform: oneOf(random, ['apns', 'fcm']),
        hasNumber: random.next() < 0.75,
      },
    },
    { atMs: atMs + 2 * SECOND, step: { kind: 'consentPush', customer, granted: random.next() < 0.85 } },
  ]
  for (const merchant of shops.keys()) {
    if (random.next() < 0.6)
      plan.push({ atMs: atMs + 4 * SECOND, step: { kind: 'consentSms', customer, merchant, granted: true } })
  }
  return plan
}

export type TownSize = { readonly days: number }

/**
 * A small town and what happens in it, from a seed: shops open, customers join, and for some days they walk, buy and
 * change their minds.
 */
export const makeTown = (seed: number, { days }: TownSize): History => {
  const random = randomFor(seed, 'town')
  const plan: Planned[] = []
  const shops: Shop[] = []
  const merchants = between(random, 2, 4)
  for (let merchant = 0; merchant < merchants; merchant++) {
    // Some shops stand wall to wall.
    const at = offset(SQUARE, between(random, -2, 2) * 220, between(random, -1, 1) * 220)
    const opening = openingOf(randomFor(seed, `merchant ${merchant}`), merchant, at)
    shops.push(opening.shop)
    plan.push(...opening.plan)
  }
  const customers = between(random, 3, 6)
  const rushes = new Set([between(random, 0, days - 1), between(random, 0, days - 1)])
  for (let customer = 0; customer < customers; customer++) {
    plan.push(...joiningOf(randomFor(seed, `customer ${customer}`), customer, shops))
  }
  for (let day = 0; day < days; day++) {
    // Most days are quiet: it is what happens together that is hard.
    const startMs = TOWN_START_MS + HOUR + day * DAY
    plan.push(...officeOf(randomFor(seed, `office ${day}`), startMs, shops, customers))
    const lives = Array.from({ length: customers }, (_, customer) =>
      dayOf(randomFor(seed, `day ${day} ${customer}`), customer, startMs, shops),
    ).flat()
    // Nobody is at two places at once.
    plan.push(...(rushes.has(day) ? lives.filter(({ step }) => step.kind !== 'walk') : lives))
    if (rushes.has(day)) plan.push(...rushAt(randomFor(seed, `rush ${day}`), startMs, shops, customers))
  }
  return plan
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, step }, index): Step => ({ id: `s${index}`, atMs, ...step }))
}
