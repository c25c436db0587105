import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { UserId } from '#shared/domain/ids.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import {
  aDeviceItem,
  anOffer,
  aProfileItem,
  aRelationshipItem,
  aScene,
  aVisitor,
  DAY,
  HOUR,
  MINUTE,
  named,
  SAN_FRANCISCO,
  SECOND,
  SQUARE,
  T0,
} from '#test/support/builders.ts'

const { tables, stored, deliver, queues, queuedOn, clock } = await startDecideOffers({ SLOT_S: '60' })

let customers = 0
const newCustomer = async (profile: Parameters<typeof aProfileItem>[1] = {}): Promise<UserId> => {
  customers += 1
  const user = named('usr', `customer ${customers}`)
  await stored.putLedger(aProfileItem(user, profile), aDeviceItem(user, 'pixel'))
  return user
}
let visits = 0
const enter = (user: UserId, merchants: readonly string[], storeId?: ReturnType<typeof named<'sto'>>) =>
  newsOf(user, {
    transitions: merchants.map((name) => {
      visits += 1
      return {
        merchantId: named('mer', name),
        visitId: named('vis', `visit ${visits}`),
        atMs: clock.nowMs,
        ...(storeId && { storeId }),
      }
    }),
  })
const itemsOf = async (user: UserId, kind: string) =>
  (await stored.ledgerItems(kind)).filter((item) => item['user'] === user)
type Traced = { result: string; sceneId: string; score?: number; winnerScore?: number; compared?: object }
const resultsOf = async (user: UserId): Promise<Traced[]> =>
  (await itemsOf(user, 'trace')).flatMap((trace) => trace['outcomes'] as Traced[])

/** A merchant with one scene and one offer. */
const open = async (name: string, offer: Parameters<typeof anOffer>[1] = {}, scene: object = {}) => {
  const given = anOffer(`${name} offer`, { merchantId: named('mer', name), ...offer })
  const own = aScene(`${name} scene`, { merchantId: given.merchantId, offerId: given.id, ...scene })
  await stored.putScenes([own], [given])
  return { offer: given, scene: own }
}

beforeEach(() => {
  clock.nowMs = T0
  queues.taken()
})

describe('the slot', () => {
  it('is won by the best of all merchants that one write reaches; the losers are recorded with both scores', async () => {
    await open('loud', {}, { priority: 90 })
    await open('quiet', {}, { priority: 10 })
    const user = await newCustomer()
    await deliver(enter(user, ['quiet', 'loud']))
    const results = await resultsOf(user)
    expect(results.map(({ result }) => result).toSorted()).toEqual(['granted', 'outranked'])
    const [lost] = results.filter(({ result }) => result === 'outranked')
    expect(lost?.winnerScore).toBeGreaterThan(lost?.score ?? Infinity)
    // Each merchant's own part is listed for it alone.
    const copies = await itemsOf(user, 'merchantTrace')
    expect(copies).toHaveLength(2)
    for (const { outcomes } of copies) expect(outcomes).toHaveLength(1)
  })

  it('keeps later writes back for 60 s, with the score that holds it', async () => {
    await open('first')
    await open('second', {}, { priority: 100 })
    const user = await newCustomer()
    await deliver(enter(user, ['first']))
    clock.advance(59 * SECOND)
    await deliver(enter(user, ['second']))
    clock.advance(SECOND)
    await deliver(enter(user, ['second']))
    expect((await resultsOf(user)).map(({ result }) => result)).toEqual(['granted', 'outranked', 'granted'])
  })

  it('is held by one of two functions that race for it', async () => {
    await open('left')
    await open('right')
    for (let round = 0; round < 10; round++) {
      const user = await newCustomer()
      await Promise.all([deliver(enter(user, ['left'])), deliver(enter(user, ['right']))])
      expect((await resultsOf(user)).map(({ result }) => result).toSorted()).toEqual(['granted', 'outranked'])
    }
  })
})

describe('what is counted beside the stock', () => {
  const tryTwice = async (name: string, offer: Parameters<typeof anOffer>[1]): Promise<string[]> => {
    await open(name, offer)
    const user = await newCustomer()
    await deliver(enter(user, [name], named('sto', 'one')))
    clock.advance(MINUTE)
    await deliver(enter(user, [name], named('sto', 'one')))
    return (await resultsOf(user)).map(({ result }) => result)
  }

  it('is so many for one customer', async () => {
    expect(await tryTwice('once', { perCustomer: 1 })).toEqual(['granted', 'soldOut'])
    expect(await tryTwice('twice', { perCustomer: 2 })).toEqual(['granted', 'granted'])
  })

  it('is what the grant gives back unused: of store and customer, not of the day and the one free trial', async () => {
    const { offer } = await open('kept', { kind: 'trial', perDay: 9, perStore: 9, perCustomer: 9 })
    const user = await newCustomer()
    await deliver(enter(user, ['kept'], named('sto', 'one')))
    expect(await itemsOf(user, 'grant')).toMatchObject([
      {
        tallies: [
          { pk: `OFFER#${offer.id}`, sk: `STORE#${named('sto', 'one')}`, add: { given: 1 } },
          { pk: `U#${user}`, sk: `HELD#${offer.id}`, add: { given: 1 } },
        ],
      },
    ])
  })

  it('is one free trial for a customer and merchant, ever', async () => {
    expect(await tryTwice('trial', { kind: 'trial' })).toEqual(['granted', 'soldOut'])
  })

  it('is so many a day, and at a store', async () => {
    expect(await tryTwice('daily', { perDay: 1 })).toEqual(['granted', 'soldOut'])
    expect(await tryTwice('by store', { perStore: 1 })).toEqual(['granted', 'soldOut'])
    const other = await newCustomer()
    await deliver(enter(other, ['by store'], named('sto', 'two')))
    expect((await resultsOf(other)).map(({ result }) => result)).toEqual(['granted'])
    await deliver(enter(await newCustomer(), ['daily'], named('sto', 'two')))
    clock.advance(14 * HOUR + 10 * HOUR)
    const next = await newCustomer()
    await deliver(enter(next, ['daily']))
    expect((await resultsOf(next)).map(({ result }) => result)).toEqual(['granted'])
  })

  it('never exceeds what there is, however many come at once', async () => {
    const { offer } = await open('rush', { stock: 100, stockShards: 4, perDay: 7 })
    const users = await Promise.all(Array.from({ length: 40 }, () => newCustomer()))
    await Promise.all(users.map((user) => deliver(enter(user, ['rush']))))
    expect(await stored.stockOf(offer.id)).toMatchObject({ reserved: 7 })
    const day = await stored.ledgerItem(`OFFER#${offer.id}`, 'DAY#2026-05-01')
    expect(day).toMatchObject({ given: 7 })
  })
})

describe('a merchant', () => {
  const merchantItem = (name: string, rest: object) => ({
    pk: `M#${named('mer', name)}`,
    sk: 'MERCHANT',
    kind: 'merchant',
    id: named('mer', name),
    name,
    revision: 1,
    createdAt: new Date(T0).toISOString(),
    updatedAt: new Date(T0).toISOString(),
    ...rest,
  })

  it('keeps its budget of the day, in messages and in money', async () => {
    await stored.putCatalog(
      merchantItem('thrifty', { budget: { sendsPerDay: 2 } }),
      merchantItem('poor', { budget: { spendCentsPerDay: 250 } }),
    )
    await open('thrifty')
    await open('poor', { costCents: 100 })
    const results: string[] = []
    for (const name of ['thrifty', 'thrifty', 'thrifty', 'poor', 'poor', 'poor']) {
      const user = await newCustomer()
      await deliver(enter(user, [name]))
      results.push(...(await resultsOf(user)).map(({ result }) => result))
    }
    expect(results).toEqual(['granted', 'granted', 'budget', 'granted', 'granted', 'budget'])
  })

  it('has about one message in ten looked at for visits, if it asked for it', async () => {
    await stored.putCatalog(merchantItem('curious', { pauseWithoutVisits: { minSends: 100 } }))
    const { scene } = await open('curious', { stock: 100 })
    await open('careless', { stock: 100 })
    for (let sends = 0; sends < 30; sends++) {
      await deliver(enter(await newCustomer(), ['curious']))
      await deliver(enter(await newCustomer(), ['careless']))
    }
    const jobs = queuedOn('jobs').map(({ body }) => body)
    expect(jobs.length).toBeGreaterThan(0)
    expect(jobs.length).toBeLessThan(15)
    for (const job of jobs)
      expect(job).toMatchObject({ kind: 'trust', merchantId: scene.merchantId, sceneId: scene.id })
  })

  it('pays for every part of an SMS', async () => {
    await stored.putCatalog(merchantItem('wordy', { budget: { spendCentsPerDay: 5 } }))
    // Three parts with the words that say how to opt out, two without.
    await open(
      'wordy',
      {},
      { offerId: undefined, message: { kind: 'offer', sms: { body: 'x'.repeat(300) }, ttlS: 600 } },
    )
    const granted = { granted: true, at: new Date(T0).toISOString(), source: 'app' as const }
    const profile = { consents: { sms: { [named('mer', 'wordy')]: granted } }, phoneNumber: '+14155550100' }
    const first = await newCustomer(profile)
    const results: string[] = []
    for (const user of [first, await newCustomer(profile)]) {
      await deliver(enter(user, ['wordy']))
      results.push(...(await resultsOf(user)).map(({ result }) => result))
    }
    expect(results).toEqual(['granted', 'budget'])
    expect(await itemsOf(first, 'message')).toMatchObject([{ channel: 'sms', smsCents: 3 }])
  })

  it('never overspends its budget and finds its last cent, however it edits it during the day', async () => {
    let merchants = 0
    await fc.assert(
      fc.asyncProperty(
        // Around 10,000, where large begins.
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 0, max: 7 }),
        async (first, firstUnits, secondUnits) => {
          merchants += 1
          const name = `edited ${merchants}`
          const costCents = 2_000
          const edit = (units: number) =>
            stored.putCatalog(merchantItem(name, { budget: { spendCentsPerDay: units * costCents + 1_999 } }))
          const rush = async (size: number) => {
            const users = await Promise.all(Array.from({ length: size }, () => newCustomer()))
            await Promise.all(users.map((user) => deliver(enter(user, [name]))))
          }
          const spent = async () =>
            (await stored.ledgerItems('grant')).filter((item) => item['merchantId'] === named('mer', name))
              .length
          await edit(firstUnits)
          await open(name, { costCents, stock: 100 })
          await rush(first)
          const before = await spent()
          expect(before).toBe(Math.min(first, firstUnits))
          await edit(secondUnits)
          await rush(8)
          expect(await spent()).toBe(Math.max(before, secondUnits))
        },
      ),
      { numRuns: 12 },
    )
  }, 600_000)

  it('that was suspended speaks again as before, also to those to whom it was silent', async () => {
    const { offer } = await open('back again')
    const user = await newCustomer()
    await stored.suspend(named('mer', 'back again'))
    await deliver(enter(user, ['back again']))
    expect(await stored.stockOf(offer.id)).toMatchObject({ free: 10, reserved: 0 })
    await stored.reinstate(named('mer', 'back again'))
    clock.advance(MINUTE)
    await deliver(enter(user, ['back again']))
    expect((await resultsOf(user)).map(({ result }) => result)).toEqual(['merchantSuspended', 'granted'])
  })

  it('that is suspended sends nothing; its name stands in what it sends', async () => {
    await stored.putCatalog(merchantItem('Named', {}))
    const title = '{{ merchant.name }}'
    await open('Named', {}, { message: { push: { title, body: 'Code {{ offer.code }}' }, ttlS: 600 } })
    const user = await newCustomer()
    await deliver(enter(user, ['Named']))
    const [grant] = await itemsOf(user, 'grant')
    expect(await itemsOf(user, 'message')).toMatchObject([
      { content: { push: { title: 'Named', body: `Code ${grant?.['code']}` } } },
    ])
    await stored.suspend(named('mer', 'Named'))
    const other = await newCustomer()
    await deliver(enter(other, ['Named']))
    expect((await resultsOf(other)).map(({ result }) => result)).toEqual(['merchantSuspended'])
  })
})

describe('the operator', () => {
  it('switches everything off within 10 s, and on again', async () => {
    await open('killed')
    const switchTo = (killed: boolean) =>
      stored.putLedger({ pk: 'PLATFORM', sk: 'STATE', kind: 'platform', killed, zonesVersion: 0 })
    const resultNow = async () => {
      const user = await newCustomer()
      await deliver(enter(user, ['killed']))
      return (await resultsOf(user)).map(({ result }) => result)
    }
    clock.advance(10 * SECOND)
    expect(await resultNow()).toEqual(['granted'])
    await switchTo(true)
    clock.advance(10 * SECOND)
    expect(await resultNow()).toEqual(['killSwitch'])
    await switchTo(false)
    clock.advance(10 * SECOND)
    expect(await resultNow()).toEqual(['granted'])
  })

  it('narrows the lawful hours within 10 s; rows that are lost or unreadable let no promotion out', async () => {
    await open('lawful')
    const write = async (version: number, item?: object) => {
      if (item) await stored.putCatalog({ pk: 'PLATFORM', sk: 'LAWFUL_HOURS', kind: 'lawfulRules', ...item })
      await stored.putLedger({ pk: 'PLATFORM', sk: 'STATE', kind: 'platform', rulesVersion: version })
      clock.advance(10 * SECOND)
    }
    const resultsNow = async () => {
      const user = await newCustomer()
      await deliver(enter(user, ['lawful']))
      return (await resultsOf(user)).map(({ result }) => result)
    }
    const told = { source: 'counsel', revision: 1, changedAt: new Date(T0).toISOString() }
    const rule = (place: object, hours: readonly object[]) => ({ ...place, hours, ...told })
    const mornings = [{ days: ['mon'], from: '06:00', to: '07:00' }]
    expect(await resultsNow()).toEqual(['granted'])
    await write(1, { version: 1, rules: [rule({ country: 'US', subdivision: 'NV' }, mornings)] })
    // No store names the state: it may be Nevada.
    expect(await resultsNow()).toEqual(['lawfulHours'])
    await write(2, { version: 2, rules: [rule({ country: 'US', subdivision: 'TX' }, mornings)] })
    expect(await resultsNow()).toEqual(['granted'])
    await write(3)
    expect(await resultsNow()).toEqual(['lawfulHours'])
    await write(3, { version: 3, rules: [{ country: 'US' }] })
    expect(await resultsNow()).toEqual(['lawfulHours'])
    await write(3, { version: 3, rules: [] })
    expect(await resultsNow()).toEqual(['granted'])
    await write(0)
  })

  it('draws zones: promotion is silent in one, and capped over all merchants in another', async () => {
    await open('zoned a')
    await open('zoned b')
    const zone = (name: string, rest: object) => ({
      pk: 'PLATFORM',
      sk: `ZONE#${named('zon', name)}`,
      kind: 'zone',
      zone: { id: named('zon', name), name, area: { kind: 'circle', ...SQUARE, radiusM: 100 }, ...rest },
    })
    const draw = async (version: number, ...items: object[]) => {
      await stored.putCatalog(...(items as Record<string, unknown>[]))
      await stored.putLedger({ pk: 'PLATFORM', sk: 'STATE', kind: 'platform', zonesVersion: version })
      clock.advance(10 * SECOND)
    }
    const stand = async (at: typeof SQUARE) => {
      const user = await newCustomer()
      await stored.standAt(user, at, clock.nowMs)
      return user
    }
    clock.advance(HOUR)
    await draw(1, zone('school', { kind: 'exclusion' }))
    const pupil = await stand(SQUARE)
    await deliver(enter(pupil, ['zoned a']))
    expect((await resultsOf(pupil)).map(({ result }) => result)).toEqual(['exclusionZone'])
    const outside = await stand({ lat: SQUARE.lat + 0.01, lon: SQUARE.lon })
    await deliver(enter(outside, ['zoned a']))
    expect((await resultsOf(outside)).map(({ result }) => result)).toEqual(['granted'])

    await draw(2, zone('school', { kind: 'venue', capPerDay: 1 }))
    const visitor = await stand(SQUARE)
    await deliver(enter(visitor, ['zoned a']))
    clock.advance(5 * MINUTE)
    await deliver(enter(visitor, ['zoned b']))
    expect((await resultsOf(visitor)).map(({ result }) => result)).toEqual(['granted', 'exclusionZone'])
    await stored.putLedger({ pk: 'PLATFORM', sk: 'STATE', kind: 'platform', zonesVersion: 0 })
    clock.advance(10 * SECOND)
  })
})

describe('what is sold out', () => {
  it('is replaced by its substitute', async () => {
    const merchantId = named('mer', 'teahouse')
    const tea = anOffer('tea', { merchantId })
    const coffee = anOffer('coffee', { merchantId, stock: 0, substituteId: tea.id })
    await stored.putScenes([aScene('cup', { merchantId, offerId: coffee.id })], [coffee, tea])
    const user = await newCustomer()
    await deliver(enter(user, ['teahouse']))
    expect(await itemsOf(user, 'grant')).toMatchObject([{ offerId: tea.id }])
  })

  it('gives an offer for the store as one, without a code, whatever its scene says', async () => {
    const push = { title: 'Soup', body: "Say {{ offer.code | default: 'soup' }}" }
    const sms = { body: "Say {{ offer.code | default: 'soup' }}" }
    const { offer } = await open('on the spot', { redeemAt: 'store' }, { message: { push, sms, ttlS: 600 } })
    const user = await newCustomer()
    await deliver(enter(user, ['on the spot']))
    const [grant = {}, ...more] = await itemsOf(user, 'grant')
    expect(more).toEqual([])
    expect(grant).toMatchObject({ offerId: offer.id, stockShard: 0, redeemAt: 'store' })
    expect(grant).not.toHaveProperty('code')
    expect(await itemsOf(user, 'code')).toEqual([])
    expect(await itemsOf(user, 'message')).toMatchObject([
      { content: { push: { body: 'Say soup' }, sms: { body: 'Say soup' } } },
    ])
    expect((await itemsOf(user, 'message'))[0]).not.toHaveProperty('content.sms.code')
    expect(await stored.ledgerItem(`OFFER#${offer.id}#0`, 'STOCK')).toMatchObject({ reserved: 1 })
  })

  it('puts customers on a waiting list; what comes back is not for others', async () => {
    const { offer } = await open('awaited', { stock: 0, hasWaitingList: true })
    const [first, second, other] = [await newCustomer(), await newCustomer(), await newCustomer()]
    await deliver(enter(first, ['awaited']))
    clock.advance(MINUTE)
    await deliver(enter(second, ['awaited']))
    expect(await itemsOf(first, 'wait')).toMatchObject([{ offerId: offer.id }])
    expect(await stored.ledgerItem(`OFFER#${offer.id}`, 'WAITING')).toHaveProperty('duePk')
    await stored.addStock(offer.id, 1)
    await deliver(enter(other, ['awaited']))
    expect((await resultsOf(other)).map(({ result }) => result)).toEqual(['soldOut'])
    // As the minute schedule calls the first one up.
    const [wait] = await itemsOf(first, 'wait')
    await deliver({
      pk: `U#${first}`,
      sk: 'EVENT#restock',
      kind: 'event',
      triggerKind: 'restock',
      user: first,
      merchantId: offer.merchantId,
      sceneId: named('scn', 'awaited scene'),
      offerId: offer.id,
      dueAtMs: clock.nowMs,
      occasion: wait?.['occasion'],
      timeZone: SAN_FRANCISCO,
    })
    expect(await itemsOf(first, 'grant')).toMatchObject([{ offerId: offer.id, occasion: wait?.['occasion'] }])
    expect(queuedOn('push')).toHaveLength(1)
  })

  it.each([
    ['has had as many as one customer may', { perCustomer: 1 }],
    ['has had the free trial', { kind: 'trial' as const }],
    ['comes when the day has had its share', { perDay: 1 }],
  ])('lets nobody wait who %s: what is free is for the others', async (name, limits) => {
    const { offer } = await open(name, { ...limits, hasWaitingList: true })
    const user = await newCustomer()
    await deliver(enter(user, [name]))
    clock.advance(MINUTE)
    await deliver(enter(user, [name]))
    expect((await resultsOf(user)).map(({ result }) => result)).toEqual(['granted', 'soldOut'])
    expect(await itemsOf(user, 'wait')).toEqual([])
    expect(await stored.ledgerItem(`OFFER#${offer.id}`, 'WAITING')).toBeUndefined()
  })
})

describe('the state that a store names', () => {
  it.each([
    // Monday's clock in San Francisco; the federal hours are 8 to 21, Washington's 8 to 20, all states' of the zone 9 to 20.
    ['US-CA', '08:30', 'granted'],
    ['US-CA', '20:30', 'granted'],
    ['US-CA', '21:30', 'lawfulHours'],
    ['US-WA', '08:30', 'granted'],
    ['US-WA', '20:30', 'lawfulHours'],
    [undefined, '08:30', 'lawfulHours'],
    [undefined, '20:30', 'lawfulHours'],
  ])('%s: at %s it is %s', async (subdivision, time, result) => {
    const name = `state ${subdivision} ${time}`
    const storeId = named('sto', name)
    await open(name)
    await stored.putCatalog({
      pk: `M#${named('mer', name)}`,
      sk: `STORE#${storeId}`,
      id: storeId,
      merchantId: named('mer', name),
      name,
      ...SQUARE,
      timeZone: SAN_FRANCISCO,
      ...(subdivision !== undefined && { subdivision }),
      revision: 1,
      createdAt: new Date(T0).toISOString(),
      updatedAt: new Date(T0).toISOString(),
    })
    clock.nowMs = Date.parse(`2026-05-04T${time}:00-07:00`)
    const user = await newCustomer()
    await deliver(enter(user, [name], storeId))
    expect((await resultsOf(user)).map((one) => one.result)).toEqual([result])
  })
})

describe('a reminder', () => {
  it('that is due at night waits for the next open hour', async () => {
    const merchantId = named('mer', 'night')
    const plan = { kind: 'afterLastVisit', days: 7 } as const
    await stored.putScenes([aScene('night', { merchantId, triggers: [{ type: 'due', plan }] })])
    const user = await newCustomer()
    clock.advance(14 * HOUR)
    const visitedAtMs = clock.nowMs - 7 * DAY
    await stored.putLedger(aRelationshipItem(user, aVisitor(visitedAtMs), { merchantId }))
    const occasion = `after:7:${visitedAtMs}`
    const planned = { plan: 'afterLastVisit 7', plannedAtMs: clock.nowMs, staleAfterS: 24 * 3600 }
    await deliver({
      pk: `U#${user}`,
      sk: 'EVENT#due:1',
      kind: 'event',
      triggerKind: 'due',
      user,
      merchantId,
      dueAtMs: clock.nowMs,
      occasions: [{ sceneId: named('scn', 'night'), occasion, ...planned }],
      timeZone: SAN_FRANCISCO,
    })
    expect((await resultsOf(user)).map(({ result }) => result)).toEqual(['lawfulHours'])
    const [later] = await itemsOf(user, 'later')
    expect(later).toMatchObject({ occasion, about: { kind: 'due', ...planned }, duePk: expect.any(String) })
    const again = new Date(Number(later?.['againMs'])).toLocaleTimeString('en-GB', {
      timeZone: SAN_FRANCISCO,
    })
    expect(again >= '08:00:00' && again <= '10:00:00').toBe(true)
    expect(tables.ledger).toBeDefined()
  })
})
