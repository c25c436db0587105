import { handler as customerApi } from '#functions/customer-api/handler.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { giveGrant } from '#test/support/grants.ts'
import { callApi, type HttpCall } from '#test/support/http-event.ts'
import { created, newMerchant, offerBody, UNION_SQUARE } from '#test/support/merchants.ts'
import { rotationOf } from '#test/support/signing-keys.ts'

export const tables = await createTables()
Object.assign(process.env, {
  CATALOG_TABLE: tables.catalog,
  PRESENCE_TABLE: tables.presence,
  LEDGER_TABLE: tables.ledger,
  PLACE_INDEX: 'places',
  JOBS_QUEUE_URL: 'http://127.0.0.1:1/000000000000/jobs',
  SMS_ANSWERS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:answers',
})
export const MINUTE = 60_000
export const DAY = 86_400_000
export const clock = setClock(Date.UTC(2026, 10, 22, 10))
export const rotate = rotationOf(tables)
export const alice = userIdOf('alice')

export const { id: merchantId } = await newMerchant(merchantApi, 'owner')
export const { id: rivalId } = await newMerchant(merchantApi, 'rival')
export const store = await created(merchantApi, 'POST /v1/merchants/{merchantId}/stores', {
  subject: 'owner',
  path: { merchantId },
  body: { name: 'Union Square', ...UNION_SQUARE },
})

let given = 0
/** A grant of a new offer with ten units. */
export const granted = async (
  more: {
    readonly validityS?: number
    readonly subject?: string
    readonly redeemAt?: 'store'
    readonly storeId?: string
  } = {},
): Promise<{ readonly grantId: string; readonly offerId: string; readonly code: string }> => {
  const { subject = 'alice', ...rest } = more
  const offer = await created(merchantApi, 'POST /v1/merchants/{merchantId}/offers', {
    subject: 'owner',
    path: { merchantId },
    body: offerBody(),
  })
  given += 1
  const code = `ABCDEFG${String(given).padStart(3, '0')}`
  const { grantId } = await giveGrant(tables.client, tables.ledger, {
    user: userIdOf(subject),
    merchantId,
    offerId: offer.id,
    code,
    grantedAtMs: clock.nowMs,
    ...rest,
  })
  return { grantId, offerId: offer.id, code }
}

/** What the customer's app asks for. */
export const askToken = (grantId: string, subject = 'alice') =>
  callApi(customerApi, 'POST /v1/me/offers/{grantId}/redemption-tokens', {
    subject,
    scopes: ['customer'],
    path: { grantId },
  })
export const tokenOf = async (grantId: string, subject = 'alice'): Promise<string> => {
  const { status, body } = await askToken(grantId, subject)
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body.token
}
/** What a till sends. */
export const redeem = (body: unknown, call: HttpCall = {}) =>
  callApi(merchantApi, 'POST /v1/merchants/{merchantId}/redemptions', {
    subject: 'owner',
    scopes: ['till'],
    path: { merchantId },
    body,
    ...call,
  })
export const iso = (ms: number): string => new Date(ms).toISOString()
/** What a till says that it redeemed offline, at the store. */
export const reportOf = (requestId: string, token: string, atMs: number) => ({
  requestId,
  token,
  redeemedAt: iso(atMs),
  storeId: store.id,
})
type Report = Omit<ReturnType<typeof reportOf>, 'storeId'> & { readonly storeId?: string }
/** A batch as it is, whatever stands in it. */
export const syncBody = (subject: string, body: unknown, merchant = merchantId) =>
  callApi(merchantApi, 'POST /v1/merchants/{merchantId}/redemptions:sync', {
    subject,
    scopes: ['till'],
    path: { merchantId: merchant },
    body,
  })
/** What a till that was offline sends; answers the results. */
export const sync = async (
  subject: string,
  till: string,
  redemptions: readonly Report[],
  merchant = merchantId,
) => {
  const { status, body } = await syncBody(subject, { till, redemptions }, merchant)
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body.results
}
export const keySet = async () =>
  (
    await callApi(merchantApi, 'GET /v1/merchants/{merchantId}/signing-keys', {
      subject: 'owner',
      scopes: ['till'],
      path: { merchantId },
    })
  ).body
export const stockOf = async (offerId: string) => {
  const shard = (await tables.allOf(tables.ledger)).find(({ pk }) => pk === `OFFER#${offerId}#0`)
  return { free: shard?.['free'], reserved: shard?.['reserved'], confirmed: shard?.['confirmed'] }
}
