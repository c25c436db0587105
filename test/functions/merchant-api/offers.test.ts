import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { createOfferRecords } from '#shared/adapters/dynamodb/catalog/offer-records.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { shardOf } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { newId, userIdOf } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { DEAD_MS, dieUnanswered } from '#test/support/die-unanswered.ts'
import { createTables } from '#test/support/engine.ts'
import { giveGrant } from '#test/support/grants.ts'
import { callApi, type HttpCall } from '#test/support/http-event.ts'
import { created, newMerchant, offerBody, sceneBody, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
const clock = setClock(Date.UTC(2026, 10, 22, 10))

const { id: merchantId } = await newMerchant(handler, 'owner')
const path = { merchantId }
const offerOf = (changes?: Readonly<Record<string, unknown>>) =>
  created(handler, 'POST /v1/merchants/{merchantId}/offers', {
    subject: 'owner',
    path,
    body: offerBody(changes),
  })
const put = (offerId: string, changes: Readonly<Record<string, unknown>>) =>
  callApi(handler, 'PUT /v1/merchants/{merchantId}/offers/{offerId}', {
    subject: 'owner',
    path: { merchantId, offerId },
    body: offerBody(changes),
  })
const stockOf = async (offerId: string) =>
  (await tables.allOf(tables.ledger))
    .filter((item) => item['kind'] === 'stock' && item['offerId'] === offerId)
    .toSorted((a, b) => String(a['pk']).localeCompare(String(b['pk'])))
const sumOf = async (offerId: string) => {
  const sum = { free: 0, reserved: 0, confirmed: 0 }
  for (const shard of await stockOf(offerId)) {
    sum.free += Number(shard['free'])
    sum.reserved += Number(shard['reserved'])
    sum.confirmed += Number(shard['confirmed'])
  }
  return sum
}

const CODE = 'ABCDEFGHJK'
const alice = userIdOf('alice')
let given = 0
/** A grant of a new offer with ten units. */
const granted = async (validityS?: number) => {
  const offer = await offerOf()
  given += 1
  const code = `${CODE.slice(0, 8)}${String(given).padStart(2, '0')}`
  const grant = await giveGrant(tables.client, tables.ledger, {
    user: alice,
    merchantId,
    offerId: offer.id,
    code,
    grantedAtMs: clock.nowMs,
    ...(validityS !== undefined && { validityS }),
  })
  return { ...grant, offerId: offer.id as string, code }
}
const redeem = (body: unknown, call: HttpCall = {}) =>
  callApi(handler, 'POST /v1/merchants/{merchantId}/redemptions', {
    subject: 'owner',
    scopes: ['till'],
    path,
    body,
    ...call,
  })

describe('an offer', () => {
  test('is created with its stock', async () => {
    const small = await offerOf({ stock: 10 })
    expect(small).toMatchObject({ stock: 10, stockShards: 1, revision: 1 })
    expect(await stockOf(small.id)).toEqual([
      {
        pk: `OFFER#${small.id}#0`,
        sk: 'STOCK',
        kind: 'stock',
        offerId: small.id,
        merchantId,
        free: 10,
        reserved: 0,
        confirmed: 0,
      },
    ])
    const large = await offerOf({ stock: 1001 })
    expect(await stockOf(large.id)).toHaveLength(16)
    expect(await sumOf(large.id)).toEqual({ free: 1001, reserved: 0, confirmed: 0 })
  })

  test('that gets more stock has it free at once', async () => {
    const offer = await offerOf({ stock: 160 })
    const { status, body } = await put(offer.id, { stock: 175 })
    expect(status).toBe(200)
    expect(body).toMatchObject({ stock: 175, stockShards: offer.stockShards, revision: 2 })
    expect(await sumOf(offer.id)).toEqual({ free: 175, reserved: 0, confirmed: 0 })
  })

  test('gives up only units that are free', async () => {
    const { offerId } = await granted()
    const tooFew = await put(offerId, { stock: 0 })
    expect(tooFew.status).toBe(409)
    expect(tooFew.body.code).toBe('stockInUse')
    expect(await sumOf(offerId)).toEqual({ free: 9, reserved: 1, confirmed: 0 })
    expect((await put(offerId, { stock: 1 })).status).toBe(200)
    expect(await sumOf(offerId)).toEqual({ free: 0, reserved: 1, confirmed: 0 })
  })

  test('goes with its stock, but not while a unit is reserved or a scene names it', async () => {
    const remove = (offerId: string) =>
      callApi(handler, 'DELETE /v1/merchants/{merchantId}/offers/{offerId}', {
        subject: 'owner',
        path: { merchantId, offerId },
      })
    const reserved = await remove((await granted()).offerId)
    expect([reserved.status, reserved.body.heldBy]).toEqual([409, [{ type: 'grant' }]])
    const named = await offerOf()
    const scene = await created(handler, 'POST /v1/merchants/{merchantId}/scenes', {
      subject: 'owner',
      path,
      body: sceneBody({ offerId: named.id }),
    })
    expect((await remove(named.id)).body).toMatchObject({
      code: 'inUse',
      heldBy: [{ type: 'scene', id: scene.id }],
    })
    const free = await offerOf()
    expect((await remove(free.id)).status).toBe(204)
    expect(await stockOf(free.id)).toEqual([])
  })
})

describe('an offer for the store', () => {
  const textOf = (body: string) => ({ push: { title: 'Hello', body } })
  const message = (body: string) => ({ ...textOf(body), ttlS: 3600 })
  const NAMES_CODE = "{{ merchant.name }}: {{ offer.code | default: 'come in' }}"
  const sceneOf = (changes: Readonly<Record<string, unknown>>) =>
    callApi(handler, 'POST /v1/merchants/{merchantId}/scenes', {
      subject: 'owner',
      path,
      body: sceneBody({ state: 'active', ...changes }),
    })

  test('has no code that a scene could name', async () => {
    const offer = await offerOf({ redeemAt: 'store' })
    const { status, body } = await sceneOf({ offerId: offer.id, message: message(NAMES_CODE) })
    expect([status, body.errors]).toEqual([
      422,
      [
        {
          pointer: '/message/push/body',
          detail:
            'The offer is redeemed at the store, by a token and without a code: offer.code would be missing.',
        },
      ],
    ])
    const plain = await sceneOf({ offerId: offer.id, message: message('{{ merchant.name }}: come in') })
    expect(plain.status).toBe(201)
  })

  test('is not made of one whose code a scene names, nor of one with a list of codes', async () => {
    const offer = await offerOf()
    const locales = { de: textOf(NAMES_CODE) }
    const scene = await sceneOf({ offerId: offer.id, message: { ...message(NAMES_CODE), locales } })
    expect(scene.status).toBe(201)
    await sceneOf({ offerId: offer.id, message: message(NAMES_CODE), state: 'draft' })
    await sceneOf({ offerId: (await offerOf()).id, message: message(NAMES_CODE) })
    const refused = await put(offer.id, { redeemAt: 'store' })
    expect([refused.status, refused.body.errors]).toEqual([
      422,
      ['/message/push/body', '/message/locales/de/push/body'].map((pointer) => ({
        pointer: '/redeemAt',
        detail: `the scene ${scene.body.id} names offer.code at ${pointer}, and an offer for the store has none`,
      })),
    ])
    const replaced = await callApi(handler, 'PUT /v1/merchants/{merchantId}/scenes/{sceneId}', {
      subject: 'owner',
      path: { merchantId, sceneId: scene.body.id },
      body: sceneBody({ state: 'active', offerId: offer.id }),
    })
    expect(replaced.status).toBe(200)
    expect((await put(offer.id, { redeemAt: 'store' })).status).toBe(200)
    const listed = await put((await offerOf({ codes: 'list' })).id, { codes: 'list', redeemAt: 'store' })
    expect([listed.status, listed.body.errors[0].pointer]).toEqual([400, '/redeemAt'])
  })
})

describe('a redemption', () => {
  test('confirms the unit, marks the act and counts, however the code is written', async () => {
    const { grantId, sceneId, offerId, code } = await granted()
    clock.advance(60_000)
    const { status, body } = await redeem({ code: ` ${code.slice(0, 5)}-${code.slice(5)} `.toLowerCase() })
    expect(status).toBe(200)
    expect(body).toEqual({
      grantId,
      merchantId,
      sceneId,
      offerId,
      offerName: 'Free coffee',
      state: 'redeemed',
      grantedAt: new Date(clock.nowMs - 60_000).toISOString(),
      redeemedAt: new Date(clock.nowMs).toISOString(),
    })
    expect(await sumOf(offerId)).toEqual({ free: 9, reserved: 0, confirmed: 1 })
    const items = await tables.allOf(tables.ledger)
    expect(items.find((item) => item['sk'] === `M#${merchantId}`)).toMatchObject({
      kind: 'relationship',
      user: alice,
      actedAt: body.redeemedAt,
    })
    const counter = items.find((item) => item['pk'] === `SCENE#${sceneId}#${shardOf(alice, 32)}`)
    expect(counter).toMatchObject({ sk: 'COUNT#2026-11-22#-#treated', redeemed: 1 })
  })

  test('happens once: the second is told when and where', async () => {
    const { offerId, code } = await granted()
    const store = await created(handler, 'POST /v1/merchants/{merchantId}/stores', {
      subject: 'owner',
      path,
      body: { name: 'Till', ...UNION_SQUARE },
    })
    const first = await redeem({ code, storeId: store.id })
    expect(first.body.storeId).toBe(store.id)
    clock.advance(1000)
    const second = await redeem({ code })
    expect(second.status).toBe(409)
    expect(second.body).toMatchObject({
      code: 'alreadyRedeemed',
      redeemedAt: first.body.redeemedAt,
      storeId: store.id,
    })
    expect(await sumOf(offerId)).toEqual({ free: 9, reserved: 0, confirmed: 1 })
  })

  test('sent again by the same till gets the same answer', async () => {
    const { offerId, code } = await granted()
    const headers = { 'idempotency-key': 'till-7-0001' }
    const first = await redeem({ code }, { headers })
    clock.advance(1000)
    const again = await redeem({ code }, { headers })
    expect([again.status, again.body]).toEqual([200, first.body])
    expect((await redeem({ code }, { headers: { 'idempotency-key': 'till-8-0001' } })).status).toBe(409)
    expect(await sumOf(offerId)).toEqual({ free: 9, reserved: 0, confirmed: 1 })
  })

  test('raced by many tills has one winner', async () => {
    const { offerId, code } = await granted()
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeem({ code })))
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 409)])
    expect(await sumOf(offerId)).toEqual({ free: 9, reserved: 0, confirmed: 1 })
  })

  test.each([['ZZZZZ-ZZZZZ'], ['short'], ['UUUUU-UUUUU'], ['!!!!!-!!!!!']])(
    'of a code that was never given (%s) finds nothing',
    async (code) => {
      const { status, body } = await redeem({ code })
      expect(status).toBe(404)
      expect(body.errors).toEqual([{ pointer: '/code', detail: 'the merchant gave out no such code' }])
    },
  )

  test("of another merchant's code finds nothing, and leaves it", async () => {
    const { offerId, code } = await granted()
    const { id: other } = await newMerchant(handler, 'rival')
    const rivals = await redeem({ code }, { subject: 'rival', path: { merchantId: other } })
    const nobodys = await redeem({ code: 'ZZZZZZZZZZ' }, { subject: 'rival', path: { merchantId: other } })
    expect(rivals).toEqual(nobodys)
    expect(rivals.status).toBe(404)
    expect(await sumOf(offerId)).toEqual({ free: 9, reserved: 1, confirmed: 0 })
  })

  test('after its time is too late', async () => {
    const { code } = await granted(60)
    clock.advance(60_000)
    const { status, body } = await redeem({ code })
    expect(status).toBe(410)
    expect(body).toMatchObject({ code: 'grantExpired', validUntil: new Date(clock.nowMs).toISOString() })
  })

  test('at a store of somebody else is refused', async () => {
    const { code } = await granted()
    const { status, body } = await redeem({ code, storeId: 'sto_01J0000000000000000000000A' })
    expect(status).toBe(422)
    expect(body.errors[0].pointer).toBe('/storeId')
  })

  test('needs the till or the merchant scope', async () => {
    expect((await redeem({ code: CODE }, { scopes: ['customer'] })).status).toBe(403)
    expect((await redeem({ code: CODE }, { scopes: ['merchant'] })).status).toBe(404)
  })

  test('of an erased customer finds nothing', async () => {
    const { code } = await granted()
    const Item = { pk: `U#${alice}`, sk: 'PROFILE', kind: 'tombstone', tombstone: true }
    await tables.client.send(new PutCommand({ TableName: tables.ledger, Item }))
    expect((await redeem({ code })).status).toBe(404)
    const answer = await tables.client.send(
      new GetCommand({ TableName: tables.ledger, Key: { pk: `U#${alice}`, sk: 'PROFILE' } }),
    )
    expect(answer.Item).toEqual(Item)
  })
})

describe('a top-up', () => {
  const change = (offerId: string, add: number, call: HttpCall = {}) =>
    callApi(handler, 'POST /v1/merchants/{merchantId}/offers/{offerId}/stock-changes', {
      subject: 'owner',
      path: { merchantId, offerId },
      body: { add },
      ...call,
    })

  test('adds to whatever the stock is meanwhile, also when two do it at once', async () => {
    const { id } = await offerOf({ stock: 10 })
    const both = await Promise.all([change(id, 5), change(id, 7)])
    expect(both.map(({ status }) => status)).toEqual([200, 200])
    expect((await change(id, -2)).body).toMatchObject({ stock: 20, revision: 4 })
    expect(await sumOf(id)).toEqual({ free: 20, reserved: 0, confirmed: 0 })
  })

  test('that is sent again with its name adds nothing', async () => {
    const { id } = await offerOf({ stock: 10 })
    const headers = { 'idempotency-key': 'top-up-1' }
    const first = await change(id, 5, { headers })
    expect((await change(id, 5, { headers })).body).toEqual(first.body)
    expect(await sumOf(id)).toMatchObject({ free: 15 })
  })

  test.each([5, -5])(
    'of %i units whose function died before it answered is not done again, and answered as the offer is by then',
    async (add) => {
      const { id } = await offerOf({ stock: 8 })
      const headers = { 'idempotency-key': `dies-${add}`, 'if-match': '"1"' }
      expect((await change(id, add, { headers })).body.stock).toBe(8 + add)
      await change(id, 1)
      await dieUnanswered(tables)
      clock.advance(DEAD_MS)
      const second = await change(id, add, { headers })
      expect(second.body).toMatchObject({ stock: 9 + add, revision: 3 })
      expect(second.headers).toMatchObject({ etag: '"3"' })
      expect(second.headers).not.toHaveProperty('idempotency-replayed')
      expect(await sumOf(id)).toMatchObject({ free: 9 + add })
      expect((await change(id, add, { headers })).headers['idempotency-replayed']).toBe('true')
      expect((await change(id, add, { headers: { 'idempotency-key': `other-${add}` } })).status).toBe(
        add > 0 ? 200 : 422,
      )
    },
  )

  /** A try of one request, straight at the records. */
  const tryOf = ({ merchantId, id }: Offer) => {
    const author = { user: userIdOf('owner'), role: 'owner', requestId: 'r', atMs: clock.nowMs } as const
    const done = newId('wrt')
    const add = (current: Offer) => ({
      ...current,
      stock: current.stock + 5,
      revision: current.revision + 1,
    })
    return (client = tables.client) =>
      createOfferRecords({ ...tables, client }).replace(merchantId, id, author, add, undefined, done)
  }

  test('is one also where two tries of it are made at once', async () => {
    const offer: Offer = await offerOf({ stock: 10 })
    const attempt = tryOf(offer)
    const tries = await Promise.all(Array.from({ length: 4 }, () => attempt()))
    expect(tries.map((saved) => saved.kind === 'saved' && saved.entity.stock)).toEqual([15, 15, 15, 15])
    expect(await sumOf(offer.id)).toMatchObject({ free: 15 })
  })

  test('is one also where another try of it ends after this one has looked whether there was one', async () => {
    const offer: Offer = await offerOf({ stock: 10 })
    const attempt = tryOf(offer)
    const client = createDocumentClient()
    let isFirst = true
    client.middlewareStack.add(
      (next) => async (args) => {
        if (isFirst && JSON.stringify(args.input).includes(offer.id)) {
          isFirst = false
          await attempt()
        }
        return await next(args)
      },
      { step: 'initialize' },
    )
    expect(await attempt(client)).toMatchObject({ kind: 'saved', entity: { stock: 15, revision: 2 } })
    expect(isFirst).toBe(false)
    client.destroy()
    expect(await sumOf(offer.id)).toMatchObject({ free: 15 })
  })

  test('without a name leaves nothing by which it would be known', async () => {
    const marks = async () => (await tables.allOf(tables.ledger)).filter(({ kind }) => kind === 'done').length
    const before = await marks()
    const { id } = await offerOf({ stock: 10 })
    await change(id, 5)
    expect(await marks()).toBe(before)
  })

  test('takes no more away than is free, and ends at what an offer may have', async () => {
    const { offerId } = await granted()
    expect((await change(offerId, -10)).body.code).toBe('stockInUse')
    expect((await change(offerId, -9)).status).toBe(200)
    expect((await change(offerId, -2)).body.errors[0].pointer).toBe('/add')
    expect((await change(offerId, 10_000_000)).status).toBe(422)
    expect((await change(offerId, 0)).status).toBe(400)
  })
})

describe('a list of codes', () => {
  const OFFER = '/v1/merchants/{merchantId}/offers/{offerId}'
  const add = (offerId: string, codes: readonly string[], subject = 'owner') =>
    callApi(handler, `POST ${OFFER}/codes`, { subject, path: { merchantId, offerId }, body: { codes } })

  test('grows by what is new, however a code is written, and tells what is not', async () => {
    const { id, stock } = await offerOf({ codes: 'list' })
    expect(stock).toBe(0)
    const first = await add(id, ['spring-1', 'SPRING 1', 'Spring-2'])
    expect([first.status, first.body]).toEqual([200, { added: 2, duplicates: ['SPRING 1'], left: 2 }])
    const both = await Promise.all([add(id, ['SPRING2', 'SPRING3']), add(id, ['SPRING3', 'SPRING4'])])
    expect(both.map(({ body }) => body.added).reduce((a, b) => a + b, 0)).toBe(2)
    expect(await sumOf(id)).toEqual({ free: 4, reserved: 0, confirmed: 0 })
    const shown = await callApi(handler, `GET ${OFFER}`, {
      subject: 'owner',
      path: { merchantId, offerId: id },
    })
    expect(shown.body).toMatchObject({ codes: 'list', stock: 4 })
  })

  test('is the stock: it is changed by codes alone, and goes with its offer', async () => {
    const { id } = await offerOf({ codes: 'list' })
    await add(id, ['AUTUMN1'])
    expect((await put(id, { codes: 'list', stock: 99 })).body.stock).toBe(1)
    expect((await put(id, { stock: 99 })).body.errors[0].pointer).toBe('/codes')
    const call = { subject: 'owner', path: { merchantId, offerId: id } }
    const topUp = await callApi(handler, `POST ${OFFER}/stock-changes`, { ...call, body: { add: 5 } })
    expect(topUp.body.errors[0].pointer).toBe('/add')
    expect((await callApi(handler, `DELETE ${OFFER}`, call)).status).toBe(204)
    expect(JSON.stringify(await tables.allOf(tables.ledger))).not.toContain('AUTUMN1')
    expect((await add(id, ['AUTUMN1'])).status).toBe(404)
  })

  test('is refused where codes are generated, for what is no code, and over 500 a call', async () => {
    expect((await add((await offerOf()).id, ['WINTER1'])).status).toBe(422)
    const { id } = await offerOf({ codes: 'list' })
    expect((await add(id, ['WINTER1', '<b>'])).body.errors[0].pointer).toBe('/codes/1')
    expect((await add(id, ['WINTER1', ''])).body.errors[0].pointer).toBe('/codes/1')
    // All or none.
    expect(await sumOf(id)).toEqual({ free: 0, reserved: 0, confirmed: 0 })
    const codes = Array.from({ length: 501 }, (_, n) => `CODE${n}`)
    expect((await add(id, codes)).status).toBe(400)
    expect((await add(id, codes.slice(1))).body).toMatchObject({ added: 500, left: 500 })
  })

  test('takes none of a call that would make more than an offer may have', async () => {
    const { id } = await offerOf({ codes: 'list' })
    const codesFrom = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => `FULL${from + n}`)
    for (let from = 0; from < 9500; from += 500) await add(id, codesFrom(from, 500))
    expect((await add(id, codesFrom(9500, 499))).body.left).toBe(9999)
    expect((await add(id, ['LAST1', 'LAST2'])).body.code).toBe('limitReached')
    expect((await add(id, ['LAST2', 'FULL1'])).body).toEqual({
      added: 1,
      duplicates: ['FULL1'],
      left: 10_000,
    })
    expect((await add(id, ['LAST1'])).body.code).toBe('limitReached')
  })
})
