import { expect, test } from 'vitest'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { proveCounters } from '#shared/contracts/items/recount.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import {
  clock,
  DAY,
  granted,
  iso,
  MINUTE,
  merchantId,
  redeem,
  reportOf,
  rivalId,
  rotate,
  stockOf,
  store,
  sync,
  tables,
  tokenOf,
} from '#test/functions/redemptions/world.ts'
import { callApi } from '#test/support/http-event.ts'
import { putMember } from '#test/support/merchants.ts'

await rotate(clock.nowMs)
await putMember(merchantApi, 'owner', merchantId, 'bea', 'staff')
await putMember(merchantApi, 'owner', merchantId, 'ben', 'staff')

const listed = async (query: Readonly<Record<string, string>> = {}, subject = 'owner') =>
  callApi(merchantApi, 'GET /v1/merchants/{merchantId}/redemptions/double-uses', {
    subject,
    path: { merchantId },
    query,
  })

test('what a till redeemed offline counts when it reports it, at the time of the till', async () => {
  const { grantId, offerId } = await granted()
  const token = await tokenOf(grantId)
  const handedOutAt = clock.nowMs + 2 * MINUTE
  clock.advance(3 * DAY)
  const reports = [reportOf('a-1', token, handedOutAt)]
  const [first] = await sync('bea', 'Till 1', reports)
  expect(first).toMatchObject({
    requestId: 'a-1',
    result: 'redeemed',
    redemption: { grantId, redeemedAt: iso(handedOutAt), storeId: store.id },
  })
  expect(await sync('bea', 'Till 1', reports)).toEqual([{ ...first, result: 'repeated' }])
  expect(await stockOf(offerId)).toEqual({ free: 9, reserved: 0, confirmed: 1 })
  const proof = proveCounters(await tables.allOf(tables.ledger), clock.nowMs)
  expect(proof.differences).toEqual([])
})

test.each([
  ['slow', -9 * MINUTE, 0],
  ['fast', 19 * MINUTE, 10 * MINUTE - 1],
])('a clock that is minutes %s is put right', async (_, said, true_) => {
  const { grantId } = await granted()
  const token = await tokenOf(grantId)
  const start = clock.nowMs
  clock.advance(30 * MINUTE)
  const [result] = await sync('bea', 'Till 1', [reportOf(`clock-${said}`, token, start + said)])
  expect(result).toMatchObject({ result: 'redeemed', redemption: { redeemedAt: iso(start + true_) } })
})

test('a double use is told with who, where and when, and listed once', async () => {
  const { grantId, offerId } = await granted()
  const token = await tokenOf(grantId)
  const start = clock.nowMs
  clock.advance(60 * MINUTE)
  await sync('bea', 'Till 1', [reportOf('b-1', token, start + 3 * MINUTE)])
  clock.advance(MINUTE)
  const second = [reportOf('c-1', token, start + MINUTE)]
  const first = {
    redeemedAt: iso(start + 3 * MINUTE),
    storeId: store.id,
    till: 'Till 1',
    memberId: userIdOf('bea'),
  }
  // Handed out earlier, reported later: what was committed first counts.
  expect(await sync('ben', 'Till 2', second)).toEqual([{ requestId: 'c-1', result: 'doubleUse', first }])
  expect(await sync('ben', 'Till 2', second)).toEqual([{ requestId: 'c-1', result: 'doubleUse', first }])
  const { body } = await listed()
  expect(body.items).toEqual([
    {
      grantId,
      offerId,
      offerName: 'Free coffee',
      first,
      second: {
        redeemedAt: iso(start + MINUTE),
        storeId: store.id,
        till: 'Till 2',
        memberId: userIdOf('ben'),
      },
      reportedAt: iso(clock.nowMs),
    },
  ])
  expect(await stockOf(offerId)).toEqual({ free: 9, reserved: 0, confirmed: 1 })
})

test('many tills that report one grant at once: one counts, all others are double uses', async () => {
  const { grantId } = await granted()
  const token = await tokenOf(grantId)
  const start = clock.nowMs
  clock.advance(MINUTE)
  const all = await Promise.all(
    Array.from({ length: 12 }, (_, till) =>
      sync('bea', `Till ${till}`, [reportOf(`many-${till}`, token, start + till)]),
    ),
  )
  const kinds = Map.groupBy(all.flat(), ({ result }) => result)
  expect([kinds.get('redeemed')?.length, kinds.get('doubleUse')?.length]).toEqual([1, 11])
})

test('in one report the earlier use of a grant counts, and one after an online redemption is a double use', async () => {
  const [twice, online] = [await granted(), await granted()]
  const [token, shown] = [await tokenOf(twice.grantId), await tokenOf(online.grantId)]
  const start = clock.nowMs
  await redeem({ token: shown, till: 'Till 9' })
  clock.advance(20 * MINUTE)
  const results = await sync('ben', 'Till 2', [
    reportOf('d-2', token, start + 5 * MINUTE),
    reportOf('d-1', token, start + 4 * MINUTE),
    reportOf('d-3', shown, start + MINUTE),
  ])
  expect(
    results.map(({ requestId, result }: { requestId: string; result: string }) => [requestId, result]),
  ).toEqual([
    ['d-2', 'doubleUse'],
    ['d-1', 'redeemed'],
    ['d-3', 'doubleUse'],
  ])
  expect(results[2].first).toEqual({ redeemedAt: iso(start), till: 'Till 9', memberId: userIdOf('owner') })
})

test('a till that lost the answer online reports it under the same name: repeated, no double use', async () => {
  const { grantId } = await granted()
  const token = await tokenOf(grantId)
  await redeem({ token }, { headers: { 'idempotency-key': 'e-1' } })
  const [result] = await sync('owner', 'Till 1', [reportOf('e-1', token, clock.nowMs)])
  expect(result.result).toBe('repeated')
})

test('what cannot count is refused one by one, with the reason', async () => {
  const { grantId } = await granted({ validityS: 60 * 86_400 })
  const token = await tokenOf(grantId)
  const start = clock.nowMs
  const results = await sync('bea', 'Till 1', [
    reportOf('f-1', `${token.slice(0, -8)}AAAAAAAA`, start),
    { ...reportOf('f-2', token, start), storeId: 'sto_01J0000000000000000000000A' },
    reportOf('f-3', token, start - 11 * MINUTE),
    reportOf('f-4', token, start + 21 * MINUTE),
  ])
  expect(results.map(({ reason }: { reason: string }) => reason)).toEqual([
    'unknownToken',
    'unknownStore',
    'outsideTokenLife',
    'outsideTokenLife',
  ])
  const foreign = await sync(
    'rival',
    'Till 1',
    [{ requestId: 'f-5', token, redeemedAt: iso(start) }],
    rivalId,
  )
  expect(foreign).toEqual([{ requestId: 'f-5', result: 'refused', reason: 'unknownToken' }])
  clock.advance(7 * DAY + 11 * MINUTE)
  const [late] = await sync('bea', 'Till 1', [reportOf('f-6', token, start)])
  expect(late.reason).toBe('reportedTooLate')
})

test('double uses are paged, for those who may read what members did', async () => {
  const page = await listed({ limit: '5' })
  expect(page.body.items).toHaveLength(5)
  const rest = await listed({ limit: '100', cursor: page.body.next })
  expect(rest.body.items).toHaveLength(9)
  expect(rest.body.next).toBeUndefined()
  expect((await listed({}, 'bea')).status).toBe(403)
  expect((await listed({}, 'rival')).status).toBe(404)
  expect((await listed({ cursor: 'eA' })).status).toBe(400)
})

test('they go with the customer', async () => {
  const erase = createEraseCustomer(tables, async () => {})
  await erase(userIdOf('alice'), clock.nowMs)
  expect((await listed()).body.items).toEqual([])
})
