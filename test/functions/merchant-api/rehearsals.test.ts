import { describe, expect, test } from 'vitest'
import { handler } from '#functions/merchant-api/handler.ts'
import { HOUR, MINUTE, moved } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, geofenceBody, newMerchant, sceneBody, UNION_SQUARE } from '#test/support/merchants.ts'

const tables = await createTables()
process.env['CATALOG_TABLE'] = tables.catalog
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
setClock(Date.UTC(2026, 10, 22, 10))
/** Noon in San Francisco, months before the geofence was drawn. */
const NOON = Date.UTC(2026, 4, 1, 19)
const FAR = moved(UNION_SQUARE, 600)

const { id: merchantId } = await newMerchant(handler, 'owner')
const call = { subject: 'owner', path: { merchantId } }
await created(handler, 'POST /v1/merchants/{merchantId}/geofences', { ...call, body: geofenceBody() })

const sceneOf = (changes: object): Promise<{ readonly id: string }> =>
  created(handler, 'POST /v1/merchants/{merchantId}/scenes', { ...call, body: sceneBody({ ...changes }) })
const fix = (atMs: number, at: { lat: number; lon: number }) => ({
  at: new Date(atMs).toISOString(),
  lat: at.lat,
  lon: at.lon,
  accuracyM: 5,
})
/** Comes, stays for so long, and goes; a fix each minute. */
const visit = (fromMs: number, minutes: number) => [
  fix(fromMs - MINUTE, FAR),
  ...Array.from({ length: minutes + 1 }, (_, n) => fix(fromMs + n * MINUTE, UNION_SQUARE)),
  fix(fromMs + (minutes + 1) * MINUTE, FAR),
  fix(fromMs + (minutes + 2) * MINUTE, FAR),
]
const rehearse = (sceneId: string, fixes: readonly object[]) =>
  callApi(handler, 'POST /v1/merchants/{merchantId}/scenes/{sceneId}/rehearsals', {
    subject: 'owner',
    path: { merchantId, sceneId },
    body: { fixes },
  })

describe('a rehearsal', () => {
  test('tells the visits of a trace and what the scene would have done, with the reason why not', async () => {
    const { id } = await sceneOf({ state: 'draft', limits: { coolDownS: 7200, maxAgeS: 300 } })
    const fixes = [...visit(NOON, 3), ...visit(NOON + HOUR, 3), ...visit(NOON + 4 * HOUR, 3)]
    const { status, body } = await rehearse(id, fixes.toReversed())
    expect(status).toBe(200)
    expect(body.transitions.map(({ type }: { type: string }) => type)).toEqual([
      'enter',
      'exit',
      'enter',
      'exit',
      'enter',
      'exit',
    ])
    expect(body.decisions).toMatchObject([
      { at: new Date(NOON).toISOString(), trigger: 'enter', result: 'granted', channel: 'push' },
      { trigger: 'enter', result: 'coolDown' },
      { trigger: 'enter', result: 'granted' },
    ])
  })

  test('keeps to the lawful hours of the place, and fires a dwell only while the customer stays', async () => {
    const { id: atNight } = await sceneOf({})
    const night = await rehearse(atNight, visit(NOON - 9 * HOUR, 2))
    expect(night.body.decisions).toMatchObject([{ result: 'lawfulHours' }])

    const { id: dwell } = await sceneOf({ triggers: [{ type: 'dwell', dwellS: 600 }] })
    expect((await rehearse(dwell, visit(NOON, 5))).body.decisions).toEqual([])
    const long = await rehearse(dwell, visit(NOON, 15))
    expect(long.body.decisions).toMatchObject([
      { at: new Date(NOON + 10 * MINUTE).toISOString(), trigger: 'dwell', result: 'granted' },
    ])
  })

  test('keeps and sends nothing', async () => {
    const { id } = await sceneOf({})
    const before = [await tables.allOf(tables.ledger), await tables.allOf(tables.catalog)]
    await rehearse(id, visit(NOON, 3))
    expect([await tables.allOf(tables.ledger), await tables.allOf(tables.catalog)]).toEqual(before)
  })

  test('of a scene that is not there is none; a trace ends at 5,000 fixes', async () => {
    expect((await rehearse('scn_01J0000000000000000000000A', visit(NOON, 1))).status).toBe(404)
    const { id } = await sceneOf({})
    const many = Array.from({ length: 5001 }, (_, n) => fix(NOON + n * 1000, FAR))
    expect((await rehearse(id, many)).status).toBe(400)
    expect((await rehearse(id, many.slice(1))).status).toBe(200)
  })
})
