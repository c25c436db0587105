import { describe, expect, it } from 'vitest'
import { sweepDue } from '#functions/remind-revisits/sweep-due.ts'
import { createGrantRecords } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import {
  aDeviceItem,
  anEnter,
  anOffer,
  aProfileItem,
  aScene,
  CAFE,
  HOUR,
  MINUTE,
  named,
  T0,
} from '#test/support/builders.ts'
import { dueStoreOf } from '#test/support/due-store.ts'

const { tables, stored, clock, deliver } = await startDecideOffers()
const offer = anOffer('coffee', { validityS: 8 * 3600 })
const welcome = aScene('welcome', { offerId: offer.id })
const before = (hours: number) =>
  aScene(`before ${hours}`, { triggers: [{ type: 'due', plan: { kind: 'beforeOfferEnds', hours } }] })
await stored.putScenes([welcome, before(4), before(1)], [offer])

const sweep = () =>
  sweepDue(
    {
      due: dueStoreOf(tables, 2),
      queueMessage: async () => {},
      queueReplan: async () => {},
      dueShards: 2,
      maxReminders: 100,
      memory: {},
    },
    clock.nowMs,
  )
let customers = 0
/** A customer who was given the coupon at T0. */
const give = async () => {
  customers += 1
  clock.nowMs = T0
  const user = named('usr', `holder ${customers}`)
  await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'pixel'))
  await deliver(newsOf(user, { transitions: [anEnter({ user })] }))
  const [grant] = (await stored.ledgerItems('grant')).filter((item) => item['user'] === user)
  if (grant === undefined) throw new Error('nothing was given')
  return { user, grant }
}
const eventsFor = async (user: UserId) =>
  (await stored.ledgerItems('event')).filter((item) => item['user'] === user)
const grantsOf = async (user: UserId) =>
  (await stored.ledgerItems('grant')).filter((item) => item['user'] === user)
const plansRaisedFor = async (user: UserId) =>
  (await eventsFor(user)).flatMap((item) => item['occasions'] as { plan: string; occasion: string }[])

describe('a coupon that ends', () => {
  it('is reminded of at each plan’s time, once, and given back when its time is over', async () => {
    const { user, grant } = await give()
    clock.nowMs = T0 + 4 * HOUR - MINUTE
    await sweep()
    expect(await plansRaisedFor(user)).toEqual([])
    clock.nowMs = T0 + 4 * HOUR
    await Promise.all([sweep(), sweep()])
    await sweep()
    expect(await plansRaisedFor(user)).toMatchObject([
      { plan: 'beforeOfferEnds 4', occasion: `ends:${grant['grantId']}` },
    ])
    clock.nowMs = T0 + 7 * HOUR
    await sweep()
    expect((await plansRaisedFor(user)).map(({ plan }) => plan)).toEqual([
      'beforeOfferEnds 4',
      'beforeOfferEnds 1',
    ])
    clock.nowMs = T0 + 8 * HOUR
    await sweep()
    expect(await stored.ledgerItem(`U#${user}`, `GRANT#${grant['grantId']}`)).toMatchObject({
      state: 'released',
    })
  })

  it('earns its message when the event is decided', async () => {
    const { user } = await give()
    clock.nowMs = T0 + 4 * HOUR
    await sweep()
    const [event] = (await stored.ledgerItems('event')).filter((item) => item['user'] === user)
    await deliver(event ?? {})
    const scenes = (await stored.ledgerItems('grant'))
      .filter((item) => item['user'] === user)
      .map((item) => item['sceneId'])
    expect(scenes).toContain(before(4).id)
  })

  it('is not spoken of when it was redeemed or given back while the reminder waited for an open hour', async () => {
    for (const state of ['redeemed', 'released', 'confirmed']) {
      const { user, grant } = await give()
      // In the customer's own quiet hours, which are over in time.
      const preferences = { quietHours: [{ days: ['fri'], from: '13:00', to: '15:00' }] }
      await stored.change(`U#${user}`, 'PROFILE', { preferences })
      clock.nowMs = T0 + 4 * HOUR
      await sweep()
      const [event] = await eventsFor(user)
      await deliver(event ?? {})
      expect(await grantsOf(user)).toHaveLength(1)
      await stored.change(`U#${user}`, `GRANT#${grant['grantId']}`, { state })
      clock.nowMs = T0 + 5 * HOUR
      await sweep()
      const again = (await eventsFor(user)).find(({ dueAtMs }) => dueAtMs === T0 + 5 * HOUR)
      await deliver(again ?? {})
      expect(await grantsOf(user)).toHaveLength(state === 'confirmed' ? 2 : 1)
      const traces = (await stored.ledgerItems('trace')).filter((item) => item['user'] === user)
      expect(JSON.stringify(traces).includes('"stale"')).toBe(state !== 'confirmed')
    }
  })

  it('is not spoken of once it was redeemed', async () => {
    const { user, grant } = await give()
    const grants = createGrantRecords({ client: tables.client, ledger: tables.ledger }, 2)
    const shown = { kind: 'code', code: String(grant['code']) } as const
    const request = { shown, merchantId: CAFE, member: named('usr', 'till') }
    const redeemed = await grants.redeem(request, T0 + HOUR)
    expect(redeemed.kind).toBe('redeemed')
    clock.nowMs = T0 + 4 * HOUR
    await sweep()
    expect(await plansRaisedFor(user)).toEqual([])
  })
})
