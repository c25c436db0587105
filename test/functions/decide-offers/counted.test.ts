import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEventRecords } from '#shared/adapters/dynamodb/customers/event-records.ts'
import { createGrantRecords } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import { createMessageStore, type Ending } from '#shared/adapters/dynamodb/ledger/message-store.ts'
import { parseExposure } from '#shared/contracts/items/exposure.ts'
import { proveCounters, recount } from '#shared/contracts/items/recount.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import { creditOf } from '#shared/domain/loop/credit.ts'
import type { Exposure } from '#shared/domain/loop/exposure.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import {
  aDeviceItem,
  anOffer,
  aProfileItem,
  aScene,
  aVisit,
  CAFE,
  DAY,
  HOUR,
  MINUTE,
  named,
  T0,
} from '#test/support/builders.ts'
import { dueStoreOf } from '#test/support/due-store.ts'

const { stored, deliver, clock, tables } = await startDecideOffers({ PLATFORM_CAP_PER_DAY: '50' })
const ledger = { client: tables.client, ledger: tables.ledger }
const events = createEventRecords(ledger, 2)
const grants = createGrantRecords(ledger, 2)
const messages = createMessageStore(tables.client, tables.ledger, 2)
const [NORTH, SOUTH] = [named('sto', 'north'), named('sto', 'south')]

let customers = 0
const newCustomer = async (): Promise<UserId> => {
  customers += 1
  const user = named('usr', `counted ${customers}`)
  await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'pixel'))
  return user
}
const enter = (user: UserId, visit: string, rest: object = {}) =>
  deliver(
    newsOf(user, {
      transitions: [
        {
          visitId: named('vis', visit),
          atMs: clock.nowMs,
          enteredAtMs: clock.nowMs,
          storeId: NORTH,
          ...rest,
        },
      ],
    }),
  )
const settle = (user: UserId, enteredAtMs: number, rest: object = {}) =>
  deliver(
    newsOf(user, {
      settled: [
        aVisit('told', {
          enteredAtMs,
          lastInsideAtMs: enteredAtMs + 10 * MINUTE,
          exitedAtMs: enteredAtMs + 10 * MINUTE,
          storeId: NORTH,
          ...rest,
        }),
      ],
    }),
  )
const mine = async (user: UserId, kind: string) =>
  (await stored.ledgerItems(kind)).filter((item) => item['user'] === user)
const exposuresOf = async (user: UserId): Promise<Exposure[]> =>
  (await mine(user, 'exposure')).map(parseExposure)
const SENT: Ending = { state: 'sent', snsMessageId: 'sns' }
/** Ends all messages that wait, as send-messages does. */
const finishAll = async (user: UserId, ending: Ending = SENT): Promise<void> => {
  for (const { messageId } of await exposuresOf(user)) {
    const read = messageId && (await messages.read(user, messageId)).message
    if (!read || read === 'unreadable' || read.state !== 'queued') continue
    const untilMs = clock.nowMs + MINUTE
    if (!(await messages.lease(read, untilMs))) continue
    await messages.finish({ ...read, state: 'sending', leaseUntilMs: untilMs }, ending, clock.nowMs)
  }
}
const event = (eventId: string, type: 'purchase' | 'rating' | 'share', atMs: number, properties = {}) => ({
  eventId,
  type,
  at: new Date(atMs).toISOString(),
  merchantId: CAFE,
  storeId: SOUTH,
  properties,
})
const proof = async () => proveCounters(await tables.allOf(tables.ledger), clock.nowMs)

const coupon = anOffer('counted', { stock: 1000, costCents: 250, validityS: 30 * 86_400 })
const greet = aScene('counted', { offerId: coupon.id })
const HELD = aScene('held', {
  merchantId: named('mer', 'bar'),
  limits: { coolDownS: 3600, maxAgeS: 300 },
  experiment: { holdoutPercent: 100, salt: 'all' },
})
await stored.putScenes([greet, HELD], [coupon])

describe('from the ping to the next message', () => {
  it('one correlation id survives, and each stage is counted once, on the day of the message', async () => {
    clock.nowMs = T0
    const user = await newCustomer()
    await enter(user, 'first')
    await finishAll(user)
    const [before] = await exposuresOf(user)
    if (before === undefined) throw new Error('nothing granted')
    const [grant] = await mine(user, 'grant')
    const { correlationId, grantId } = before
    clock.advance(HOUR)
    expect(await grants.claim(user, grantId, 'opened', clock.nowMs)).toBe('confirmed')
    expect(await grants.claim(user, grantId, 'opened', clock.nowMs)).toBe('confirmed')
    await settle(user, T0 + 2 * HOUR)
    await settle(user, T0 + 2 * HOUR)
    clock.advance(DAY)
    const shown = { kind: 'code', code: String(grant?.['code']).replace('-', '') } as const
    const request = { shown, merchantId: CAFE, storeId: SOUTH, member: named('usr', 'staff') }
    expect((await grants.redeem(request, clock.nowMs)).kind).toBe('redeemed')
    expect((await grants.redeem(request, clock.nowMs)).kind).toBe('already')
    const bought = event('one', 'purchase', clock.nowMs, { amountMinor: 1290, currency: 'EUR' })
    expect(await events.save(user, [bought], clock.nowMs)).toBe(1)
    expect(await events.save(user, [bought], clock.nowMs)).toBe(0)

    for (const kind of ['trace', 'grant', 'message', 'visit', 'event', 'exposure']) {
      const [item] = await mine(user, kind)
      expect([
        kind,
        item?.['correlationId'] ?? item?.['decisionId'] ?? String(item?.['sk']).split('#')[2],
      ]).toEqual([kind, correlationId])
    }
    const key = [...recount(await tables.allOf(tables.ledger)).keys()].find((name) =>
      name.endsWith(`COUNT#2026-05-01#${NORTH}#treated`),
    )
    const [pk = '', sk = ''] = key?.split(' ') ?? []
    expect(await stored.ledgerItem(pk, sk)).toEqual({
      pk,
      sk,
      kind: 'count',
      triggered: 1,
      granted: 1,
      sent: 1,
      opened: 1,
      reached_opened: 1,
      reached_claimed: 1,
      visited: 1,
      reached_visited: 1,
      newCustomers: 1,
      redeemed: 1,
      reached_redeemed: 1,
      acted: 1,
      offerCents: 250,
      purchased: 1,
      reached_purchased: 1,
      purchases: 1,
      revenue_EUR: 1290,
    })
    const stores = (await stored.ledgerItems('count')).filter(({ pk }) => String(pk).startsWith('STORE#'))
    expect(stores.find(({ pk }) => String(pk).includes(NORTH))).toMatchObject({
      sk: 'COUNT#2026-05-01',
      entered: 1,
      reachable: 1,
      exposed: 1,
      acted: 1,
      newCustomers: 1,
    })
    expect(stores.find(({ pk }) => String(pk).includes(SOUTH))).toMatchObject({
      sk: 'COUNT#2026-05-02',
      redemptions: 1,
      purchases: 1,
      revenue_EUR: 1290,
    })
    expect((await proof()).differences).toEqual([])
  })
})

describe('a claim', () => {
  it('after the message was opened counts as a stage of its own, once, and makes the customer known', async () => {
    clock.nowMs = T0
    const user = await newCustomer()
    await enter(user, 'claims')
    const [given] = await exposuresOf(user)
    if (given === undefined) throw new Error('nothing granted')
    const actedAt = async () => (await stored.ledgerItem(`U#${user}`, `M#${CAFE}`))?.['actedAt']
    await grants.claim(user, given.grantId, 'opened', clock.nowMs)
    expect(await actedAt()).toBeUndefined()
    const claims = [1, 2, 3].map(() => grants.claim(user, given.grantId, 'claimed', clock.nowMs))
    expect(await Promise.all(claims)).toEqual(['confirmed', 'confirmed', 'confirmed'])
    expect(await actedAt()).toBe(new Date(T0).toISOString())
    expect((await exposuresOf(user))[0]?.stages).toEqual({ opened: T0, claimed: T0 })
    expect((await proof()).differences).toEqual([])
  })
})

describe('who comes back', () => {
  const merchantId = named('mer', 'deals')
  const trial = anOffer('trial', { merchantId, kind: 'trial', validityS: 30 * 86_400 })
  const buy = (user: UserId, eventId: string, storeId = SOUTH) =>
    events.save(
      user,
      [
        {
          ...event(eventId, 'purchase', clock.nowMs, { amountMinor: 5, currency: 'EUR' }),
          merchantId,
          storeId,
        },
      ],
      clock.nowMs,
    )
  const deals = async () => {
    const items = await stored.ledgerItems('count')
    const own = items.filter(({ pk }) => String(pk).startsWith(`STORE#${merchantId}#`))
    const sum = (name: string, day: string) =>
      own.reduce((total, item) => total + (item['sk'] === `COUNT#${day}` ? Number(item[name] ?? 0) : 0), 0)
    return Object.fromEntries(
      ['firstDeals', 'firstDealsOfTrials', 'secondDeals', 'secondDealsOfTrials'].map((name) => [
        name,
        [sum(name, '2026-05-01'), sum(name, '2026-05-02')],
      ]),
    )
  }

  it('is counted once, on the day of the first deal, also when two second ones come at once', async () => {
    clock.nowMs = T0
    await stored.putScenes([aScene('trial', { merchantId, offerId: trial.id })], [trial])
    const [taster, buyer, never] = await Promise.all([newCustomer(), newCustomer(), newCustomer()])
    await enter(taster, 'trial', { merchantId })
    const [grant] = await mine(taster, 'grant')
    const code = String(grant?.['code']).replace('-', '')
    const redeem = () =>
      grants.redeem({ shown: { kind: 'code', code }, merchantId, member: taster }, clock.nowMs)
    expect((await redeem()).kind).toBe('redeemed')
    expect((await redeem()).kind).toBe('already')
    // The same day's purchase is part of the first deal.
    await Promise.all([buy(taster, 'same day'), buy(buyer, 'first'), buy(never, 'only')])
    clock.advance(DAY)
    await Promise.all([buy(taster, 'a'), buy(taster, 'b', NORTH), buy(buyer, 'c'), buy(buyer, 'c')])
    await buy(taster, 'd')
    expect(await deals()).toEqual({
      firstDeals: [3, 0],
      firstDealsOfTrials: [1, 0],
      secondDeals: [2, 0],
      secondDealsOfTrials: [1, 0],
    })
    expect((await proof()).differences).toEqual([])
  })

  it('is known when first and second are told together, with as many events as one request holds', async () => {
    clock.nowMs = T0
    const user = await newCustomer()
    const bought = Array.from({ length: 25 }, (_, day) => ({
      ...event(`${day}`, 'purchase', T0 + day * DAY, { amountMinor: 5, currency: 'EUR' }),
      merchantId,
      storeId: named('sto', `${day}`),
    }))
    expect(await events.save(user, bought.toReversed(), T0 + 25 * DAY)).toBe(25)
    const all = [...recount(await mine(user, 'event')).entries()].filter(([name]) =>
      name.includes(merchantId),
    )
    expect(all.map(([, counts]) => counts)).toEqual([{ firstDeals: 1, secondDeals: 1 }])
    clock.nowMs = T0 + 25 * DAY
    expect((await proof()).differences).toEqual([])
  })
})

describe('what is done at the same moment', () => {
  const ROUNDS = 5
  const SHOPS = [named('mer', 'left shop'), named('mer', 'right shop')] as const
  const offers = SHOPS.map((merchantId) =>
    anOffer(`of ${merchantId}`, { merchantId, stock: 1000, validityS: 30 * 86_400 }),
  )
  const scenesOf = () =>
    offers.map(({ id, merchantId }) => aScene(`of ${merchantId}`, { merchantId, offerId: id }))
  /** A customer to whom each shop has sent two messages, an hour apart, and a third that never went out. */
  const newReader = async (): Promise<UserId> => {
    clock.nowMs = T0
    const user = await newCustomer()
    const enterBoth = async (round: string): Promise<void> => {
      for (const merchantId of SHOPS)
        await enter(user, round, { merchantId, geofenceId: named('gf', merchantId) })
    }
    for (const round of ['first', 'second']) {
      await enterBoth(round)
      clock.advance(MINUTE)
      await finishAll(user)
      clock.advance(HOUR)
    }
    await enterBoth('unsent')
    clock.advance(HOUR)
    return user
  }
  const lastSentOf = async (user: UserId, merchantId: MerchantId) =>
    (await exposuresOf(user))
      .filter((one) => one.merchantId === merchantId && one.sentAtMs !== undefined)
      .toSorted((a, b) => (b.sentAtMs ?? 0) - (a.sentAtMs ?? 0))
      .map(({ grantId }) => grantId)[0]
  const bought = (merchantId: MerchantId, eventId: string) => ({
    ...event(eventId, 'purchase', clock.nowMs, { amountMinor: 500, currency: 'EUR' }),
    merchantId,
    storeId: named('sto', merchantId),
  })
  const creditsOf = async (user: UserId) =>
    (await mine(user, 'event')).map(({ eventId, credited }) => [eventId, credited])
  const purchasedOf = async (user: UserId) =>
    (await exposuresOf(user)).filter(({ stages }) => stages.purchased !== undefined).map((one) => one.grantId)

  it('with two merchants is credited to each one’s own last message, together in one request or apart', async () => {
    await stored.putScenes(scenesOf(), offers)
    for (let round = 0; round < ROUNDS; round++) {
      const user = await newReader()
      const [left, right] = await Promise.all(SHOPS.map((merchantId) => lastSentOf(user, merchantId)))
      const [inLeft, inRight] = SHOPS.map((merchantId) => bought(merchantId, `at ${merchantId}`))
      if (left === undefined || right === undefined || !inLeft || !inRight) throw new Error('nothing sent')
      const together = [inLeft, inRight]
      await Promise.all([
        events.save(user, [inLeft], clock.nowMs),
        events.save(user, [inRight], clock.nowMs),
        events.save(user, together, clock.nowMs),
      ])
      expect(await creditsOf(user)).toEqual(
        expect.arrayContaining([
          [inLeft.eventId, left],
          [inRight.eventId, right],
        ]),
      )
      expect(await mine(user, 'event')).toHaveLength(2)
      expect((await purchasedOf(user)).toSorted()).toEqual([left, right].toSorted())
    }
    for (const { id } of scenesOf())
      expect(await stored.countsOf(id)).toMatchObject({ purchased: ROUNDS, purchases: ROUNDS })
    expect((await proof()).differences).toEqual([])
  })

  it('twice with one merchant is credited to its last message, which counts the stage once and the money twice', async () => {
    const [merchantId] = SHOPS
    const [scene, otherScene] = scenesOf()
    if (scene === undefined || otherScene === undefined) throw new Error('no scenes')
    const before = await stored.countsOf(scene.id)
    const untouched = await stored.countsOf(otherScene.id)
    for (let round = 0; round < ROUNDS; round++) {
      const user = await newReader()
      const last = await lastSentOf(user, merchantId)
      const grant = (await mine(user, 'grant')).find(({ grantId }) => grantId === last)
      const shown = { kind: 'code', code: String(grant?.['code']).replace('-', '') } as const
      await Promise.all([
        events.save(user, [bought(merchantId, 'one')], clock.nowMs),
        events.save(user, [bought(merchantId, 'two')], clock.nowMs),
        grants.redeem({ shown, merchantId, member: user }, clock.nowMs),
        settle(user, clock.nowMs - 20 * MINUTE, { merchantId }),
      ])
      expect((await creditsOf(user)).toSorted()).toEqual([
        ['one', last],
        ['two', last],
      ])
      expect(await purchasedOf(user)).toEqual([last])
      const stages = (await exposuresOf(user)).find(({ grantId }) => grantId === last)?.stages
      expect(Object.keys(stages ?? {}).toSorted()).toEqual(['purchased', 'redeemed', 'visited'])
    }
    const after = await stored.countsOf(scene.id)
    const more = (name: string) => (after[name] ?? 0) - (before[name] ?? 0)
    expect(['purchased', 'purchases', 'revenue_EUR', 'redeemed', 'visited'].map(more)).toEqual([
      ROUNDS,
      2 * ROUNDS,
      2 * 500 * ROUNDS,
      ROUNDS,
      ROUNDS,
    ])
    expect((await stored.countsOf(otherScene.id))['purchases']).toBe(untouched['purchases'])
    expect((await proof()).differences).toEqual([])
  })
})

describe('a chain of events', () => {
  const due = dueStoreOf(tables, 2)
  /** Raises what is due for a customer, as the minute schedule does, and delivers it. */
  const sweep = async (user: UserId): Promise<void> => {
    const hour = new Date(clock.nowMs).toISOString().slice(0, 13)
    for (const shard of [0, 1]) {
      const { items } = await due.dueIn(hour, shard, clock.nowMs, undefined)
      for (const item of items)
        if (item.kind === 'relationship' && item.user === user) await due.raiseOccasions(item, clock.nowMs)
    }
    const raised = (await mine(user, 'event')).filter(({ triggerKind }) => triggerKind === 'due')
    expect(await deliver(...raised)).toEqual([])
  }

  it('goes on from a redemption to the message that follows it, and ends with a visit that none has brought', async () => {
    clock.nowMs = T0
    const merchantId = named('mer', 'chain')
    const offer = anOffer('chain', { merchantId, validityS: 30 * 86_400 })
    const first = aScene('chain first', { merchantId, offerId: offer.id })
    const after = { type: 'due', plan: { kind: 'afterRedemption', delayS: 3600 } } as const
    const next = aScene('chain next', { merchantId, triggers: [after], attributionDays: 1 })
    await stored.putScenes([first, next], [offer])
    const user = await newCustomer()
    // Where the customer was last says whose lawful hours hold.
    await settle(user, T0 - 3 * HOUR, { merchantId })
    await enter(user, 'chain', { merchantId })
    await finishAll(user)
    const [grant] = await mine(user, 'grant')
    clock.advance(MINUTE)
    const code = String(grant?.['code']).replace('-', '')
    expect(
      (await grants.redeem({ shown: { kind: 'code', code }, merchantId, member: user }, clock.nowMs)).kind,
    ).toBe('redeemed')
    // The first look finds when the next occasion is.
    await sweep(user)
    clock.advance(HOUR)
    await sweep(user)
    const told = await exposuresOf(user)
    expect(told.map(({ sceneId, correlationId }) => [sceneId, correlationId])).toEqual(
      expect.arrayContaining([
        [first.id, grant?.['correlationId']],
        [next.id, grant?.['correlationId']],
      ]),
    )
    clock.advance(30 * DAY)
    await settle(user, clock.nowMs - HOUR, { merchantId })
    const relationship = await stored.ledgerItem(`U#${user}`, `M#${merchantId}`)
    expect(relationship?.['known']).not.toHaveProperty('correlationId')
  })
})

describe('a held-out customer', () => {
  it('is exposed to nothing, as often as others are to a message; a visit is kept for comparison', async () => {
    clock.nowMs = T0
    const user = await newCustomer()
    const merchantId = HELD.merchantId
    await enter(user, 'one', { merchantId })
    await enter(user, 'one', { merchantId })
    clock.advance(HOUR / 2)
    await enter(user, 'two', { merchantId })
    clock.advance(HOUR)
    await enter(user, 'three', { merchantId })
    expect(await mine(user, 'grant')).toEqual([])
    expect((await exposuresOf(user)).map(({ arm, atMs }) => [arm, atMs - T0])).toEqual([
      ['holdout', 0],
      ['holdout', 1.5 * HOUR],
    ])
    await settle(user, T0 + 2 * HOUR, { merchantId })
    const counts = await stored.countsOf(HELD.id)
    expect(counts).toEqual({
      triggered: 3,
      suppressed_holdout: 3,
      heldOut: 2,
      visited: 1,
      reached_opened: 1,
      reached_claimed: 1,
      reached_visited: 1,
      newCustomers: 1,
    })
    expect((await proof()).differences).toEqual([])
  })

  it('is not exposed by what would have been silent without the experiment', async () => {
    clock.nowMs = T0
    const user = await newCustomer()
    await stored.putLedger({ ...aDeviceItem(user, 'pixel'), enabled: false })
    await enter(user, 'unreachable', { merchantId: HELD.merchantId })
    expect(await exposuresOf(user)).toEqual([])
  })
})

type Act =
  | { readonly do: 'enter' | 'finish' | 'fail' | 'settle' | 'open' | 'claim' | 'redeem' }
  | { readonly do: 'purchase' | 'rating' | 'share' }
const acts = fc.array(
  fc.record({
    who: fc.nat({ max: 1 }),
    do: fc.constantFrom<Act['do']>(
      'enter',
      'enter',
      'finish',
      'finish',
      'fail',
      'settle',
      'settle',
      'open',
      'claim',
      'redeem',
      'purchase',
      'rating',
      'share',
    ),
    waitMin: fc.constantFrom(0, 3, 7, 60, 3000),
    times: fc.constantFrom(1, 1, 2),
  }),
  { minLength: 10, maxLength: 25 },
)

describe('whatever customers do, in any order, several at once and each delivered again', () => {
  it('is counted once, to the last message it may come from, and a recount says the same (I11)', async () => {
    let visits = 0
    const mixed = aScene('mixed', { experiment: { holdoutPercent: 40, salt: 'mixed' }, offerId: coupon.id })
    const other = aScene('other', { triggers: [{ type: 'event', eventType: 'share' }] })
    await stored.putScenes([mixed, other])
    await fc.assert(
      fc.asyncProperty(acts, async (all) => {
        clock.nowMs = T0
        const users = await Promise.all([newCustomer(), newCustomer()])
        const perform = async (act: (typeof all)[number], name: string): Promise<unknown> => {
          const user = users[act.who] ?? users[0]
          const [given] = (await exposuresOf(user)).filter(({ arm }) => arm === 'treated').toReversed()
          const nowMs = clock.nowMs
          switch (act.do) {
            case 'enter':
              return enter(user, `mixed ${name} ${user}`)
            case 'finish':
              return finishAll(user)
            case 'fail':
              return finishAll(user, { state: 'failed', reason: 'refused' })
            case 'settle':
              return settle(user, nowMs - 20 * MINUTE + visits++)
            case 'open':
              return given && grants.claim(user, given.grantId, 'opened', nowMs)
            case 'claim':
              return given && grants.claim(user, given.grantId, 'claimed', nowMs)
            case 'redeem': {
              const grant = (await mine(user, 'grant')).find(({ grantId }) => grantId === given?.grantId)
              const code = grant?.['code']
              if (typeof code !== 'string') return undefined
              const shown = { kind: 'code', code: code.replace('-', '') } as const
              const member = named('usr', 'staff')
              return grants.redeem({ shown, merchantId: CAFE, storeId: NORTH, member }, nowMs)
            }
            default:
              return events.save(
                user,
                [event(`${name}`, act.do, nowMs, { amountMinor: 500, currency: 'USD' })],
                nowMs,
              )
          }
        }
        for (const [index, act] of all.entries()) {
          clock.advance(act.waitMin * MINUTE)
          const next = all[(index + 1) % all.length] ?? act
          const together = [
            ...Array.from({ length: act.times }, () => perform(act, `${customers} ${index}`)),
            perform(next, `${customers} ${index + 1}`),
          ]
          await Promise.all(together)
        }
        expect((await proof()).differences).toEqual([])
        for (const user of users) {
          const exposures = await exposuresOf(user)
          for (const kind of ['visit', 'event'])
            for (const item of await mine(user, kind)) {
              const fromMs = kind === 'visit' ? Number(item['enteredAtMs']) : Date.parse(String(item['at']))
              const untilMs = kind === 'visit' ? Number(item['exitedAtMs']) : fromMs
              const { credited } = creditOf(exposures, { fromMs, untilMs })
              expect(item['credited']).toBe(credited)
            }
        }
      }),
      {
        numRuns: Number(process.env['BECKON_RUNS'] ?? 6),
        seed: Number(process.env['BECKON_SEED'] ?? Date.now()),
      },
    )
    const sums = [...recount(await tables.allOf(tables.ledger)).values()]
    const all = (name: string) => sums.reduce((sum, counts) => sum + (counts[name] ?? 0), 0)
    for (const name of ['sent', 'visited', 'purchased', 'exposed', 'acted', 'heldOut'])
      expect([name, all(name) > 0]).toEqual([name, true])
  }, 600_000)
})
