import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi, type HttpAnswer } from '#test/support/http-event.ts'
import { geofenceBody, newMerchant, offerBody, sceneBody, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
setClock(Date.UTC(2026, 10, 22, 10))

const subject = 'owner'
const { id: merchantId } = await newMerchant(handler, subject)

type Kind = { readonly list: string; readonly idName: string; readonly body: Record<string, unknown> }
const KINDS: Readonly<Record<string, Kind>> = {
  store: { list: 'stores', idName: 'storeId', body: { name: 'Union Square', ...UNION_SQUARE } },
  geofence: { list: 'geofences', idName: 'geofenceId', body: geofenceBody() },
  scene: { list: 'scenes', idName: 'sceneId', body: sceneBody() },
  offer: { list: 'offers', idName: 'offerId', body: offerBody() },
  region: { list: 'regions', idName: 'regionId', body: { name: 'West' } },
  merchant: { list: '', idName: 'merchantId', body: { name: 'Red Door' } },
}

const tagOf = ({ headers }: HttpAnswer): string => String(headers['etag'])

/** One of a kind that was just made, and how to call its routes. */
const made = async ({ list, idName, body }: Kind) => {
  const collection = list === '' ? '/v1/merchants' : `/v1/merchants/{merchantId}/${list}`
  const parent = list === '' ? {} : { path: { merchantId } }
  const answer = await callApi(handler, `POST ${collection}`, { subject, body, ...parent })
  const path = { merchantId, [idName]: String(answer.body.id) }
  const call = (method: string, ifMatch?: string, name?: string) =>
    callApi(handler, `${method} ${collection}/{${idName}}`, {
      subject,
      path,
      ...(name !== undefined && { body: { ...body, name } }),
      headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
    })
  return { answer, call }
}

describe.each(Object.entries(KINDS))('a %s', (_, kind) => {
  test('has the same tag when it is made, read and replaced, another after each change', async () => {
    const { answer, call } = await made(kind)
    expect(tagOf(answer)).toMatch(/^"\d+"$/)
    expect(tagOf(await call('GET'))).toBe(tagOf(answer))
    const replaced = await call('PUT', undefined, 'Second')
    expect(tagOf(replaced)).not.toBe(tagOf(answer))
    expect(tagOf(await call('GET'))).toBe(tagOf(replaced))
  })

  test('is replaced only in the state that the client knows', async () => {
    const { answer, call } = await made(kind)
    const first = await call('PUT', `"99", ${tagOf(answer)}`, 'Second')
    expect([first.status, first.body.name]).toEqual([200, 'Second'])
    const late = await call('PUT', tagOf(answer), 'Third')
    expect([late.status, late.body.code]).toEqual([412, 'preconditionFailed'])
    expect((await call('GET')).body.name).toBe('Second')
    expect((await call('PUT', `W/${tagOf(first)}`, 'Third')).status).toBe(412)
    expect((await call('PUT', '*', 'Third')).status).toBe(200)
    expect((await call('PUT', 'yesterday', 'Fourth')).status).toBe(400)
  })

  test('that two replace at once is replaced by one of them', async () => {
    const { answer, call } = await made(kind)
    const names = ['One', 'Two', 'Three', 'Four']
    const answers = await Promise.all(names.map((name) => call('PUT', tagOf(answer), name)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412])
    const winner = answers.find(({ status }) => status === 200)
    expect((await call('GET')).body).toEqual(winner?.body)
  })

  test('is deleted only in the state that the client knows', async () => {
    const { answer, call } = await made(kind)
    const replaced = await call('PUT', undefined, 'Second')
    expect((await call('DELETE', tagOf(answer))).status).toBe(412)
    expect((await call('GET')).status).toBe(200)
    expect((await call('DELETE', tagOf(replaced))).status).toBe(204)
    expect((await call('GET')).status).toBe(404)
  })
})
