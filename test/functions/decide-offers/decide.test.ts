import { beforeEach, describe, expect, it } from 'vitest'
import type { AudienceRule } from '#shared/domain/customers/audience.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import {
  aDeviceItem,
  anOffer,
  aProfileItem,
  aRelationship,
  aRelationshipItem,
  aScene,
  aTombstone,
  aVisitor,
  CAFE,
  DAY,
  HOUR,
  MINUTE,
  named,
  SECOND,
  T0,
} from '#test/support/builders.ts'

const { stored, deliver, deliverRemoval, queues, queuedOn, clock } = await startDecideOffers()

const coffee = anOffer('coffee', { stock: 5 })
const greet = aScene('greet', { offerId: coffee.id, limits: { coolDownS: 3600, maxAgeS: 300 } })
const bye = aScene('bye', {
  triggers: [{ type: 'enter' }, { type: 'exit' }],
  merchantId: named('mer', 'bar'),
})
const paused = aScene('paused', { state: 'paused', merchantId: named('mer', 'pause') })
const scan = aScene('scan', {
  merchantId: named('mer', 'scan'),
  triggers: [{ type: 'event', eventType: 'qr_scan' }],
  message: { sms: { body: 'Thanks' }, ttlS: 600 },
})
const rare = anOffer('rare', { stock: 0, merchantId: named('mer', 'rare') })
const rarely = aScene('rarely', { offerId: rare.id, merchantId: rare.merchantId })
await stored.putScenes([greet, bye, paused, scan, rarely], [coffee, rare])

let customers = 0
/** A customer with consent to push and an Android phone. */
const newCustomer = async (profile: Parameters<typeof aProfileItem>[1] = {}): Promise<UserId> => {
  customers += 1
  const user = named('usr', `customer ${customers}`)
  await stored.putLedger(aProfileItem(user, profile), aDeviceItem(user, 'pixel'))
  return user
}
const enter = (user: UserId, rest: Parameters<typeof newsOf>[1]['transitions'] = [{}]) =>
  newsOf(user, { transitions: rest.map((one) => ({ visitId: named('vis', `${user} first`), ...one })) })
const itemsOf = async (user: UserId, kind: string) =>
  (await stored.ledgerItems(kind)).filter((item) => item['user'] === user)
const resultsOf = async (user: UserId) =>
  (await itemsOf(user, 'trace')).flatMap(
    (trace) => trace['outcomes'] as { result: string; sceneId: string }[],
  )

beforeEach(() => {
  clock.nowMs = T0
  queues.taken()
})

describe('an enter that reaches a scene', () => {
  it('is granted whole: grant, message, stock, cap, code, counters, trace; and the message is queued', async () => {
    const user = await newCustomer()
    const before = await stored.stockOf(coffee.id)
    const counted = (await stored.countsOf(greet.id))['granted'] ?? 0
    expect(await deliver(enter(user))).toEqual([])

    const [grant] = await itemsOf(user, 'grant')
    const [message] = await itemsOf(user, 'message')
    expect(grant).toMatchObject({
      state: 'reserved',
      merchantId: CAFE,
      sceneId: greet.id,
      offerId: coffee.id,
      offerName: 'coffee',
      stockShard: 0,
      code: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/),
      grantedAt: new Date(T0).toISOString(),
      validUntil: new Date(T0 + DAY).toISOString(),
      messageId: message?.['messageId'],
    })
    expect(message).toMatchObject({
      state: 'queued',
      channel: 'push',
      content: { push: { title: 'Hello', body: 'Come in: greet' } },
      createdAtMs: T0,
      expiresAtMs: T0 + 600 * SECOND,
      duePk: expect.stringMatching(/^DUE#2026-05-01T17#[01]$/),
    })
    expect(await stored.ledgerItem(`U#${user}`, 'PROFILE')).toMatchObject({
      version: 2,
      recentSends: [{ atMs: T0, merchantId: CAFE, sceneId: greet.id, messageId: message?.['messageId'] }],
    })
    expect(await stored.stockOf(coffee.id)).toEqual({
      free: before.free - 1,
      reserved: before.reserved + 1,
      confirmed: 0,
    })
    expect((await stored.countsOf(greet.id))['granted']).toBe(counted + 1)
    expect(await resultsOf(user)).toMatchObject([{ sceneId: greet.id, trigger: 'enter', result: 'granted' }])
    const codes = (await stored.ledgerItems('code')).filter((item) => item['user'] === user)
    expect(codes).toMatchObject([{ grantId: grant?.['grantId'], merchantId: CAFE }])
    expect(queuedOn('push')).toMatchObject([{ body: { user, messageId: message?.['messageId'] } }])
  })

  it('delivered again, queues the same message again and grants nothing more', async () => {
    const user = await newCustomer()
    await deliver(enter(user))
    const first = queuedOn('push')
    await deliver(enter(user))
    expect(queuedOn('push')).toEqual(first)
    expect(await itemsOf(user, 'grant')).toHaveLength(1)
    expect(await itemsOf(user, 'trace')).toHaveLength(1)
    expect(await stored.ledgerItem(`U#${user}`, 'PROFILE')).toMatchObject({ version: 2 })
  })

  it('is not lost when the queue does not answer: the record fails and comes again', async () => {
    const user = await newCustomer()
    queues.breakDown(3)
    expect(await deliver(enter(user))).toEqual(['1000'])
    expect(await itemsOf(user, 'message')).toHaveLength(1)
    expect(await deliver(enter(user))).toEqual([])
    expect(queuedOn('push')).toHaveLength(1)
    expect(await itemsOf(user, 'grant')).toHaveLength(1)
  })

  it('stops a batch at the record that fails', async () => {
    const user = await newCustomer()
    const unreadable = { ...enter(user), pk: 'U#nobody' }
    expect(await deliver(enter(user), unreadable, enter(await newCustomer()))).toEqual(['1001'])
    expect(await stored.ledgerItems('message')).not.toHaveLength(0)
  })

  it('sends the code with an SMS, and puts it on the SMS queue', async () => {
    const offer = anOffer('sms coffee', { merchantId: named('mer', 'sms') })
    const scene = aScene('by sms', {
      merchantId: offer.merchantId,
      offerId: offer.id,
      message: { sms: { body: 'Coffee?' }, ttlS: 600 },
    })
    await stored.putScenes([scene], [offer])
    const user = await newCustomer({
      phoneNumber: '+14155550100',
      consents: { sms: { [offer.merchantId]: { granted: true } } },
    })
    await deliver(enter(user, [{ merchantId: offer.merchantId }]))
    const [grant] = await itemsOf(user, 'grant')
    expect(await itemsOf(user, 'message')).toMatchObject([
      { channel: 'sms', content: { sms: { body: 'Coffee?', code: grant?.['code'] } } },
    ])
    expect(queuedOn('sms')).toHaveLength(1)
  })

  it('is worded in the language of the phone, and as SMS in the customer’s', async () => {
    const merchantId = named('mer', 'words')
    const words = (text: string) => ({ push: { title: 'Shop', body: text }, sms: { body: text } })
    const message = {
      ...words('Come in'),
      locales: { de: words('Komm rein'), fr: words('Entrez') },
      ttlS: 600,
    }
    await stored.putScenes([aScene('words', { merchantId, message })])
    const user = await newCustomer({ preferences: { locale: 'fr' } })
    await stored.putLedger(aDeviceItem(user, 'pixel', { locale: 'de-CH-1996' }))
    await deliver(enter(user, [{ merchantId }]))
    expect(await itemsOf(user, 'message')).toMatchObject([
      { channel: 'push', content: { push: { body: 'Komm rein' }, sms: { body: 'Entrez' } } },
    ])
  })
})

describe('a refusal', () => {
  it.each([
    ['consent', { consents: {} }, {}],
    ['sceneState', {}, { merchantId: paused.merchantId }],
    ['soldOut', {}, { merchantId: rarely.merchantId }],
    ['stale', {}, { atMs: T0 - 301 * SECOND }],
    [
      'platformCap',
      {
        recentSends: [1, 2, 3, 4].map((hours) => ({
          atMs: T0 - hours * HOUR,
          merchantId: named('mer', 'x'),
          sceneId: named('scn', 'x'),
          messageId: named('msg', String(hours)),
        })),
      },
      {},
    ],
    [
      'coolDown',
      {
        recentSends: [
          { atMs: T0 - MINUTE, merchantId: CAFE, sceneId: greet.id, messageId: named('msg', 'before') },
        ],
      },
      {},
    ],
  ] as const)('for %s is explained, counted once and sends nothing', async (reason, profile, transition) => {
    const user = await newCustomer(profile)
    const scene = [greet, paused, rarely].find(
      ({ merchantId }) => merchantId === ('merchantId' in transition ? transition.merchantId : CAFE),
    )
    const name = `suppressed_${reason}`
    const counted = (await stored.countsOf(scene?.id ?? ''))[name] ?? 0
    await deliver(enter(user, [transition]))
    await deliver(enter(user, [transition]))
    expect(await resultsOf(user)).toMatchObject([{ sceneId: scene?.id, result: reason }])
    expect((await stored.countsOf(scene?.id ?? ''))[name]).toBe(counted + 1)
    expect(await itemsOf(user, 'grant')).toEqual([])
    expect(queuedOn('push')).toEqual([])
  })

  it('for noChannel is explained: consent, but no phone that a platform reaches', async () => {
    const user = named('usr', 'without phone')
    await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'off', { enabled: false }))
    await stored.putLedger(aDeviceItem(user, 'sandbox', { platform: 'apns-sandbox' }))
    await deliver(enter(user))
    expect(await resultsOf(user)).toMatchObject([{ result: 'noChannel' }])
  })

  it('for an occasion that was used: the exit of a visit whose enter was granted', async () => {
    const user = await newCustomer()
    await deliver(enter(user, [{ merchantId: bye.merchantId }]))
    expect(queuedOn('push')).toHaveLength(1)
    clock.advance(MINUTE)
    await deliver(enter(user, [{ merchantId: bye.merchantId, type: 'exit', atMs: T0 + MINUTE }]))
    expect(queuedOn('push')).toEqual([])
    expect((await resultsOf(user)).map((one) => one.result).toSorted()).toEqual(['granted', 'occasionUsed'])
    expect(await itemsOf(user, 'grant')).toHaveLength(1)
  })

  it('for a customer without a profile is explained', async () => {
    const user = named('usr', 'stranger')
    await deliver(enter(user))
    expect(await resultsOf(user)).toMatchObject([{ result: 'consent' }])
  })
})

describe('nothing at all', () => {
  it('comes of an erased customer', async () => {
    const user = named('usr', 'erased')
    await stored.putLedger(aTombstone({ pk: `U#${user}`, sk: 'PROFILE' }), aDeviceItem(user, 'pixel'))
    expect(await deliver(enter(user, [{}, { type: 'exit', atMs: T0 + MINUTE }]))).toEqual([])
    expect(await itemsOf(user, 'trace')).toEqual([])
    expect(await itemsOf(user, 'grant')).toEqual([])
    expect(queues.taken()).toEqual([])
  })

  it('comes of a removal, or of a merchant without scenes', async () => {
    expect(await deliverRemoval({ pk: 'U#x' }, 'somebody')).toEqual([])
    const user = await newCustomer()
    expect(await deliver(enter(user, [{ merchantId: named('mer', 'empty') }]))).toEqual([])
    expect(await itemsOf(user, 'trace')).toEqual([])
  })
})

describe('an app event', () => {
  const scanned = (user: UserId, eventId: string) => ({
    pk: `U#${user}`,
    sk: `EVENT#${eventId}`,
    kind: 'event',
    triggerKind: 'event',
    user,
    eventId,
    type: 'qr_scan',
    at: new Date(T0).toISOString(),
    receivedAt: new Date(T0).toISOString(),
    merchantId: scan.merchantId,
  })

  it('is granted once, however often it comes', async () => {
    const user = await newCustomer({
      phoneNumber: '+14155550100',
      phoneCountry: 'GB',
      consents: { sms: { [scan.merchantId]: { granted: true } } },
    })
    await deliver(scanned(user, 'e-1'))
    await deliver(scanned(user, 'e-1'))
    expect(await itemsOf(user, 'grant')).toMatchObject([{ occasion: 'event:e-1' }])
    const [first, again, ...more] = queuedOn('sms')
    expect(first).toEqual(again)
    expect(more).toEqual([])
  })
})

describe('several scenes', () => {
  it('yield one message; the others are outranked', async () => {
    const merchantId = named('mer', 'many')
    const many = Array.from({ length: 100 }, (_, index) =>
      aScene(`many ${index}`, { merchantId, priority: index }),
    )
    await stored.putScenes(many)
    const user = await newCustomer()
    await deliver(enter(user, [{ merchantId }]))
    const results = (await resultsOf(user)).map((one) => one.result)
    expect(results).toHaveLength(100)
    expect(results.filter((result) => result === 'granted')).toHaveLength(1)
    expect(await itemsOf(user, 'grant')).toMatchObject([{ sceneId: many.at(-1)?.id }])
    expect(queuedOn('push')).toHaveLength(1)
  })

  it('a new scene counts as soon as its merchant’s version says so', async () => {
    const merchantId = named('mer', 'fresh')
    const user = await newCustomer()
    await deliver(enter(user, [{ merchantId }]))
    await stored.putScenes([aScene('fresh', { merchantId })])
    await deliver(enter(user, [{ merchantId, visitId: named('vis', 'fresh visit') }]))
    expect(await itemsOf(user, 'grant')).toHaveLength(1)
  })
})

describe('a geofence that a competitor has drawn around a shop', () => {
  const rival = named('mer', 'rival')
  /** Everything that the shop knows of its regular, and the competitor would like to. */
  const regular = aRelationship({
    visits: { ...aVisitor(T0 - DAY).visits, count: 12 },
    spend: { EUR: { count: 9, totalMinor: 9000, lastMinor: 1000, lastAtMs: T0 - DAY } },
    redemptions: { count: 3, trials: 0, discounts: 3 },
    ratings: { count: 1, sum: 5, last: 5 },
    tags: ['vip'],
    preferences: { milk: { value: 'oat', source: 'staff', atMs: T0 - DAY } },
  })
  const audiences: readonly AudienceRule[] = [
    { type: 'segment', segment: 'returning' },
    { type: 'visitCount', atLeast: 1 },
    { type: 'daysSinceVisit', atMost: 30 },
    { type: 'spend', measure: 'total', currency: 'EUR', atLeast: 1 },
    { type: 'purchaseCount', atLeast: 1 },
    { type: 'redemptionCount', atLeast: 1 },
    { type: 'rating', measure: 'count', atLeast: 1 },
    { type: 'tag', tag: 'vip' },
    { type: 'preference', name: 'milk', oneOf: ['oat'] },
  ]
  const resultFor = async (audience: AudienceRule, known: typeof regular, merchantId: MerchantId) => {
    const scene = aScene('poach', { merchantId: rival, audience })
    await stored.putScenes([scene])
    const user = await newCustomer()
    await stored.putLedger(aRelationshipItem(user, known, { merchantId }))
    await deliver(enter(user, [{ merchantId: rival, geofenceId: named('gf', 'around the shop') }]))
    return (await resultsOf(user)).map(({ result }) => result)
  }

  it.each(audiences)(
    'reaches none of the shop’s customers by what the shop knows of them: %j',
    async (audience) => {
      expect(await resultFor(audience, regular, CAFE)).toEqual(['audience'])
      // It is what the competitor knows itself that counts.
      expect(await resultFor(audience, regular, rival)).toEqual(['granted'])
    },
  )

  it('tells by nobody’s absence, either, whose customer somebody is', async () => {
    const notVip: AudienceRule = { not: { type: 'tag', tag: 'vip' } }
    expect(await resultFor(notVip, regular, CAFE)).toEqual(await resultFor(notVip, aRelationship(), CAFE))
    expect(await resultFor(notVip, regular, rival)).toEqual(['audience'])
  })
})
