import { beforeEach, describe, expect, it } from 'vitest'
import type { UserId } from '#shared/domain/ids.ts'
import { type ClosedVisit, visitIdOf } from '#shared/domain/presence/visit.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import {
  aDeviceItem,
  anEnter,
  anOffer,
  aProfileItem,
  aRelationshipItem,
  aScene,
  aTombstone,
  aVisit,
  aVisitor,
  CAFE,
  DAY,
  HOUR,
  MINUTE,
  named,
  T0,
} from '#test/support/builders.ts'

const { stored, deliver, queues, queuedOn, clock } = await startDecideOffers()
const afterDays = (days: number) => ({ type: 'due', plan: { kind: 'afterLastVisit', days } }) as const
const back = aScene('back', { triggers: [7, 2].map(afterDays) })
await stored.putScenes([back])

let customers = 0
const newCustomer = async (): Promise<UserId> => {
  customers += 1
  const user = named('usr', `customer ${customers}`)
  await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'pixel'))
  return user
}
const settle = (user: UserId, ...settled: ClosedVisit[]) => deliver(newsOf(user, { settled }))
const visitsOf = async (user: UserId) =>
  (await stored.ledgerItems('visit')).filter((item) => item['user'] === user)
const relationshipOf = (user: UserId, merchantId = CAFE) => stored.ledgerItem(`U#${user}`, `M#${merchantId}`)

/** The café's visit that was last seen at this time. */
const seenAt = (name: string, lastInsideAtMs: number, rest: Partial<ClosedVisit> = {}): ClosedVisit =>
  aVisit(name, {
    enteredAtMs: lastInsideAtMs - 5 * MINUTE,
    lastInsideAtMs,
    exitedAtMs: lastInsideAtMs + MINUTE,
    ...rest,
  })

beforeEach(() => {
  clock.nowMs = T0
  queues.taken()
})

describe('a settled visit', () => {
  it('is kept with its part in the relationship and the plan of a reminder', async () => {
    const user = await newCustomer()
    const visit = seenAt('one', T0 - HOUR)
    expect(await settle(user, visit)).toEqual([])
    const visitId = visitIdOf(user, visit.geofenceId, visit.enteredAtMs)
    expect(await visitsOf(user)).toMatchObject([{ ...visit, visitId, settledAtMs: T0 }])
    expect(await relationshipOf(user)).toMatchObject({
      kind: 'relationship',
      user,
      merchantId: CAFE,
      visits: 1,
      version: 1,
      lastVisitAtMs: T0 - HOUR,
      timeZone: visit.timeZone,
      // The same hour, two days later, somewhere in it.
      duePk: expect.stringMatching(/^DUE#2026-05-03T16#[01]$/),
      dueSk: expect.stringMatching(new RegExp(`^2026-05-03T16:.*Z#${user}#${CAFE}$`)),
    })
  })

  it('after an offer was given confirms its unit, once; a visit before it does not', async () => {
    const user = await newCustomer()
    const { id: offerId } = anOffer('followed')
    await stored.putScenes([], [anOffer('followed', { stock: 0 })])
    const given = (name: string, grantedAtMs: number) => ({
      pk: `U#${user}`,
      sk: `GRANT#${named('grt', name)}`,
      kind: 'grant',
      user,
      grantId: named('grt', name),
      merchantId: CAFE,
      state: 'reserved',
      offerId,
      stockShard: 0,
      grantedAt: new Date(grantedAtMs).toISOString(),
    })
    await stored.putLedger(given('before', T0 - 2 * HOUR), given('after', T0 + HOUR), {
      pk: `OFFER#${offerId}#0`,
      sk: 'STOCK',
      kind: 'stock',
      offerId,
      free: 0,
      reserved: 2,
      confirmed: 0,
    })
    await Promise.all([settle(user, seenAt('one', T0)), settle(user, seenAt('one', T0))])
    expect(await stored.stockOf(offerId)).toEqual({ free: 0, reserved: 1, confirmed: 1 })
    expect(await stored.ledgerItem(`U#${user}`, `GRANT#${named('grt', 'before')}`)).toMatchObject({
      state: 'confirmed',
      confirmedBy: 'visited',
    })
  })

  it('confirms what it follows also where the customer holds hundreds of grants', async () => {
    const user = await newCustomer()
    const { id: offerId } = anOffer('one of many')
    const grant = (sk: string, rest: object) => ({
      pk: `U#${user}`,
      sk: `GRANT#${sk}`,
      kind: 'grant',
      merchantId: CAFE,
      grantedAt: new Date(T0 - HOUR).toISOString(),
      ...rest,
    })
    const grantId = named('grt', 'of many')
    const old = Array.from({ length: 250 }, (_, index) => grant(`grt_${index}`, { state: 'redeemed' }))
    await stored.putLedger(...old, grant(grantId, { grantId, state: 'reserved', offerId, stockShard: 0 }))
    const stock = { kind: 'stock', offerId, free: 0, reserved: 1, confirmed: 0 }
    await stored.putLedger({ pk: `OFFER#${offerId}#0`, sk: 'STOCK', ...stock })
    await settle(user, seenAt('one', T0))
    expect(await stored.stockOf(offerId)).toEqual({ free: 0, reserved: 0, confirmed: 1 })
  })

  it('is kept once, however often it is told', async () => {
    const user = await newCustomer()
    await settle(user, seenAt('one', T0))
    await settle(user, seenAt('one', T0), seenAt('two', T0 + HOUR))
    await Promise.all(
      [1, 2, 3].map(() => settle(user, seenAt('two', T0 + HOUR), seenAt('three', T0 + 2 * HOUR))),
    )
    expect(await visitsOf(user)).toHaveLength(3)
    expect(await relationshipOf(user)).toMatchObject({ visits: 3, lastVisitAtMs: T0 + 2 * HOUR })
  })

  it('that is told after a later one does not set the last visit back', async () => {
    const user = await newCustomer()
    await settle(user, seenAt('late', T0))
    const before = await relationshipOf(user)
    await settle(user, seenAt('early', T0 - DAY, { timeZone: 'Europe/Paris' }))
    const { known, ...after } = (await relationshipOf(user)) ?? {}
    const { known: _, ...rest } = before ?? {}
    expect(after).toEqual({ ...rest, visits: 2, version: 2 })
    expect(known).toMatchObject({
      visits: { count: 2, lastAtMs: T0 - 5 * MINUTE },
      timeZone: 'America/Los_Angeles',
    })
  })

  it('joins what the customer’s own acts have begun', async () => {
    const user = await newCustomer()
    const actedAt = new Date(T0 - DAY).toISOString()
    // As customer-api and merchant-api write it.
    await stored.putLedger({
      pk: `U#${user}`,
      sk: `M#${CAFE}`,
      kind: 'relationship',
      user,
      merchantId: CAFE,
      visits: 0,
      version: 1,
      actedAt,
    })
    await settle(user, seenAt('one', T0))
    expect(await relationshipOf(user)).toMatchObject({ visits: 1, version: 2, actedAt, lastVisitAtMs: T0 })
  })

  it('counts for each merchant, many at once', async () => {
    const user = await newCustomer()
    const bar = named('mer', 'bar')
    const many = Array.from({ length: 90 }, (_, index) =>
      seenAt(`many ${index}`, T0 + index * MINUTE, index % 3 === 0 ? { merchantId: bar } : {}),
    )
    await settle(user, ...many)
    expect(await visitsOf(user)).toHaveLength(90)
    expect(await relationshipOf(user)).toMatchObject({ visits: 60 })
    expect(await relationshipOf(user, bar)).toMatchObject({ visits: 30 })
    expect(await relationshipOf(user, bar)).not.toHaveProperty('duePk')
  })

  it('takes the old plan away where no scene reminds any more', async () => {
    const user = await newCustomer()
    const shop = named('mer', 'shop')
    const reminder = aScene('reminder', {
      merchantId: shop,
      triggers: [afterDays(3)],
    })
    await stored.putScenes([reminder])
    await settle(user, seenAt('one', T0, { merchantId: shop }))
    expect(await relationshipOf(user, shop)).toHaveProperty('duePk')
    await stored.putScenes([{ ...reminder, state: 'paused' }])
    await settle(user, seenAt('two', T0 + DAY, { merchantId: shop }))
    const relationship = await relationshipOf(user, shop)
    expect(relationship).toMatchObject({ lastVisitAtMs: T0 + DAY })
    for (const name of ['duePk', 'dueSk']) expect(relationship).not.toHaveProperty(name)
  })

  it('that is told days late is planned where the sweep will still come by', async () => {
    const user = await newCustomer()
    await settle(user, seenAt('long ago', T0 - 2.5 * DAY))
    expect(await relationshipOf(user)).toMatchObject({
      dueSk: `${new Date(T0).toISOString()}#${user}#${CAFE}`,
    })
  })

  it('of an erased customer is not kept', async () => {
    const user = named('usr', 'erased')
    await stored.putLedger(aTombstone({ pk: `U#${user}`, sk: 'PROFILE' }))
    expect(await settle(user, seenAt('one', T0))).toEqual([])
    expect(await visitsOf(user)).toEqual([])
    expect(await relationshipOf(user)).toBeUndefined()
  })
})

describe('a due occasion', () => {
  it('is granted like every other trigger, once', async () => {
    const user = await newCustomer()
    const visitedAtMs = T0 - 2 * DAY
    await stored.putLedger(aRelationshipItem(user, aVisitor(visitedAtMs)))
    const occasion = `after:2:${visitedAtMs}`
    const planned = { plan: 'afterLastVisit 2', plannedAtMs: T0 - MINUTE, staleAfterS: 24 * 3600 }
    const due = {
      pk: `U#${user}`,
      sk: 'EVENT#due',
      kind: 'event',
      triggerKind: 'due',
      user,
      merchantId: CAFE,
      dueAtMs: T0 - MINUTE,
      occasions: [{ sceneId: back.id, occasion, ...planned }],
      timeZone: 'America/Los_Angeles',
    }
    await deliver(due)
    await deliver(due)
    const grants = (await stored.ledgerItems('grant')).filter((item) => item['user'] === user)
    expect(grants).toMatchObject([{ sceneId: back.id, occasion }])
    expect(queuedOn('push')).toHaveLength(2)
  })
})

describe('a hundred visits at a brand with thirty scenes', () => {
  it('are decided in one trace that names each scene once, with its count', async () => {
    const brand = named('mer', 'chain')
    await stored.putScenes(
      Array.from({ length: 30 }, (_, index) => aScene(`chain ${index}`, { merchantId: brand })),
    )
    const user = await newCustomer()
    const transitions = Array.from({ length: 100 }, (_, index) =>
      anEnter({
        user,
        merchantId: brand,
        visitId: named('vis', `chain ${index}`),
        geofenceId: named('gf', `chain ${index}`),
        atMs: T0 - HOUR,
      }),
    )
    expect(await deliver(newsOf(user, { transitions }))).toEqual([])
    const traces = (await stored.ledgerItems('trace')).filter((item) => item['user'] === user)
    expect(traces).toHaveLength(1)
    const outcomes = traces[0]?.['outcomes'] as { result: string; count: number }[]
    expect(outcomes).toHaveLength(30)
    expect(outcomes.every(({ result, count }) => result === 'stale' && count === 100)).toBe(true)
  })
})
