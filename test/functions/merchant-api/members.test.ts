import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { newMerchant, putMember } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
const clock = setClock(Date.UTC(2026, 10, 22, 10))

const MEMBER = '/v1/merchants/{merchantId}/members/{userId}'
const put = (subject: string, merchantId: string, whom: string, body: unknown) =>
  callApi(handler, `PUT ${MEMBER}`, { subject, path: { merchantId, userId: userIdOf(whom) }, body })
const remove = (subject: string, merchantId: string, whom: string) =>
  callApi(handler, `DELETE ${MEMBER}`, { subject, path: { merchantId, userId: userIdOf(whom) } })
const list = (subject: string, merchantId: string) =>
  callApi(handler, 'GET /v1/merchants/{merchantId}/members', { subject, path: { merchantId } })
const merchantsOf = async (subject: string) =>
  (await callApi(handler, 'GET /v1/merchants', { subject })).body.items

describe('members', () => {
  test('tell their id, are added by it, change their role and go', async () => {
    const { id: merchantId } = await newMerchant(handler, 'anna', 'Blue Door')
    const { body: bert } = await callApi(handler, 'GET /v1/user', { subject: 'bert', scopes: ['merchant'] })
    expect(bert).toEqual({ userId: userIdOf('bert') })

    const added = await put('anna', merchantId, 'bert', { role: 'staff' })
    expect(added.status).toBe(201)
    expect(added.body).toEqual({
      userId: bert.userId,
      role: 'staff',
      addedAt: '2026-11-22T10:00:00.000Z',
      isActive: true,
    })
    expect(await merchantsOf('bert')).toEqual([{ id: merchantId, name: 'Blue Door', role: 'staff' }])

    clock.advance(1000)
    const promoted = await put('anna', merchantId, 'bert', { role: 'manager' })
    expect(promoted.status).toBe(200)
    expect(promoted.body).toMatchObject({ role: 'manager', addedAt: '2026-11-22T10:00:00.000Z' })
    expect(await merchantsOf('bert')).toMatchObject([{ role: 'manager' }])
    expect((await list('bert', merchantId)).body.items).toHaveLength(2)

    expect((await remove('anna', merchantId, 'bert')).status).toBe(204)
    expect((await list('bert', merchantId)).status).toBe(404)
    expect(await merchantsOf('bert')).toEqual([])
    expect((await remove('anna', merchantId, 'bert')).status).toBe(404)
  })

  test('an agency is let in for a time, and no longer', async () => {
    const { id: merchantId } = await newMerchant(handler, 'carl')
    const endless = await put('carl', merchantId, 'agency', { role: 'agency' })
    expect(endless.body.errors).toEqual([
      { pointer: '/until', detail: 'the access of an agency ends at some time' },
    ])
    const far = new Date(clock.nowMs + 400 * 86_400_000).toISOString()
    expect((await put('carl', merchantId, 'agency', { role: 'agency', until: far })).status).toBe(400)

    const until = new Date(clock.nowMs + 60_000).toISOString()
    expect((await put('carl', merchantId, 'agency', { role: 'agency', until })).status).toBe(201)
    const stores = () =>
      callApi(handler, 'GET /v1/merchants/{merchantId}/stores', { subject: 'agency', path: { merchantId } })
    expect((await stores()).status).toBe(200)
    expect(await merchantsOf('agency')).toMatchObject([{ until }])
    clock.advance(60_000)
    expect((await stores()).status).toBe(404)
    expect(await merchantsOf('agency')).toEqual([])
    expect((await list('carl', merchantId)).body.items).toContainEqual(
      expect.objectContaining({ role: 'agency', isActive: false }),
    )
  })

  test('the last owner stays, also when two owners remove each other at once', async () => {
    const { id: merchantId } = await newMerchant(handler, 'dora')
    expect((await remove('dora', merchantId, 'dora')).body).toMatchObject({
      code: 'inUse',
      heldBy: [{ type: 'merchant', id: merchantId }],
    })
    expect((await put('dora', merchantId, 'dora', { role: 'manager' })).body.code).toBe('inUse')

    await putMember(handler, 'dora', merchantId, 'emil', 'owner')
    const [one, other] = await Promise.all([
      remove('dora', merchantId, 'emil'),
      remove('emil', merchantId, 'dora'),
    ])
    expect([one.status, other.status].filter((status) => status === 204)).toHaveLength(1)
    const left = (await list(one.status === 204 ? 'dora' : 'emil', merchantId)).body.items
    expect(left).toMatchObject([{ role: 'owner' }])
  })

  test('are forty at most', async () => {
    const { id: merchantId } = await newMerchant(handler, 'full')
    for (let n = 1; n < 40; n += 1) await putMember(handler, 'full', merchantId, `clerk ${n}`, 'staff')
    const refused = await put('full', merchantId, 'one more', { role: 'staff' })
    expect(refused.body).toMatchObject({
      code: 'limitReached',
      detail: 'a merchant has at most 40 members',
    })
    expect((await put('full', merchantId, 'clerk 1', { role: 'manager' })).status).toBe(200)
    const named = await callApi(handler, 'PUT /v1/merchants/{merchantId}', {
      subject: 'full',
      path: { merchantId },
      body: { name: 'Other' },
    })
    expect(named.status).toBe(200)
    expect(await merchantsOf('clerk 39')).toMatchObject([{ name: 'Other' }])
  })

  test('of a merchant that is gone are gone', async () => {
    const { id: merchantId } = await newMerchant(handler, 'gone')
    await putMember(handler, 'gone', merchantId, 'clerk', 'staff')
    const path = { merchantId }
    expect(
      (await callApi(handler, 'DELETE /v1/merchants/{merchantId}', { subject: 'gone', path })).status,
    ).toBe(204)
    expect(await merchantsOf('clerk')).toEqual([])
  })
})
