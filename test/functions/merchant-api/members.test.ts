import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { createMemberRecords } from '#shared/adapters/dynamodb/catalog/member-records.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { newMerchant, putMember, UNION_SQUARE } from '#test/support/merchants.ts'

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
      etag: added.headers['etag'],
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

  test('are changed and removed only in the state that their owner knows, where it names one', async () => {
    const { id: merchantId } = await newMerchant(handler, 'mona')
    const path = { merchantId, userId: userIdOf('nils') }
    const call = (method: string, ifMatch: string, role?: string) =>
      callApi(handler, `${method} ${MEMBER}`, {
        subject: 'mona',
        path,
        headers: { 'if-match': ifMatch },
        ...(role !== undefined && { body: { role } }),
      })
    const tagOfNils = async (): Promise<string> =>
      (await list('mona', merchantId)).body.items.find(({ userId }: typeof path) => userId === path.userId)
        .etag
    expect((await call('PUT', '*', 'staff')).body.code).toBe('preconditionFailed')
    const add = (role: string) =>
      callApi(handler, `PUT ${MEMBER}`, {
        subject: 'mona',
        path,
        body: { role },
        headers: { 'if-none-match': '*' },
      })
    expect((await add('staff')).status).toBe(201)
    expect((await add('auditor')).status).toBe(412)
    const first = await tagOfNils()
    const promoted = await call('PUT', first, 'manager')
    expect([promoted.status, promoted.headers['etag']]).toEqual([200, await tagOfNils()])
    expect((await call('PUT', first, 'auditor')).status).toBe(412)
    expect((await call('DELETE', first)).status).toBe(412)
    expect((await list('mona', merchantId)).body.items).toContainEqual(
      expect.objectContaining({ userId: path.userId, role: 'manager' }),
    )
    expect((await call('DELETE', await tagOfNils())).status).toBe(204)
    // Who was removed and added again is another member.
    clock.advance(1000)
    await put('mona', merchantId, 'nils', { role: 'staff' })
    expect((await call('DELETE', first)).status).toBe(412)
    // The last owner stays, whatever is known of it.
    const ownTag = (await list('mona', merchantId)).body.items.find(
      ({ role }: { readonly role: string }) => role === 'owner',
    ).etag
    const mona = { ...path, userId: userIdOf('mona') }
    const asKnown = { subject: 'mona', path: mona, headers: { 'if-match': ownTag } }
    expect((await callApi(handler, `DELETE ${MEMBER}`, asKnown)).body.code).toBe('inUse')
    const demoted = await callApi(handler, `PUT ${MEMBER}`, { ...asKnown, body: { role: 'staff' } })
    expect(demoted.body.code).toBe('inUse')
  })

  test('of two owners who change one member at once, knowing the same of it, one does', async () => {
    const { id: merchantId } = await newMerchant(handler, 'olga')
    await putMember(handler, 'olga', merchantId, 'paul', 'owner')
    const { headers } = await put('olga', merchantId, 'rosa', { role: 'staff' })
    const change = (subject: string, role: string) =>
      callApi(handler, `PUT ${MEMBER}`, {
        subject,
        path: { merchantId, userId: userIdOf('rosa') },
        body: { role },
        headers: { 'if-match': String(headers['etag']) },
      })
    const both = await Promise.all([change('olga', 'manager'), change('paul', 'auditor')])
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412])
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

  test('an owner’s access has no end, so that the last owner can always act', async () => {
    const { id: merchantId } = await newMerchant(handler, 'fred')
    const until = new Date(clock.nowMs + 60_000).toISOString()
    const expiring = await put('fred', merchantId, 'greta', { role: 'owner', until })
    expect([expiring.status, expiring.body.errors]).toEqual([
      400,
      [{ pointer: '/until', detail: 'an owner stays until another owner removes it' }],
    ])
    // A manager for a minute is no owner who could stay.
    expect((await put('fred', merchantId, 'greta', { role: 'manager', until })).status).toBe(201)
    expect((await remove('fred', merchantId, 'fred')).body.code).toBe('inUse')
    expect((await put('fred', merchantId, 'fred', { role: 'manager', until })).body.code).toBe('inUse')
    // Who becomes an owner loses its end.
    expect((await put('fred', merchantId, 'greta', { role: 'owner' })).body).not.toHaveProperty('until')
    clock.advance(60_000)
    expect((await remove('fred', merchantId, 'fred')).status).toBe(204)
    expect((await list('greta', merchantId)).status).toBe(200)
  })

  test.each(['manager', 'staff', 'agency', 'auditor'] as const)(
    'a %s neither invites, nor removes, nor gives itself more time, and is gone when its time is over',
    async (role) => {
      const { id: merchantId } = await newMerchant(handler, 'hans')
      const until = new Date(clock.nowMs + 60_000).toISOString()
      expect((await put('hans', merchantId, role, { role, until })).status).toBe(201)
      const later = new Date(clock.nowMs + 86_400_000).toISOString()
      const attempts = () =>
        Promise.all([
          put(role, merchantId, 'friend', { role: 'staff' }),
          put(role, merchantId, role, { role, until: later }),
          put(role, merchantId, role, { role: 'owner' }),
          remove(role, merchantId, 'hans'),
          remove(role, merchantId, role),
        ])
      expect((await attempts()).map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
      clock.advance(59_999)
      expect((await attempts())[1]?.status).toBe(403)
      clock.advance(1)
      expect((await attempts()).map(({ status }) => status)).toEqual([404, 404, 404, 404, 404])
      const { items } = (await list('hans', merchantId)).body
      expect(items).toHaveLength(2)
      expect(items).toContainEqual(expect.objectContaining({ role, until, isActive: false }))
      // An owner may let it in again.
      expect((await put('hans', merchantId, role, { role, until: later })).status).toBe(200)
    },
  )

  test('an answer is not given again to who may not have it any more', async () => {
    const { id: merchantId } = await newMerchant(handler, 'lars')
    const until = new Date(clock.nowMs + 60_000).toISOString()
    await put('lars', merchantId, 'maja', { role: 'agency', until })
    const draw = () =>
      callApi(handler, 'POST /v1/merchants/{merchantId}/stores', {
        subject: 'maja',
        path: { merchantId },
        body: { name: 'Union Square', ...UNION_SQUARE },
        headers: { 'idempotency-key': 'one' },
      })
    const first = await draw()
    const again = await draw()
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body])
    await put('lars', merchantId, 'maja', { role: 'staff', until })
    expect((await draw()).status).toBe(403)
    clock.advance(60_000)
    expect((await draw()).status).toBe(404)
  })

  test('an owner who was removed while its request was under way changes no member any more', async () => {
    const { id: merchantId } = await newMerchant(handler, 'ines')
    await putMember(handler, 'ines', merchantId, 'jens', 'owner')
    await remove('ines', merchantId, 'jens')
    const records = createMemberRecords(tables)
    const author = { user: userIdOf('jens'), role: 'owner', requestId: 'r', atMs: clock.nowMs } as const
    const friend = { user: userIdOf('friend'), role: 'owner' } as const
    expect(await records.put(merchantId, friend, author)).toEqual({ kind: 'absent' })
    expect(await records.remove(merchantId, userIdOf('ines'), author)).toBe('absent')
    expect((await list('ines', merchantId)).body.items).toHaveLength(1)
  })

  test('each change stands in the audit log: when, by whom, in which role, of whom and what', async () => {
    const { id: merchantId } = await newMerchant(handler, 'kurt')
    const until = new Date(clock.nowMs + 86_400_000).toISOString()
    const at = []
    for (const change of [
      () => put('kurt', merchantId, 'agency', { role: 'agency', until }),
      () => put('kurt', merchantId, 'agency', { role: 'staff' }),
      () => remove('kurt', merchantId, 'agency'),
    ]) {
      clock.advance(1000)
      at.unshift(new Date(clock.nowMs).toISOString())
      await change()
    }
    const { items } = (
      await callApi(handler, 'GET /v1/merchants/{merchantId}/audit-log', {
        subject: 'kurt',
        path: { merchantId },
      })
    ).body
    const by = { user: userIdOf('kurt'), role: 'owner', object: userIdOf('agency') }
    expect(items.slice(0, 3)).toMatchObject([
      { ...by, at: at[0], action: 'delete', detail: 'staff' },
      { ...by, at: at[1], action: 'replace', detail: `agency until ${until} → staff` },
      { ...by, at: at[2], action: 'create', detail: `agency until ${until}` },
    ])
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
