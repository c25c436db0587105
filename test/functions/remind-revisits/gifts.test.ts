import { beforeEach, describe, expect, it } from 'vitest'
import { sweepDue } from '#functions/remind-revisits/sweep-due.ts'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { createCurrentScenes } from '#shared/adapters/dynamodb/ledger/current-scenes.ts'
import { createGifts } from '#shared/adapters/dynamodb/ledger/gifts.ts'
import { createPlanCoupons } from '#shared/adapters/dynamodb/ledger/plan-coupons.ts'
import { createReadOccasions } from '#shared/adapters/dynamodb/ledger/plan-reader.ts'
import { createReplanRecords } from '#shared/adapters/dynamodb/ledger/replan-records.ts'
import { createSceneCache } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import { dueKey } from '#shared/contracts/items/ledger.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
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
} from '#test/support/builders.ts'
import { dueStoreOf } from '#test/support/due-store.ts'

const { tables, stored, clock, deliver, queues } = await startDecideOffers()
const gifts = createGifts(tables.client, tables.ledger)

/** Three weeks before Christmas at nine in San Francisco. */
const THEN = Date.parse('2026-12-25T09:00:00-08:00')
const plan = { kind: 'festival', festival: 'christmas', daysBefore: 0, hour: 9 } as const

beforeEach(() => {
  clock.nowMs = THEN - 21 * DAY
  queues.taken()
})

let shops = 0
const openShop = async (stock: number, customers: number) => {
  shops += 1
  const merchantId = named('mer', `gifts ${shops}`)
  const offer = anOffer(`rose ${shops}`, { merchantId, kind: 'gift', stock })
  const scene = aScene(`christmas ${shops}`, {
    merchantId,
    offerId: offer.id,
    triggers: [{ type: 'due', plan }],
  })
  await stored.putScenes([scene], [offer])
  const users = Array.from({ length: customers }, (_, index) => named('usr', `gift ${shops} ${index}`))
  for (const user of users) {
    const relationship = aRelationshipItem(user, aVisitor(THEN - 100 * DAY), { merchantId })
    // As a job leaves it that planned for them: the sweep looks, and finds when there is something to do.
    await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'pixel'), {
      ...relationship,
      ...dueKey(clock.nowMs, `${user}#${merchantId}`, 0),
    })
  }
  return { merchantId, offer, scene, users }
}
const sweep = () =>
  sweepDue(
    {
      due: dueStoreOf(tables, 2),
      queueMessage: async () => {},
      queueReplan: async () => {},
      dueShards: 2,
      maxReminders: 1000,
      memory: {},
    },
    clock.nowMs,
  )
/** Sweeps twice a day until a moment. */
const passUntil = async (untilMs: number) => {
  for (; clock.nowMs < untilMs; clock.nowMs = Math.min(untilMs, clock.nowMs + 12 * HOUR)) await sweep()
  await sweep()
}
const eventOf = async (user: UserId) =>
  (await stored.ledgerItems('event')).find((item) => item['user'] === user) ?? {}
const giftStates = async (users: readonly UserId[]) =>
  (await stored.ledgerItems('gift'))
    .filter((item) => users.some((user) => user === item['user']))
    .map((item) => item['state'])

describe('the gift of a festival', () => {
  it('is put aside a fortnight before, as far as the stock goes, and given to whom it was kept for', async () => {
    const { offer, users } = await openShop(3, 5)
    await passUntil(THEN - 15 * DAY)
    expect(await stored.stockOf(offer.id)).toEqual({ free: 3, reserved: 0, confirmed: 0 })
    await passUntil(THEN - 13 * DAY)
    expect(await stored.stockOf(offer.id)).toEqual({ free: 0, reserved: 3, confirmed: 0 })
    await passUntil(THEN + HOUR)
    for (const user of users) await deliver(await eventOf(user))
    const grants = (await stored.ledgerItems('grant')).filter((item) => item['offerId'] === offer.id)
    expect(grants).toHaveLength(3)
    expect(await stored.stockOf(offer.id)).toEqual({ free: 0, reserved: 3, confirmed: 0 })
    expect(await giftStates(users)).toEqual(['taken', 'taken', 'taken'])
    // Delivered again nothing moves.
    for (const user of users) await deliver(await eventOf(user))
    expect(await stored.stockOf(offer.id)).toEqual({ free: 0, reserved: 3, confirmed: 0 })
  })

  it('goes back, once, where nothing may be sent', async () => {
    const { offer, users, merchantId } = await openShop(2, 2)
    await passUntil(THEN + HOUR)
    expect(await stored.stockOf(offer.id)).toMatchObject({ reserved: 2 })
    const [angry] = users
    if (angry === undefined) throw new Error('nobody')
    const item = await stored.ledgerItem(`U#${angry}`, `M#${merchantId}`)
    const known = item?.['known'] as object
    await stored.change(`U#${angry}`, `M#${merchantId}`, { known: { ...known, openComplaints: 1 } })
    for (let times = 0; times < 2; times++) for (const user of users) await deliver(await eventOf(user))
    expect(await stored.stockOf(offer.id)).toEqual({ free: 1, reserved: 1, confirmed: 0 })
    expect((await giftStates(users)).toSorted()).toEqual(['released', 'taken'])
  })

  it('waits with a reminder that waits for an open hour', async () => {
    const { offer, users } = await openShop(1, 1)
    await passUntil(THEN + HOUR)
    const [user] = users
    if (user === undefined) throw new Error('nobody')
    clock.nowMs = THEN + 14 * HOUR
    await deliver(await eventOf(user))
    expect(await stored.stockOf(offer.id)).toEqual({ free: 0, reserved: 1, confirmed: 0 })
    expect(await giftStates(users)).toEqual(['reserved'])
  })

  it('goes back when its scene is paused, whoever comes first: the job, the sweep or both', async () => {
    const { offer, scene, users, merchantId } = await openShop(4, 4)
    await passUntil(THEN - 13 * DAY)
    expect(await stored.stockOf(offer.id)).toEqual({ free: 0, reserved: 4, confirmed: 0 })
    await stored.putScenes([{ ...scene, state: 'paused' }])
    const cache = createSceneCache(tables.client, tables.catalog)
    const { client, catalog, ledger } = tables
    const current = createCurrentScenes(client, catalog, cache)
    const reader = createReadOccasions(client, ledger, current)
    const coupons = createPlanCoupons(client, ledger, 2, current)
    const replans = createReplanRecords(client, ledger, 2, reader, gifts, coupons)
    await Promise.all(
      users.flatMap((user) =>
        [1, 2].map(async () => {
          const item = (await stored.ledgerItem(`U#${user}`, `M#${merchantId}`)) ?? {}
          await replans.replan({ user, merchantId, item }, clock.nowMs)
        }),
      ),
    )
    clock.nowMs = THEN + HOUR
    await sweep()
    expect(await stored.stockOf(offer.id)).toEqual({ free: 4, reserved: 0, confirmed: 0 })
  })

  it('goes back once, when its day is long over, where a crash came between the decision and its return', async () => {
    const { offer, users, merchantId } = await openShop(1, 1)
    await passUntil(THEN + HOUR)
    const [user] = users
    if (user === undefined) throw new Error('nobody')
    const item = await stored.ledgerItem(`U#${user}`, `M#${merchantId}`)
    const known = item?.['known'] as object
    await stored.change(`U#${user}`, `M#${merchantId}`, { known: { ...known, openComplaints: 1 } })
    // The decision is stored, and the function dies before it gives the unit back: the gift is put back as it was.
    const [gift] = (await stored.ledgerItems('gift')).filter((one) => one['user'] === user)
    const stock = await stored.ledgerItem(`OFFER#${offer.id}#0`, 'STOCK')
    await deliver(await eventOf(user))
    await stored.putLedger(gift ?? {}, stock ?? {})
    await deliver(await eventOf(user))
    const overMs = Date.parse(String(gift?.['dueSk']).slice(0, 24))
    expect(overMs - THEN).toBeGreaterThanOrEqual(25 * HOUR)
    clock.nowMs = overMs - MINUTE
    await sweep()
    expect(await stored.stockOf(offer.id)).toEqual({ free: 0, reserved: 1, confirmed: 0 })
    clock.nowMs = overMs
    await Promise.all([sweep(), sweep()])
    await deliver(await eventOf(user))
    expect(await stored.stockOf(offer.id)).toEqual({ free: 1, reserved: 0, confirmed: 0 })
    expect(await giftStates(users)).toEqual(['released'])
  })

  it('goes back with an erased customer, and when nobody decides on it at all', async () => {
    const { offer, users } = await openShop(2, 2)
    await passUntil(THEN - 13 * DAY)
    const erase = createEraseCustomer({ ...tables }, async () => {})
    const [erased] = users
    if (erased === undefined) throw new Error('nobody')
    await erase(erased, clock.nowMs)
    expect(await stored.stockOf(offer.id)).toEqual({ free: 1, reserved: 1, confirmed: 0 })
    // The event of the other one is lost on the way.
    await passUntil(THEN + 2 * DAY)
    expect(await stored.stockOf(offer.id)).toEqual({ free: 2, reserved: 0, confirmed: 0 })
    await sweep()
    clock.advance(MINUTE)
    await sweep()
    expect(await stored.stockOf(offer.id)).toEqual({ free: 2, reserved: 0, confirmed: 0 })
  })
})
