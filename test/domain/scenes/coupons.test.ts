import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { withSend } from '#shared/contracts/items/decision.ts'
import { shardOf } from '#shared/domain/ids.ts'
import { candidatesOf } from '#shared/domain/scenes/candidate.ts'
import { decide } from '#shared/domain/scenes/decide.ts'
import { type CustomerFacts, NOTHING_SPENT } from '#shared/domain/scenes/facts.ts'
import {
  aCustomer,
  anOffer,
  aRelationship,
  aScene,
  HOUR,
  named,
  someFacts,
  someMerchant,
} from '#test/support/builders.ts'

/** Coupons that 38,128 people received in shops, July 2016 (Alibaba Tianchi, O2O coupon usage forecast). */
const FILE = path.resolve(import.meta.dirname, '../../../../shared/data/events/tianchi_o2o_even_users.csv.gz')
const BEIJING_MS = 8 * HOUR
const SECONDS_OPEN = 10 * 3600

type Claim = {
  readonly user: string
  readonly merchant: string
  readonly coupon: string
  readonly atMs: number
}

/** The file tells days only: each claim gets a second between 09:00 and 19:00 that depends on its line alone. */
const readClaims = (): Claim[] =>
  gunzipSync(readFileSync(FILE))
    .toString('utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line, index) => {
      const [user = '', merchant = '', coupon = '', , , date = ''] = line.split(',')
      const second = shardOf(`${index} ${line}`, SECONDS_OPEN)
      return { user, merchant, coupon, atMs: Date.parse(date) - BEIJING_MS + 9 * HOUR + second * 1000 }
    })
    .toSorted((a, b) => a.atMs - b.atMs)

it('caps hold for people who claim one coupon after the other', (context) => {
  if (!existsSync(FILE)) {
    console.log('skipped: no ../shared/data')
    return context.skip('skipped: no ../shared/data')
  }
  const claims = readClaims()
  const kept = new Map<string, Pick<CustomerFacts, 'recentSends' | 'slot'>>()
  const results = new Map<string, number>()
  const granted = new Map<string, number>()
  const claimed = new Map<string, number>()
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1)

  for (const [index, { user, merchant, coupon, atMs }] of claims.entries()) {
    const merchantId = named('mer', merchant)
    const day = new Date(atMs + BEIJING_MS).toISOString().slice(0, 10)
    const offer = anOffer(`${merchant} ${coupon}`, { merchantId })
    const scene = aScene(`${merchant} ${coupon}`, {
      merchantId,
      offerId: offer.id,
      triggers: [{ type: 'event', eventType: 'qr_scan' }],
      limits: { coolDownS: 86_400, maxAgeS: 300 },
    })
    const trigger = {
      type: 'event',
      user: named('usr', user),
      merchantId,
      atMs,
      eventId: String(index),
      eventType: 'qr_scan',
      timeZone: 'Asia/Shanghai',
    } as const
    const before = kept.get(user) ?? { recentSends: [] }
    const facts = someFacts({
      customer: aCustomer({ ...before, relationships: new Map([[merchantId, aRelationship()]]) }),
      merchants: new Map([
        [merchantId, someMerchant({ scenes: [scene], offers: new Map([[offer.id, offer]]) })],
      ]),
      limits: {
        platformCaps: [{ windowS: 86_400, max: 4 }],
        merchantCaps: [{ windowS: 86_400, max: 2 }],
        kindCaps: {},
        maxPressure: 12,
        slotS: 60,
      },
    })
    count(claimed, `${user} ${coupon} ${day}`)
    for (const outcome of decide(candidatesOf([scene], [trigger]), facts, NOTHING_SPENT, atMs)) {
      count(results, outcome.kind === 'granted' ? 'granted' : outcome.reason)
      if (outcome.kind === 'suppressed') continue
      const messageId = named('msg', String(index))
      const send = { atMs, merchantId, sceneId: scene.id, messageId, kind: 'offer' } as const
      kept.set(user, {
        recentSends: withSend(before.recentSends, send),
        slot: { atMs, messageId, score: outcome.score },
      })
      count(granted, `${user} ${coupon} ${day}`)
    }
  }

  const most = (map: Map<string, number>) => Math.max(...map.values())
  console.log(
    `${claims.length} claims, ${new Set(claims.map(({ user }) => user)).size} people;`,
    [...results]
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, n]) => `${name} ${n}`)
      .join(', '),
  )
  console.log(`the same coupon in a day: claimed ${most(claimed)} times at most, granted ${most(granted)}`)
  expect(most(claimed)).toBeGreaterThan(20)
  expect(most(granted)).toBe(1)
  for (const { recentSends } of kept.values()) {
    for (const { atMs } of recentSends) {
      const day = recentSends.filter((one) => one.atMs >= atMs && one.atMs < atMs + 24 * HOUR)
      expect(day.length).toBeLessThanOrEqual(4)
    }
  }
}, 600_000)
