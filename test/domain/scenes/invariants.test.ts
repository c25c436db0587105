import { expect, it } from 'vitest'
import { withSend } from '#shared/contracts/items/decision.ts'
import type { OfferId, UserId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { candidatesAmong, occasionKey } from '#shared/domain/scenes/candidate.ts'
import { decide, type Granted } from '#shared/domain/scenes/decide.ts'
import {
  type CustomerFacts,
  type DecisionFacts,
  type MerchantFacts,
  NOTHING_SPENT,
  type Spent,
} from '#shared/domain/scenes/facts.ts'
import { SUPPRESSION_REASONS } from '#shared/domain/scenes/reasons.ts'
import { kindOf, MESSAGE_KINDS, type Scene } from '#shared/domain/scenes/scene.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'
import { lawfulHours } from '#shared/domain/schedule/lawful-hours.ts'
import { randomFrom } from '#test/local/end-to-end/traces.ts'
import {
  aCustomer,
  anEnter,
  anOffer,
  aRelationship,
  aScene,
  HOUR,
  MINUTE,
  named,
  SECOND,
  someFacts,
  someMerchant,
} from '#test/support/builders.ts'

const SEED = Number(process.env['BECKON_SEED'] ?? 20_261_122)
const DECISIONS = Number(process.env['BECKON_DECISIONS'] ?? 100_000)
const CAP = { windowS: 86_400, max: 4 }
const SCENE_CAP = { windowS: 3 * 3600, max: 1 }
const SLOT_S = 60

/** Zones whose law is one row of the table, and how far each is from UTC all year. */
const ZONES = { 'Asia/Tokyo': 'JP', 'Asia/Dubai': 'AE', 'Africa/Lagos': 'NG' } as const
const OFFSET_H = { 'Asia/Tokyo': 9, 'Asia/Dubai': 4, 'Africa/Lagos': 1 } as const
type Zone = keyof typeof ZONES
const zones = Object.keys(ZONES).filter((name): name is Zone => name in ZONES)

const WEEKDAY = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

/** The plainest way to tell whether a moment is lawful. */
const isLawful = (zone: Zone, atMs: number): boolean => {
  const local = new Date(atMs + OFFSET_H[zone] * HOUR)
  const time = local.toISOString().slice(11, 16)
  const day = WEEKDAY[local.getUTCDay()] ?? 'sun'
  const weekly = lawfulHours([{ country: ZONES[zone] }], []).weekly ?? []
  return weekly.some(({ days, from, to }) => days.includes(day) && time >= from && time < to)
}

type Sent = { readonly atMs: number; readonly user: UserId; readonly granted: Granted }

it(`hold in ${DECISIONS.toLocaleString('en')} random decisions: once, capped, lawful, in stock, explained (I3–I7)`, () => {
  console.log(`BECKON_SEED=${SEED}`)
  const random = randomFrom(SEED)
  const below = (count: number): number => Math.floor(random() * count)
  const oneOf = <T>(all: readonly [T, ...T[]] | readonly T[]): T => all[below(all.length)] as T

  const offers = Array.from({ length: 4 }, (_, n) => anOffer(`offer ${n}`, { stock: 400 }))
  const merchants = new Map<MerchantFacts['scenes'][number]['merchantId'], MerchantFacts>()
  const scenes: Scene[] = Array.from({ length: 24 }, (_, n) => {
    const offer = random() < 0.5 ? offers[n % 4] : undefined
    const kind = oneOf(MESSAGE_KINDS)
    return aScene(`scene ${n}`, {
      merchantId: named('mer', `merchant ${n % 6}`),
      triggers: [{ type: oneOf(['enter', 'exit'] as const) }],
      priority: below(101),
      ...(offer && { offerId: offer.id }),
      message: {
        push: { title: 'Hi', body: 'Hi' },
        ttlS: 600,
        ...(kind === 'offer' && !offer ? {} : { kind }),
      },
      limits: { coolDownS: below(4) * 1800, maxAgeS: 300, ...(random() < 0.5 && { caps: [SCENE_CAP] }) },
      ...(random() < 0.2 && { experiment: { holdoutPercent: 30, salt: 's' } }),
    })
  })
  for (const [merchantId, own] of Map.groupBy(scenes, (scene) => scene.merchantId))
    merchants.set(
      merchantId,
      someMerchant({
        scenes: own,
        offers: new Map(offers.map((offer): [OfferId, Offer] => [offer.id, offer])),
      }),
    )

  const customers = Array.from({ length: 400 }, (_, n) => ({
    user: named('usr', `customer ${n}`),
    zone: oneOf(zones),
    consents: random() < 0.9,
    blocked: new Set([...merchants.keys()].filter(() => random() < 0.1)),
    complains: new Set([...merchants.keys()].filter(() => random() < 0.1)),
    sends: [] as CustomerFacts['recentSends'],
    slot: undefined as CustomerFacts['slot'],
  }))
  const used = new Set<string>()
  const stock = new Map(offers.map(({ id, stock: units }) => [id, units]))
  const sent: Sent[] = []
  let outcomesSeen = 0
  let nowMs = Date.UTC(2026, 1, 27, 0)

  for (let n = 0; n < DECISIONS; n++) {
    nowMs += below(20) * SECOND
    const customer = oneOf(customers)
    const triggers: Trigger[] = Array.from({ length: 1 + below(3) }, () =>
      anEnter({
        type: oneOf(['enter', 'exit'] as const),
        user: customer.user,
        merchantId: oneOf([...merchants.keys()]),
        // Few visits: the same occasion comes again and again.
        visitId: named('vis', `${customer.user} ${Math.floor(nowMs / (6 * HOUR))} ${below(2)}`),
        atMs: nowMs - below(7) * MINUTE,
        distanceM: below(300) - 100,
        timeZone: customer.zone,
      }),
    )
    const facts: DecisionFacts = someFacts({
      customer: aCustomer({
        pushConsent: customer.consents,
        recentSends: customer.sends,
        ...(customer.slot && { slot: customer.slot }),
        relationships: new Map(
          [...merchants.keys()].map((id) => [
            id,
            aRelationship({
              ...(customer.blocked.has(id) && { block: { reason: 'no-shows', sinceMs: 0 } }),
              openComplaints: customer.complains.has(id) ? 1 : 0,
            }),
          ]),
        ),
      }),
      merchants,
      limits: { platformCaps: [CAP], merchantCaps: [], kindCaps: {}, maxPressure: 12, slotS: SLOT_S },
    })
    const candidates = candidatesAmong(merchants.values(), triggers)
    // As the transaction does: what it refuses is spent, and decided without.
    let spent: Spent = NOTHING_SPENT
    for (let round = 0; round < 60; round++) {
      const outcomes = decide(candidates, facts, spent, nowMs)
      const granted = outcomes.filter((one) => one.kind === 'granted')
      // I7
      if (outcomes.length !== candidates.length || granted.length > 1) throw new Error(`decision ${n}`)
      for (const one of outcomes)
        if (one.kind === 'suppressed' && !SUPPRESSION_REASONS.includes(one.reason))
          throw new Error(`no reason: ${one.reason}`)
      const [winner] = granted
      if (winner !== undefined) {
        const occasion = `${customer.user} ${occasionKey(winner)}`
        if (used.has(occasion)) {
          spent = { ...spent, occasions: new Set([...spent.occasions, occasionKey(winner)]) }
          continue
        }
        const { offer } = winner
        const left = offer === undefined ? 1 : (stock.get(offer.id) ?? 0)
        if (offer !== undefined && left === 0) {
          spent = { ...spent, offers: new Set([...spent.offers, offer.id]) }
          continue
        }
        used.add(occasion)
        if (offer !== undefined) stock.set(offer.id, left - 1)
        const messageId = named('msg', occasion)
        const { scene } = winner
        customer.sends = withSend(customer.sends, {
          atMs: nowMs,
          merchantId: scene.merchantId,
          sceneId: scene.id,
          messageId,
          kind: kindOf(scene),
        })
        // The answer to an own act takes no slot.
        if (kindOf(scene) !== 'service') customer.slot = { atMs: nowMs, messageId, score: winner.score }
        sent.push({ atMs: nowMs, user: customer.user, granted: winner })
      }
      outcomesSeen += outcomes.length
      break
    }
  }

  // I3: each scene, customer and occasion once.
  const names = sent.map(({ user, granted }) => `${user} ${occasionKey(granted)}`)
  expect(new Set(names).size).toBe(names.length)
  // I4: in every window that begins with a send.
  const within = (own: readonly Sent[], windowS: number, max: number) => {
    for (const [index, { atMs }] of own.entries()) {
      const count = own.slice(index).filter((other) => other.atMs - atMs < windowS * 1000).length
      if (count > max) throw new Error(`${count} of ${max} in ${windowS} s`)
    }
  }
  for (const own of Map.groupBy(sent, ({ user }) => user).values()) {
    within(own, CAP.windowS, CAP.max)
    within(
      own.filter(({ granted }) => kindOf(granted.scene) !== 'service'),
      SLOT_S,
      1,
    )
    for (const [scene, of] of Map.groupBy(own, ({ granted }) => granted.scene)) {
      if (scene.limits.caps) within(of, SCENE_CAP.windowS, SCENE_CAP.max)
      within(of, scene.limits.coolDownS, 1)
    }
  }
  // I5
  const people = new Map(customers.map((one) => [one.user, one]))
  for (const { atMs, user, granted } of sent) {
    const { zone, consents, blocked, complains } = people.get(user) ?? {}
    const { scene } = granted
    expect(consents && !blocked?.has(scene.merchantId)).toBe(true)
    if (kindOf(scene) === 'service') continue
    if (zone === undefined || !isLawful(zone, atMs))
      throw new Error(`${zone} at ${new Date(atMs).toISOString()}`)
    expect(complains?.has(scene.merchantId)).toBe(false)
  }
  // I6
  for (const { id, stock: units } of offers) {
    const given = sent.filter(({ granted }) => granted.offer?.id === id).length
    expect(given + (stock.get(id) ?? 0)).toBe(units)
    expect(stock.get(id)).toBeGreaterThanOrEqual(0)
  }
  console.log(`${DECISIONS} decisions, ${outcomesSeen} outcomes, ${sent.length} grants`)
  expect(sent.length).toBeGreaterThan(DECISIONS / 100)
}, 600_000)
