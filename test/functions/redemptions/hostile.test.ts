import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { base64url, CompactSign, generateKeyPair, importJWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { createSignToken } from '#shared/adapters/tokens/redemption-tokens.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { parseRelationship } from '#shared/contracts/items/relationship.ts'
import { parseSecret, parseSigningKey, publicKeyKey } from '#shared/contracts/items/signing-key.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import {
  askToken,
  clock,
  DAY,
  granted,
  iso,
  keySet,
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
import { created, putMember, UNION_SQUARE } from '#test/support/merchants.ts'

await rotate(clock.nowMs)
const other = await created(merchantApi, 'POST /v1/merchants/{merchantId}/stores', {
  subject: 'owner',
  path: { merchantId },
  body: { name: 'Mission', ...UNION_SQUARE },
})
for (const [who, role] of [
  ['bea', 'staff'],
  ['ben', 'staff'],
  ['otto', 'auditor'],
] as const)
  await putMember(merchantApi, 'owner', merchantId, who, role)
await putMember(merchantApi, 'rival', rivalId, 'rick', 'staff')

const resultsOf = (results: readonly { readonly result: string }[]) => results.map(({ result }) => result)
const asTill = (name: string) => ({ headers: { 'idempotency-key': name } })
const REDEEMED = { free: 9, reserved: 0, confirmed: 1 }

/** The keys as they are stored, private halves included. */
const storedKeys = async () => {
  const items = await tables.allOf(tables.catalog)
  const keys = items.filter(({ pk, sk }) => pk === 'SIGNING-KEYS' && String(sk).startsWith('KEY#'))
  return keys.map(parseSigningKey)
}
const secretOf = async (kid: string) => {
  const items = await tables.allOf(tables.catalog)
  const item = items.find(({ pk, sk }) => pk === 'SIGNING-SECRETS' && String(sk).endsWith(kid))
  return item && parseSecret(item)
}
/** A token that our own key has signed, of whatever. */
const signed = (claims: Readonly<Record<string, unknown>>) =>
  createSignToken(
    storedKeys,
    secretOf,
    () => clock.nowMs,
  )({
    merchantId: id('mer').parse(merchantId),
    grantId: id('grt').parse('grt_01J0000000000000000000000A'),
    offerId: id('off').parse('off_01J0000000000000000000000A'),
    issuedAtMs: clock.nowMs,
    expiresAtMs: clock.nowMs + 10 * MINUTE,
    ...claims,
  })

describe('two tills', () => {
  test('at once online: one hands out, the other is told when and where', async () => {
    const { grantId, offerId } = await granted()
    const token = await tokenOf(grantId)
    const answers = await Promise.all([
      redeem({ token, storeId: store.id, till: 'Till 1' }, { subject: 'bea' }),
      redeem({ token, storeId: other.id, till: 'Till 2' }, { subject: 'ben' }),
    ])
    const [won, lost] = answers.toSorted((a, b) => a.status - b.status)
    expect([won?.status, lost?.status]).toEqual([200, 409])
    expect(lost?.body).toMatchObject({
      code: 'alreadyRedeemed',
      redeemedAt: iso(clock.nowMs),
      storeId: won?.body.storeId,
      till: won?.body.storeId === store.id ? 'Till 1' : 'Till 2',
    })
    expect(await stockOf(offerId)).toEqual(REDEEMED)
  })

  test.each([
    ['the earlier first', [1, 3]],
    ['the later first', [3, 1]],
  ])('that were offline report the same token, %s: who reports first counts', async (_, minutes) => {
    const { grantId, offerId } = await granted()
    const token = await tokenOf(grantId)
    const start = clock.nowMs
    clock.advance(DAY)
    const [first = 0, second = 0] = minutes
    const one = [reportOf('r', token, start + first * MINUTE)]
    const two = [reportOf('s', token, start + second * MINUTE)]
    const redeemedAt = iso(start + first * MINUTE)
    expect(resultsOf(await sync('bea', 'Till 1', one))).toEqual(['redeemed'])
    expect(await sync('ben', 'Till 2', two)).toMatchObject([{ result: 'doubleUse', first: { redeemedAt } }])
    // Sent again, both hear the same.
    expect(resultsOf(await sync('bea', 'Till 1', one))).toEqual(['repeated'])
    expect(await sync('ben', 'Till 2', two)).toMatchObject([{ result: 'doubleUse', first: { redeemedAt } }])
    expect(await stockOf(offerId)).toEqual(REDEEMED)
  })

  test.each<[string, string, string]>([
    ['of two members', 'ben', 'Till 1'],
    ['of one member', 'bea', 'Till 2'],
  ])('%s that give their redemptions the same name do not pass for one', async (_, member, till) => {
    const { grantId } = await granted()
    const token = await tokenOf(grantId)
    const body = { token, till: 'Till 1' }
    const first = await redeem(body, { subject: 'bea', ...asTill('1') })
    expect(first.status).toBe(200)
    expect((await redeem(body, { subject: 'bea', ...asTill('1') })).body).toEqual(first.body)
    const second = await redeem({ token, till }, { subject: member, ...asTill('1') })
    expect([second.status, second.body.code, second.body.till]).toEqual([409, 'alreadyRedeemed', 'Till 1'])
    expect(resultsOf(await sync('bea', 'Till 1', [reportOf('1', token, clock.nowMs)]))).toEqual(['repeated'])
    expect(resultsOf(await sync(member, till, [reportOf('1', token, clock.nowMs)]))).toEqual(['doubleUse'])
  })

  test('that report double uses under the same name are both listed', async () => {
    const { grantId } = await granted()
    const token = await tokenOf(grantId)
    await redeem({ token, till: 'Till 1' })
    for (const till of ['Till 2', 'Till 3']) {
      await sync('bea', till, [reportOf('1', token, clock.nowMs)])
      await sync('ben', till, [reportOf('1', token, clock.nowMs)])
      await sync('ben', till, [reportOf('1', token, clock.nowMs)])
    }
    const { body } = await callApi(merchantApi, 'GET /v1/merchants/{merchantId}/redemptions/double-uses', {
      subject: 'owner',
      path: { merchantId },
    })
    const listed = body.items.filter((item: { grantId: string }) => item.grantId === grantId)
    expect(listed).toHaveLength(4)
  })
})

describe('a till that lost the answer', () => {
  test('hears it again when the token is over', async () => {
    const { grantId } = await granted()
    const token = await tokenOf(grantId)
    const body = { token, storeId: store.id, till: 'Till 1' }
    const first = await redeem(body, asTill('lost-1'))
    clock.advance(11 * MINUTE)
    const again = await redeem(body, asTill('lost-1'))
    expect([again.status, again.body]).toEqual([200, first.body])
    const another = await redeem(body, asTill('lost-2'))
    expect([another.status, another.body.code]).toEqual([409, 'alreadyRedeemed'])
  })

  test('and never reached us redeems nothing with a token that is over', async () => {
    const { grantId, offerId } = await granted()
    const token = await tokenOf(grantId)
    clock.advance(10 * MINUTE)
    const late = await redeem({ token }, asTill('late-1'))
    expect([late.status, late.body.code, late.body.expiredAt]).toEqual([
      410,
      'tokenExpired',
      iso(clock.nowMs),
    ])
    expect((await askToken(grantId)).status).toBe(201)
    expect(await stockOf(offerId)).toEqual(REDEEMED)
  })
})

test('a token of another merchant’s offer is unknown, online and offline, whatever store it is shown at', async () => {
  const { grantId, offerId } = await granted()
  const token = await tokenOf(grantId)
  const foreign = { subject: 'rick', path: { merchantId: rivalId } }
  for (const body of [{ token }, { token, till: 'Till 1' }])
    expect((await redeem(body, foreign)).status).toBe(404)
  expect((await redeem({ token, storeId: store.id }, foreign)).status).toBe(422)
  const { storeId: _, ...report } = reportOf('r', token, clock.nowMs)
  const [reported] = await sync('rick', 'Till 1', [report], rivalId)
  expect(reported).toEqual({ requestId: 'r', result: 'refused', reason: 'unknownToken' })
  // Signed by our own key, but of a merchant that did not give the grant.
  const swapped = await signed({ grantId, offerId, merchantId: rivalId })
  expect((await redeem({ token: swapped }, foreign)).status).toBe(404)
  expect((await redeem({ token })).status).toBe(200)
})

test('who may redeem: every member of the merchant whose role allows it, at each of its stores', async () => {
  const { grantId } = await granted()
  const token = await tokenOf(grantId)
  await putMember(merchantApi, 'owner', merchantId, 'ada', 'agency')
  const statuses = []
  for (const subject of ['rick', 'nobody', 'ada', 'otto'])
    statuses.push((await redeem({ token }, { subject })).status)
  expect(statuses).toEqual([404, 404, 403, 403])
  expect((await redeem({ token }, { subject: 'bea', scopes: ['customer'] })).status).toBe(403)
  expect((await redeem({ token, storeId: other.id }, { subject: 'bea' })).status).toBe(200)
  await callApi(merchantApi, 'DELETE /v1/merchants/{merchantId}/members/{userId}', {
    subject: 'owner',
    path: { merchantId, userId: userIdOf('ben') },
  })
  const report = [reportOf('gone', token, clock.nowMs)]
  await expect(sync('ben', 'Till 2', report)).rejects.toThrow('404')
  await putMember(merchantApi, 'owner', merchantId, 'ben', 'staff')
})

describe('what was given is redeemed', () => {
  test('also of a merchant that is suspended: its scenes are silent, its customers keep what they have', async () => {
    const { grantId, offerId } = await granted()
    const suspend = (suspended: boolean) =>
      callApi(merchantApi, 'PUT /v1/platform/merchants/{merchantId}/suspension', {
        subject: 'operator',
        scopes: ['operator'],
        path: { merchantId },
        body: { suspended, ...(suspended && { reason: 'spam' }) },
      })
    expect((await suspend(true)).status).toBe(200)
    const token = await tokenOf(grantId)
    expect((await redeem({ token })).status).toBe(200)
    expect(await stockOf(offerId)).toEqual(REDEEMED)
    await suspend(false)
  })

  test('also by a customer whom the merchant has blocked since, who stays blocked', async () => {
    const { grantId } = await granted({ subject: 'bob' })
    await tokenOf(grantId, 'bob')
    const customer = { subject: 'owner', path: { merchantId, userId: userIdOf('bob') } }
    const blocked = await callApi(merchantApi, 'PUT /v1/merchants/{merchantId}/customers/{userId}/block', {
      ...customer,
      body: { reason: 'no-shows' },
    })
    expect(blocked.status).toBe(200)
    expect((await redeem({ token: await tokenOf(grantId, 'bob') })).status).toBe(200)
    const item = (await tables.allOf(tables.ledger)).find(
      ({ pk, sk }) => pk === `U#${userIdOf('bob')}` && sk === `M#${merchantId}`,
    )
    expect(parseRelationship(item).relationship.block).toMatchObject({ reason: 'no-shows' })
  })

  test('but not what was given back, by token or code, on or offline', async () => {
    const { grantId, code } = await granted()
    const token = await tokenOf(grantId)
    await tables.client.send(
      new UpdateCommand({
        TableName: tables.ledger,
        Key: { pk: `U#${userIdOf('alice')}`, sk: `GRANT#${grantId}` },
        UpdateExpression: 'SET #state = :state, releasedBy = :by',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':state': 'released', ':by': 'message' },
      }),
    )
    for (const shown of [{ token }, { code }]) expect((await redeem(shown)).body.code).toBe('grantReleased')
    expect((await askToken(grantId)).body.code).toBe('grantReleased')
    const [released] = await sync('bea', 'Till 1', [reportOf('released', token, clock.nowMs)])
    expect(released).toMatchObject({ result: 'refused', reason: 'grantReleased' })
  })

  test('but not what is over, except what a till that was offline took in time', async () => {
    const { grantId, code, offerId } = await granted({ validityS: 1800 })
    const token = await tokenOf(grantId)
    const start = clock.nowMs
    clock.advance(30 * MINUTE)
    for (const shown of [{ token }, { code }]) {
      const { status, body } = await redeem(shown)
      expect([status, body.code]).toEqual([410, 'grantExpired'])
    }
    const [counted] = await sync('bea', 'Till 1', [reportOf('in-time', token, start + 5 * MINUTE)])
    expect(counted).toMatchObject({ result: 'redeemed', redemption: { redeemedAt: iso(start + 5 * MINUTE) } })
    expect(await stockOf(offerId)).toEqual(REDEEMED)
  })
})

test('what a till dates into the future, before the token or after it', async () => {
  const dated = async (minutes: number) => {
    const token = await tokenOf((await granted()).grantId)
    const issued = clock.nowMs
    clock.advance(MINUTE)
    const [result] = await sync('bea', 'Till 1', [reportOf(`at${minutes}`, token, issued + minutes * MINUTE)])
    return result.reason ?? (Date.parse(result.redemption.redeemedAt) - issued) / MINUTE
  }
  // No later than now, no earlier than the token, whatever a clock says that is off by no more than ten minutes.
  expect([await dated(8), await dated(19), await dated(-9)]).toEqual([1, 1, 0])
  expect([await dated(21), await dated(-11), await dated(100_000)]).toEqual(Array(3).fill('outsideTokenLife'))
})

describe('a key', () => {
  const claimsOf = (token: string) => base64url.decode(token.split('.')[1] ?? '')
  const forged = async (header: { readonly alg: string } & Record<string, unknown>) => {
    const token = await tokenOf((await granted()).grantId)
    const { privateKey } = await generateKeyPair('EdDSA')
    return await new CompactSign(claimsOf(token)).setProtectedHeader(header).sign(privateKey)
  }

  test('of the bearer’s own is not taken, wherever the header names it', async () => {
    const { kid } = (await keySet()).keys[0]
    const headers = [
      { alg: 'EdDSA', kid, jwk: { kty: 'OKP' } },
      { alg: 'EdDSA', kid, jku: 'https://evil.example/keys' },
      { alg: 'EdDSA', kid: '__proto__' },
      { alg: 'Ed25519', kid },
    ]
    for (const header of headers) {
      const answer = await redeem({ token: await forged(header) })
      expect([header, answer.status]).toEqual([header, 404])
    }
  })

  test('with which something else was signed does not make a token of it', async () => {
    const { kid } = (await keySet()).keys[0]
    const secret = await secretOf(kid)
    if (secret === undefined) throw new Error('no secret')
    const key = await importJWK({ ...secret }, 'EdDSA')
    const sign = (text: string) =>
      new CompactSign(new TextEncoder().encode(text)).setProtectedHeader({ alg: 'EdDSA', kid }).sign(key)
    for (const text of ['hello', '[]', '{"merchantId":1}', 'null'])
      expect([text, (await redeem({ token: await sign(text) })).status]).toEqual([text, 404])
  })

  test('that was removed checks nothing any more, five minutes later', async () => {
    const { grantId } = await granted({ validityS: 90 * 86_400 })
    const before = (await keySet()).keys.map(({ kid }: { kid: string }) => kid)
    clock.advance(29 * DAY)
    await rotate(clock.nowMs)
    clock.advance(DAY)
    const token = await tokenOf(grantId)
    const { kid } = JSON.parse(new TextDecoder().decode(base64url.decode(token.split('.')[0] ?? '')))
    expect(before).not.toContain(kid)
    await tables.client.send(new DeleteCommand({ TableName: tables.catalog, Key: publicKeyKey(kid) }))
    clock.advance(6 * MINUTE)
    const answer = await redeem({ token })
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([404, '/token'])
    const [reported] = await sync('bea', 'Till 1', [reportOf('removed', token, clock.nowMs)])
    expect(reported.reason).toBe('unknownToken')
  })
})
