import { expect, it } from 'vitest'
import { pingsAnswerSchema } from '#shared/contracts/http/pings.ts'
import { fromWgs84, toWgs84 } from '#shared/domain/geo/datum.ts'
import { distanceM } from '#shared/domain/geo/distance.ts'
import { setEnvironment } from '#test/functions/decide-offers/environment.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { aGeofence, moved, SECOND, SQUARE, T0 } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'

const tables = await createTables()
setEnvironment({ CATALOG_TABLE: tables.catalog, PRESENCE_TABLE: tables.presence })
setClock(T0)
const { handler } = await import('#functions/match-pings/handler.ts')
const square = aGeofence('square')
const BEIJING = { lat: 39.908, lon: 116.397 }
const gate = aGeofence('gate', { at: BEIJING })
await storedIn(tables).listGeofences(square, gate)

const ping = (atS: number, at = SQUARE) => ({ at: new Date(T0 + atS * SECOND).toISOString(), ...at })

const post = async (subject: string, body: unknown) => {
  const answer = await callApi(handler, 'POST /v1/pings', { subject, scopes: ['customer'], body })
  expect(answer.status).toBe(200)
  return pingsAnswerSchema.parse(answer.body)
}

it('tells the phone its region around the newest ping, and the geofences to watch', async () => {
  const answer = await post('anna', { pings: [ping(20), ping(0, moved(SQUARE, 900))] })
  expect(distanceM(answer.region, SQUARE)).toBeLessThanOrEqual(answer.region.radiusM)
  expect(answer).toMatchObject({
    accepted: 2,
    validS: 1800,
    complete: true,
    nextPingS: 60,
    geofences: [
      { id: square.id, ...SQUARE, enterRadiusM: 100, exitRadiusM: 120, exact: true, visit: 'open' },
    ],
  })
})

it('asks for the second fix as soon as it can confirm an exit', async () => {
  await post('bob', { pings: [ping(0)] })
  const leaving = await post('bob', { pings: [ping(20, moved(SQUARE, 200))] })
  expect(leaving).toMatchObject({ validS: 15, transitions: [], geofences: [{ visit: 'leaving' }] })
  const left = await post('bob', { pings: [ping(35, moved(SQUARE, 220))] })
  expect(left).toMatchObject({ validS: 1800, transitions: [{ type: 'exit' }] })
  expect(left.geofences[0]).not.toHaveProperty('visit')
})

it('takes and answers coordinates in the declared datum', async () => {
  const plain = await post('cleo', { pings: [ping(0, BEIJING)] })
  const given = await post('dora', { datum: 'gcj02', pings: [ping(0, fromWgs84(BEIJING, 'gcj02'))] })
  expect(distanceM(given.region, plain.region)).toBeGreaterThan(300)
  expect(given.transitions).toHaveLength(1)
  expect(distanceM(toWgs84(given.region, 'gcj02'), plain.region)).toBeLessThan(1)
  expect(given.region.radiusM).toBeLessThan(plain.region.radiusM)
  expect(distanceM(toWgs84(given.geofences[0] ?? SQUARE, 'gcj02'), BEIJING)).toBeLessThan(1)
})

it('says by index what speaks against a ping, and how sure a transition is', async () => {
  const answer = await post('eve', {
    pings: [
      { ...ping(0), mocked: true },
      { ...ping(20), accuracyM: 200 },
    ],
  })
  expect(answer.marks).toEqual([{ index: 0, marks: ['mocked'] }])
  expect(answer.transitions).toMatchObject([{ type: 'enter', confidence: 0.25 }])
})
