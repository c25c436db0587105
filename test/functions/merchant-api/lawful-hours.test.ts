import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { beforeEach, describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { lawfulRulesItem, lawfulRulesKey, MAX_LAWFUL_RULES } from '#shared/contracts/items/lawful-rules.ts'
import { platformKey } from '#shared/contracts/items/platform.ts'
import { WEEKDAYS } from '#shared/domain/scenes/scene.ts'
import { LAWFUL_HOURS_TABLE } from '#shared/domain/schedule/lawful-hours-table.ts'
import { MINUTE, moved, SECOND } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi, type HttpAnswer } from '#test/support/http-event.ts'
import { created, geofenceBody, newMerchant, sceneBody, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
const clock = setClock(Date.UTC(2026, 10, 22, 10))

const operator = { subject: 'operator', scopes: ['operator'] }
const PATH = '/v1/platform/lawful-hours'
const daily = (from: string, to: string) => [{ days: WEEKDAYS, from, to }]
const ROW = { hours: daily('10:00', '18:00'), source: 'Our counsel, 12 November 2026' }

const read = async () => (await callApi(handler, `GET ${PATH}`, operator)).body
const put = (place: string, body: object = ROW, headers: Record<string, string> = {}) =>
  callApi(handler, `PUT ${PATH}/{place}`, { ...operator, path: { place }, body, headers })
// One after the other also in the log, which goes by time.
beforeEach(() => clock.advance(MINUTE))
const remove = (place: string, headers: Record<string, string> = {}) =>
  callApi(handler, `DELETE ${PATH}/{place}`, { ...operator, path: { place }, headers })
const tagOf = ({ headers }: HttpAnswer): string => String(headers['etag'])

describe('a row of the operator’s own', () => {
  test('is shown beside the table, with the hours that come of both', async () => {
    const { status, body } = await put('US-TX', { ...ROW, hours: daily('08:00', '18:00') })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      place: 'US-TX',
      country: 'US',
      subdivision: 'TX',
      isSilentOnHolidays: false,
    })
    expect(body.inForce.hours).toContainEqual({ days: ['mon'], from: '09:00', to: '18:00' })
    expect(body.inForce.hours).toContainEqual({ days: ['sun'], from: '12:00', to: '18:00' })
    const { rows, added } = await read()
    expect(rows).toHaveLength(LAWFUL_HOURS_TABLE.length)
    expect(added).toEqual([body])
    const texas = rows.find((row: { subdivision?: string }) => row.subdivision === 'TX')
    expect(texas.inForce).toEqual(body.inForce)
    expect(texas.hours).toContainEqual({ days: ['sun'], from: '12:00', to: '21:00' })
    expect((await remove('US-TX')).status).toBe(204)
    expect((await read()).added).toEqual([])
    expect((await remove('US-TX')).status).toBe(204)
  })

  test('narrows the careful hours of a country without one, and closes it with none', async () => {
    const wide = await put('DE', { ...ROW, hours: daily('00:00', '00:00') })
    expect(wide.body.inForce.hours).toContainEqual({ days: ['mon'], from: '09:00', to: '20:00' })
    const closed = await put('DE', { ...ROW, hours: [] })
    expect(closed.body.inForce.hours).toEqual([])
    await remove('DE')
  })

  test('closes the public holidays where they are known', async () => {
    const france = await put('FR', { ...ROW, isSilentOnHolidays: true })
    expect(france.body.inForce.isSilentOnHolidays).toBe(true)
    const germany = await put('DE', { ...ROW, isSilentOnHolidays: true })
    expect(germany.status).toBe(422)
    expect(germany.body.errors).toMatchObject([{ pointer: '/isSilentOnHolidays' }])
    await remove('FR')
  })

  test.each(['us', 'XX', 'US-ZZ', 'US-', 'USA', 'US-TX-1'])(
    'is for a place that there is: not %s',
    async (place) => {
      expect((await put(place)).status).toBe(404)
    },
  )

  test('needs a source and hours of the week', async () => {
    for (const [body, pointer] of [
      [{ hours: ROW.hours }, '/source'],
      [{ source: 'x' }, '/hours'],
      [{ ...ROW, hours: daily('25:00', '18:00') }, '/hours/0/from'],
    ] as const) {
      const { status, body: problem } = await put('US-TX', body)
      expect(status).toBe(400)
      expect(problem.errors).toContainEqual(expect.objectContaining({ pointer }))
    }
    expect((await callApi(handler, `GET ${PATH}`, { subject: 'owner' })).status).toBe(403)
    const stranger = { subject: 'owner', path: { place: 'US' } }
    expect((await callApi(handler, `PUT ${PATH}/{place}`, { ...stranger, body: ROW })).status).toBe(403)
    expect((await callApi(handler, `DELETE ${PATH}/{place}`, stranger)).status).toBe(403)
  })

  test('is replaced and removed only in the state that the operator knows, by one of two at once', async () => {
    expect((await put('IN', ROW, { 'if-match': '"1"' })).status).toBe(412)
    const first = await put('IN', ROW, { 'if-none-match': '*' })
    expect((await put('IN', ROW, { 'if-none-match': '*' })).status).toBe(412)
    expect(tagOf(first)).toBe(`"${first.body.revision}"`)
    const both = await Promise.all([1, 2].map(() => put('IN', ROW, { 'if-match': tagOf(first) })))
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412])
    expect((await remove('IN', { 'if-match': tagOf(first) })).status).toBe(412)
    const [won] = both.filter(({ status }) => status === 200)
    expect((await remove('IN', { 'if-match': won ? tagOf(won) : '' })).status).toBe(204)
    // A row that is made anew is another one.
    expect(tagOf(await put('IN'))).not.toBe(tagOf(first))
    await remove('IN')
  })

  test('is kept with those that others add at once', async () => {
    const places = ['JO', 'CA', 'AE', 'MX']
    const answers = await Promise.all(places.map((place) => put(place)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await read()).added.map(({ place }: { place: string }) => place)).toEqual(places.toSorted())
    for (const place of places) await remove(place)
  })

  test('stands in the audit log with its revisions', async () => {
    const { body } = await put('GB')
    clock.advance(SECOND)
    const second = await put('GB', { ...ROW, source: 'Another' })
    clock.advance(SECOND)
    await remove('GB')
    const log = await callApi(handler, 'GET /v1/platform/audit-log', { ...operator, query: { limit: '3' } })
    const object = 'lawful-hours/GB'
    const after = second.body.revision
    expect(log.body.items.toReversed()).toMatchObject([
      { action: 'create', object, after: body.revision, role: 'operator' },
      { action: 'replace', object, before: body.revision, after },
      { action: 'delete', object, before: after },
    ])
  })

  test('is one of a hundred at most', async () => {
    const { rulesVersion } = (await tables.allOf(tables.ledger)).find(({ pk }) => pk === platformKey.pk) ?? {}
    const version = Number(rulesVersion)
    const rules = Array.from({ length: MAX_LAWFUL_RULES }, (_, n) => ({
      ...ROW,
      hours: [],
      country: 'DE',
      subdivision: `${n}`,
      revision: version,
      changedAt: '2026-11-22T10:00:00.000Z',
    }))
    const Item = lawfulRulesItem({ version, rules })
    await tables.client.send(new PutCommand({ TableName: tables.catalog, Item }))
    const full = await put('FR')
    expect([full.status, full.body.code]).toEqual([409, 'limitReached'])
    expect((await put('DE-7')).status).toBe(200)
    expect((await remove('DE-8')).status).toBe(204)
    expect((await put('FR')).status).toBe(200)
    for (const { place } of (await read()).added) await remove(place)
  })
})

describe('scenes', () => {
  const rehearse = async (merchantId: string, sceneId: string) => {
    const noon = Date.UTC(2026, 4, 1, 19)
    const fix = (atMs: number, at: { lat: number; lon: number }) => ({
      at: new Date(atMs).toISOString(),
      ...at,
      accuracyM: 5,
    })
    const fixes = [fix(noon - MINUTE, moved(UNION_SQUARE, 600)), fix(noon, UNION_SQUARE)]
    const { body } = await callApi(handler, 'POST /v1/merchants/{merchantId}/scenes/{sceneId}/rehearsals', {
      subject: 'owner',
      path: { merchantId, sceneId },
      body: { fixes },
    })
    return body.decisions.map(({ result }: { result: string }) => result)
  }

  test('are rehearsed and checked by the operator’s row, too, within 10 s', async () => {
    const { id: merchantId } = await newMerchant(handler, 'owner')
    const call = { subject: 'owner', path: { merchantId } }
    await created(handler, 'POST /v1/merchants/{merchantId}/geofences', { ...call, body: geofenceBody() })
    const body = sceneBody({ state: 'active' })
    const create = () => callApi(handler, 'POST /v1/merchants/{merchantId}/scenes', { ...call, body })
    const scene = await create()
    expect(scene.status).toBe(201)
    expect(await rehearse(merchantId, scene.body.id)).toEqual(['granted'])
    await put('US', { ...ROW, hours: [] })
    clock.advance(10 * SECOND)
    expect(await rehearse(merchantId, scene.body.id)).toEqual(['lawfulHours'])
    const refused = await create()
    expect(refused.status).toBe(422)
    expect(refused.body.errors[0].detail).toContain('The law never lets promotion')
    await remove('US')
    clock.advance(10 * SECOND)
    expect((await create()).status).toBe(201)
  })

  test('are silent while the rows are lost', async () => {
    const { id: merchantId } = await newMerchant(handler, 'owner')
    const call = { subject: 'owner', path: { merchantId } }
    await created(handler, 'POST /v1/merchants/{merchantId}/geofences', { ...call, body: geofenceBody() })
    const scene = await created(handler, 'POST /v1/merchants/{merchantId}/scenes', {
      ...call,
      body: sceneBody({ state: 'draft' }),
    })
    await put('FR')
    await tables.client.send(new DeleteCommand({ TableName: tables.catalog, Key: lawfulRulesKey }))
    clock.advance(10 * SECOND)
    expect(await rehearse(merchantId, scene.id)).toEqual(['lawfulHours'])
  })
})
