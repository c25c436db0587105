import { gunzipSync } from 'node:zlib'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { base64url, CompactSign, compactVerify, createLocalJWKSet, generateKeyPair } from 'jose'
import { encodeQR } from 'qr'
import { describe, expect, test } from 'vitest'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import {
  alice,
  askToken,
  clock,
  granted,
  keySet,
  MINUTE,
  redeem,
  rivalId,
  rotate,
  stockOf,
  store,
  tables,
  tokenOf,
} from '#test/functions/redemptions/world.ts'
import { readQr } from '#test/support/read-qr.ts'

await rotate(clock.nowMs)

const partsOf = (token: string) =>
  token.split('.').map((part) => new TextDecoder().decode(base64url.decode(part)))
const textOf = (value: unknown) => base64url.encode(new TextEncoder().encode(JSON.stringify(value)))

describe('a redemption token', () => {
  test('names grant, merchant and offer, and nobody', async () => {
    const { grantId, offerId } = await granted()
    const { status, body } = await askToken(grantId)
    expect(status).toBe(201)
    expect(body.expiresAt).toBe(new Date(clock.nowMs + 10 * MINUTE).toISOString())
    const [header = '', payload = ''] = partsOf(body.token)
    const { keys } = await keySet()
    expect(JSON.parse(header)).toEqual({ alg: 'EdDSA', kid: keys[0].kid })
    expect(JSON.parse(payload)).toEqual({
      merchantId: expect.stringMatching(/^mer_/),
      grantId,
      offerId,
      iat: clock.nowMs / 1000,
      exp: clock.nowMs / 1000 + 600,
    })
    expect(body.token).not.toContain(alice)
  })

  test('fits a QR code that a phone shows and a till reads', async () => {
    const { grantId } = await granted()
    const token = await tokenOf(grantId)
    const modules = encodeQR(token, 'raw', { ecc: 'medium', border: 4 })
    // Version 14: on a screen 6 cm wide a module is 0.7 mm.
    expect([token.length <= 362, modules.length - 8]).toEqual([true, 17 + 4 * 14])
    expect(readQr(modules)).toBe(token)
  })

  test('is checked by a till that is offline with the published keys alone', async () => {
    const { grantId } = await granted()
    const keys = createLocalJWKSet(await keySet())
    const { payload } = await compactVerify(await tokenOf(grantId), keys)
    expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject({ grantId })
  })

  test('claims the offer, so that its unit does not go back while a till has it', async () => {
    const { grantId, offerId } = await granted()
    await tokenOf(grantId)
    await tokenOf(grantId)
    expect(await stockOf(offerId)).toEqual({ free: 9, reserved: 0, confirmed: 1 })
  })

  test('ends with the offer', async () => {
    const { grantId } = await granted({ validityS: 90 })
    expect((await askToken(grantId)).body.expiresAt).toBe(new Date(clock.nowMs + 90_000).toISOString())
    clock.advance(90_000)
    const late = await askToken(grantId)
    expect([late.status, late.body.code]).toEqual([410, 'grantExpired'])
  })

  test('is made for its own customer only', async () => {
    const { grantId } = await granted()
    const nobodys = await askToken('grt_01J0000000000000000000000A', 'bob')
    const others = await askToken(grantId, 'bob')
    expect(others.status).toBe(404)
    expect(others.body).toEqual(nobodys.body)
  })

  test('is not made of what is redeemed', async () => {
    const { grantId, code } = await granted()
    const { body } = await redeem({ code, storeId: store.id })
    const again = await askToken(grantId)
    expect(again.status).toBe(409)
    expect(again.body).toMatchObject({
      code: 'alreadyRedeemed',
      redeemedAt: body.redeemedAt,
      storeId: store.id,
    })
  })
})

describe('a till', () => {
  test('redeems a token in one call; a second use tells when and where', async () => {
    const { grantId, offerId } = await granted()
    const token = await tokenOf(grantId)
    const first = await redeem({ token, storeId: store.id, till: 'Till 2' })
    expect([first.status, first.body.grantId, first.body.storeId]).toEqual([200, grantId, store.id])
    clock.advance(1000)
    const second = await redeem({ token })
    expect(second.status).toBe(409)
    expect(second.body).toMatchObject({
      code: 'alreadyRedeemed',
      redeemedAt: first.body.redeemedAt,
      storeId: store.id,
      till: 'Till 2',
    })
    expect(Object.keys(second.body).slice(0, 3)).toEqual(['type', 'title', 'status'])
    expect(await stockOf(offerId)).toEqual({ free: 9, reserved: 0, confirmed: 1 })
  })

  test('redeems a grant once, whether by its token, another one or its code', async () => {
    const { grantId, code } = await granted()
    const first = await tokenOf(grantId)
    clock.advance(1000)
    const second = await tokenOf(grantId)
    expect((await redeem({ token: second })).status).toBe(200)
    expect((await redeem({ token: first })).status).toBe(409)
    expect((await redeem({ code })).status).toBe(409)
  })

  test('is one of a hundred with the same token, and one is served', async () => {
    const { grantId, offerId } = await granted()
    const token = await tokenOf(grantId)
    const answers = await Promise.all(Array.from({ length: 100 }, () => redeem({ token })))
    const statuses = Map.groupBy(answers, ({ status }) => status)
    expect(statuses.get(200)).toHaveLength(1)
    expect(statuses.get(409)).toHaveLength(99)
    expect(await stockOf(offerId)).toEqual({ free: 9, reserved: 0, confirmed: 1 })
  })

  test('is told that a token is over, and that the customer can have another', async () => {
    const { grantId } = await granted()
    const token = await tokenOf(grantId)
    clock.advance(10 * MINUTE - 1)
    const otherToken = await tokenOf(grantId)
    clock.advance(1)
    const late = await redeem({ token })
    expect([late.status, late.body.code]).toEqual([410, 'tokenExpired'])
    expect(late.body.expiredAt).toBe(new Date(clock.nowMs).toISOString())
    expect((await redeem({ token: otherToken })).status).toBe(200)
  })

  test('of another merchant finds nothing, and uses nothing up', async () => {
    const { grantId } = await granted()
    const token = await tokenOf(grantId)
    const foreign = await redeem({ token }, { subject: 'rival', path: { merchantId: rivalId } })
    expect(foreign.status).toBe(404)
    expect((await redeem({ token })).status).toBe(200)
  })

  test('lets nobody in with a token that is forged', async () => {
    const { grantId } = await granted()
    const token = await tokenOf(grantId)
    const [header = '', payload = '', signature = ''] = token.split('.')
    const { kid, x } = (await keySet()).keys[0]
    const claims = JSON.parse(partsOf(token)[1] ?? '')
    const longer = textOf({ ...claims, exp: claims.exp + 3600 })
    const { privateKey } = await generateKeyPair('EdDSA')
    const sign = (alg: string, key: Parameters<CompactSign['sign']>[0], name = kid) =>
      new CompactSign(base64url.decode(payload)).setProtectedHeader({ alg, kid: name }).sign(key)
    const forged = {
      'a longer life': `${header}.${longer}.${signature}`,
      'another signature': `${header}.${payload}.${'A'.repeat(86)}`,
      'no algorithm': `${textOf({ alg: 'none', kid })}.${payload}.`,
      'the public key as a secret': await sign('HS256', base64url.decode(x)),
      'a key of its own under our name': await sign('EdDSA', privateKey),
      'a key that nobody knows': await sign('EdDSA', privateKey, 'unknown'),
      'no name of a key': await new CompactSign(base64url.decode(payload))
        .setProtectedHeader({ alg: 'EdDSA' })
        .sign(privateKey),
      'no JSON in its header': `AAAA.${payload}.${signature}`,
    }
    for (const [how, text] of Object.entries(forged)) {
      const { status, body } = await redeem({ token: text })
      expect([how, status, body.errors?.[0].pointer]).toEqual([how, 404, '/token'])
    }
    expect((await redeem({ token })).status).toBe(200)
  })

  test.each([
    [{}, '', 'a token or a code is needed'],
    [{ till: 'north' }, '', 'a token or a code is needed'],
    [{ token: 'a.b.c', code: 'ABCDE-FGHJK' }, '', 'only one of token and code'],
    [{ token: 'no.token' }, '/token', undefined],
    [{ code: '' }, '/code', 'at least 1 character'],
    [{ code: 'ABCDE-FGHJK', shop: 1 }, '/shop', 'unknown member'],
  ])('sends a token or a code, not %j', async (request, pointer, detail) => {
    const { status, body } = await redeem(request)
    expect([status, body.errors.length, body.errors[0].pointer]).toEqual([400, 1, pointer])
    if (detail !== undefined) expect(body.errors[0].detail).toBe(detail)
  })
})

test('an erased customer leaves nothing by which a token is found', async () => {
  const { grantId } = await granted({ subject: 'carol' })
  const token = await tokenOf(grantId, 'carol')
  const erase = createEraseCustomer(tables, async () => {})
  await erase(userIdOf('carol'), clock.nowMs)
  const left = (await tables.allOf(tables.ledger)).filter((item) => JSON.stringify(item).includes(grantId))
  expect(left).toEqual([])
  expect((await redeem({ token })).status).toBe(404)
  expect((await askToken(grantId, 'carol')).status).toBe(404)
})

test('the answer that a till may ask for again goes with the customer', async () => {
  const { grantId } = await granted({ subject: 'dora' })
  const token = await tokenOf(grantId, 'dora')
  const call = { headers: { 'idempotency-key': 'till-1' } }
  const answer = await redeem({ token }, call)
  expect(await redeem({ token }, call)).toMatchObject({ status: 200, body: answer.body })
  await createEraseCustomer(tables, async () => {})(userIdOf('dora'), clock.nowMs)
  const texts = (await tables.allOf(tables.ledger)).map((item) =>
    item['answer'] instanceof Uint8Array ? gunzipSync(item['answer']).toString() : JSON.stringify(item),
  )
  expect(texts.filter((text) => text.includes(grantId))).toEqual([])
})

test('a grant without an offer has nothing to redeem', async () => {
  const grantId = 'grt_01J0000000000000000000000B'
  await tables.client.send(
    new PutCommand({
      TableName: tables.ledger,
      Item: {
        pk: `U#${alice}`,
        sk: `GRANT#${grantId}`,
        kind: 'grant',
        user: alice,
        grantId,
        merchantId: rivalId,
        sceneId: 'scn_01J0000000000000000000000B',
        state: 'reserved',
        grantedAt: new Date(clock.nowMs).toISOString(),
      },
    }),
  )
  expect((await askToken(grantId)).status).toBe(404)
})
