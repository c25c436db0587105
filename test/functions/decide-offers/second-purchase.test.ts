import { beforeEach, expect, test } from 'vitest'
import type { UserId } from '#shared/domain/ids.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import { aDeviceItem, aProfileItem, DAY, MINUTE, T0 } from '#test/support/builders.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, newMerchant, offerBody, sceneBody, UNION_SQUARE } from '#test/support/merchants.ts'

const { stored, deliver, clock } = await startDecideOffers({
  SMS_ANSWERS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:answers',
  PLACE_INDEX: 'places',
  PLATFORM_CAP_PER_DAY: '50',
  MERCHANT_CAP_PER_DAY: '50',
})
const { handler: customerApi } = await import('#functions/customer-api/handler.ts')
const { handler: merchantApi } = await import('#functions/merchant-api/handler.ts')

const M = '/v1/merchants/{merchantId}'
const AGAIN = { type: 'purchaseCount', atLeast: 1 }
let shops = 0
/** A merchant whose scene gives a coupon for the next purchase. */
const openShop = async (scene: Readonly<Record<string, unknown>>) => {
  shops += 1
  const subject = `owner ${shops}`
  const { id: merchantId } = await newMerchant(merchantApi, subject)
  const call = { subject, path: { merchantId } }
  const store = await created(merchantApi, `POST ${M}/stores`, {
    ...call,
    body: { name: 'Union Square', ...UNION_SQUARE },
  })
  const offer = await created(merchantApi, `POST ${M}/offers`, { ...call, body: offerBody() })
  const { id: sceneId } = await created(merchantApi, `POST ${M}/scenes`, {
    ...call,
    body: sceneBody({ offerId: offer.id, audience: AGAIN, ...scene }),
  })
  return { call, merchantId, storeId: store.id, offerId: offer.id, sceneId }
}
type Shop = Awaited<ReturnType<typeof openShop>>

let customers = 0
const newCustomer = async () => {
  customers += 1
  const subject = `buyer ${customers}`
  const user = userIdOf(subject)
  await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'pixel'))
  return { subject, user }
}
const post = ({ merchantId, storeId }: Shop, subject: string, ...ids: readonly string[]) =>
  callApi(customerApi, 'POST /v1/events', {
    subject,
    body: {
      events: ids.map((id) => ({
        id,
        type: 'purchase',
        at: new Date(clock.nowMs).toISOString(),
        merchantId,
        storeId,
        properties: { amountMinor: 450, currency: 'USD' },
      })),
    },
  })
const itemsOf = async (user: UserId, kind: string) =>
  (await stored.ledgerItems(kind)).filter((item) => item['pk'] === `U#${user}`)
/** The stream brings each event twice, and all at once. */
const deliverTwice = async (user: UserId) => {
  const events = await itemsOf(user, 'event')
  const all = await Promise.all([...events, ...events].map((event) => deliver(event)))
  expect(all.flat()).toEqual([])
}
const occasionsOf = async (user: UserId) =>
  (await itemsOf(user, 'grant')).map(({ occasion }) => occasion).toSorted()

const NOW_AND_THEN = { limits: { coolDownS: 0 } }
const ON_PURCHASE = { triggers: [{ type: 'event', eventType: 'purchase' }] }

beforeEach(() => {
  clock.nowMs = T0
})

test('a purchase that is posted often, and delivered often, earns the next coupon once (I3)', async () => {
  const shop = await openShop({ ...ON_PURCHASE, ...NOW_AND_THEN })
  const { subject, user } = await newCustomer()
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => post(shop, subject, 'receipt-1', 'receipt-1')),
  )
  expect(answers.reduce((sum, { body }) => sum + body.accepted, 0)).toBe(1)
  await deliverTwice(user)
  clock.advance(MINUTE)
  await post(shop, subject, 'receipt-1')
  await deliverTwice(user)
  expect(await occasionsOf(user)).toEqual(['event:receipt-1'])
  expect(await itemsOf(user, 'message')).toHaveLength(1)
  expect(await stored.stockOf(shop.offerId)).toEqual({ free: 9, reserved: 1, confirmed: 0 })
})

test('two purchases at once are two occasions: one coupon each, or one in all within the cool-down', async () => {
  for (const [coolDownS, coupons] of [
    [0, 2],
    [86_400, 1],
  ] as const) {
    const shop = await openShop({ ...ON_PURCHASE, limits: { coolDownS } })
    const { subject, user } = await newCustomer()
    await Promise.all([post(shop, subject, 'a', 'b'), post(shop, subject, 'b'), post(shop, subject, 'a')])
    await deliverTwice(user)
    const occasions = await occasionsOf(user)
    expect(occasions).toHaveLength(coupons)
    expect(new Set(occasions).size).toBe(coupons)
    expect(await itemsOf(user, 'message')).toHaveLength(coupons)
    expect(await stored.stockOf(shop.offerId)).toMatchObject({ reserved: coupons })
    clock.advance(DAY)
    await deliverTwice(user)
    expect(await occasionsOf(user)).toEqual(occasions)
  }
})

test('a code for the second purchase gives nothing before the first, and once for each scan after it', async () => {
  const shop = await openShop({ triggers: [{ type: 'event', eventType: 'qr_scan' }], ...NOW_AND_THEN })
  const { code } = await created(merchantApi, `POST ${M}/qr-codes`, {
    ...shop.call,
    body: {
      name: 'Receipt',
      action: { type: 'coupon', sceneId: shop.sceneId },
      caption: 'Half price on your next coffee',
      placement: { label: 'On the receipt', kind: 'offline', storeId: shop.storeId },
    },
  })
  const { subject, user } = await newCustomer()
  const scan = (scanId: string) =>
    callApi(customerApi, 'POST /v1/me/scans', { subject, body: { code, scanId } })
  const resultsOf = async () =>
    (await itemsOf(user, 'trace')).flatMap(({ outcomes }) =>
      (outcomes as { result: string }[]).map(({ result }) => result),
    )
  expect((await scan('too-early-000000000001')).status).toBe(200)
  await deliverTwice(user)
  expect(await resultsOf()).toEqual(['audience'])
  await post(shop, subject, 'first')
  clock.advance(MINUTE)
  await Promise.all(Array.from({ length: 4 }, () => scan('in-time-00000000000001')))
  await deliverTwice(user)
  expect((await resultsOf()).toSorted()).toEqual(['audience', 'granted'])
  expect(await itemsOf(user, 'message')).toHaveLength(1)
})
