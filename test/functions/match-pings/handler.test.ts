import { describe, expect, it } from 'vitest'
import { parsePresenceNews } from '#shared/contracts/items/presence.ts'
import { toFix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE } from '#shared/domain/presence/fold.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setEnvironment } from '#test/functions/decide-offers/environment.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import {
  aGeofence,
  aTombstone,
  DAY,
  HOUR,
  MINUTE,
  moved,
  nearOf,
  SECOND,
  SQUARE,
  T0,
} from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'

const tables = await createTables()
setEnvironment({ CATALOG_TABLE: tables.catalog, PRESENCE_TABLE: tables.presence })
const clock = setClock(T0)
const { handler } = await import('#functions/match-pings/handler.ts')
const stored = storedIn(tables)

type Ping = { at: string; lat: number; lon: number; accuracyM?: number }
const ping = (atS: number, at = SQUARE): Ping => ({ at: new Date(T0 + atS * SECOND).toISOString(), ...at })

const post = (subject: string, pings: unknown) =>
  callApi(handler, 'POST /v1/pings', { subject, scopes: ['customer'], body: { pings } })

const square = aGeofence('square')
await stored.listGeofences(square)
const presenceOf = (sub: string) => stored.presenceOf(userIdOf(sub))
const OUT = moved(SQUARE, 200)

describe('POST /v1/pings', () => {
  it('answers an enter and stores it as news', async () => {
    const { status, body } = await post('anna', [ping(0)])
    expect(status).toBe(200)
    expect(body).toMatchObject({
      accepted: 1,
      ignored: [],
      transitions: [
        {
          type: 'enter',
          geofenceId: square.id,
          visitId: expect.stringMatching(/^vis_/),
          at: new Date(T0).toISOString(),
          distanceM: -100,
        },
      ],
    })
    const item = (await presenceOf('anna')) ?? {}
    expect(item).toMatchObject({
      kind: 'presence',
      version: 1,
      news: 'yes',
      stays: 'yes',
      ttl: T0 / SECOND + (2 * DAY) / SECOND,
    })
    expect(parsePresenceNews(item)).toMatchObject({
      user: userIdOf('anna'),
      transitions: [{ type: 'enter', geofenceId: square.id, merchantId: square.merchantId }],
      settled: [],
    })
  })

  it('stores what tells nothing without news', async () => {
    await post('nora', [ping(0)])
    const { body } = await post('nora', [ping(30)])
    expect(body).toMatchObject({ accepted: 1, transitions: [] })
    const item = await presenceOf('nora')
    expect(item).toMatchObject({ version: 2 })
    expect(item).not.toHaveProperty('news')
    expect(parsePresenceNews(item ?? {})).toMatchObject({ transitions: [], settled: [] })
  })

  it('tells the exit that a later request confirms, and the visit when it has settled', async () => {
    await post('emil', [ping(0), ping(60, OUT)])
    const { body } = await post('emil', [ping(120, OUT)])
    expect(body.transitions).toMatchObject([{ type: 'exit', distanceM: expect.closeTo(100, 0) }])
    clock.nowMs = T0 + HOUR
    await post('emil', [ping(3600, moved(SQUARE, 50_000))])
    clock.nowMs = T0
    const item = (await presenceOf('emil')) ?? {}
    expect(item).toMatchObject({ news: 'yes' })
    expect(item).not.toHaveProperty('stays')
    expect(parsePresenceNews(item)).toMatchObject({
      transitions: [],
      settled: [{ enteredAtMs: T0, exitedAtMs: T0 + 120 * SECOND, end: 'exit' }],
    })
  })

  it('writes nothing when no geofence is near', async () => {
    const { body } = await post('otto', [ping(0, moved(SQUARE, 50_000))])
    expect(body).toMatchObject({ accepted: 1, ignored: [], transitions: [] })
    expect(await presenceOf('otto')).toBeUndefined()
  })

  it('takes two requests at the same time; one of them tells the enter', async () => {
    const answers = await Promise.all([post('twin', [ping(0)]), post('twin', [ping(20)])])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    const item = await presenceOf('twin')
    expect(item).toMatchObject({ version: 2 })
    expect(answers.flatMap(({ body }) => body.transitions)).toHaveLength(1)
  })

  it('adds nothing when the same batch is sent again', async () => {
    const batch = [ping(0), ping(60, OUT), ping(120, OUT), ping(300)]
    const first = await post('mara', batch)
    expect(first.body.transitions).toHaveLength(3)
    const before = await presenceOf('mara')
    expect((await post('mara', batch)).body).toMatchObject({ accepted: 4, ignored: [], transitions: [] })
    expect(await presenceOf('mara')).toEqual(before)
  })

  it('names what it ignores by its index', async () => {
    await post('late', [ping(0)])
    const { body } = await post('late', [ping(-1000), ping(10), ping(400)])
    expect(body).toMatchObject({
      accepted: 3,
      ignored: [
        { index: 0, reason: 'tooLate' },
        { index: 2, reason: 'future' },
      ],
    })
  })

  it('refuses the whole batch for a fault in one ping and names it', async () => {
    const batch = Array.from({ length: 20 }, (_, index) => ({
      ...ping(index),
      ...(index === 17 && { lat: 91 }),
    }))
    const { status, body } = await post('faulty', batch)
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'invalidRequest', errors: [{ pointer: '/pings/17/lat' }] })
    expect(await presenceOf('faulty')).toBeUndefined()
  })

  it('answers 410 to an erased customer and writes nothing', async () => {
    const tombstone = aTombstone({ pk: `U#${userIdOf('gone')}` })
    await stored.putPresence(tombstone)
    expect(await post('gone', [ping(0)])).toMatchObject({ status: 410, body: { code: 'gone' } })
    expect(await presenceOf('gone')).toEqual(tombstone)
  })

  it('sees a new geofence half a minute later', async () => {
    const place = moved(SQUARE, 0, 400)
    expect((await post('pia', [ping(0, place)])).body.transitions).toEqual([])
    await stored.listGeofences(aGeofence('new', { at: place, radiusM: 50, effectiveAtMs: T0 + SECOND }))
    clock.nowMs = T0 + 31 * SECOND
    expect((await post('pia', [ping(31, place)])).body.transitions).toMatchObject([{ type: 'enter' }])
    clock.nowMs = T0
  })

  it('takes in no more than 200 news at once, and says how many pings that were', async () => {
    const plaza = moved(SQUARE, 0, 30_000)
    const rings = Array.from({ length: 20 }, (_, index) =>
      aGeofence(`ring ${index}`, { at: plaza, radiusM: 60 + index }),
    )
    await stored.listGeofences(...rings)
    const away = moved(plaza, 240)
    const batch = Array.from({ length: 99 }, (_, index) => ping(index * 30, index % 3 === 0 ? plaza : away))
    clock.nowMs = T0 + HOUR
    const told: unknown[] = []
    let rest = batch
    for (let requests = 0; rest.length > 0 && requests < 100; requests++) {
      const { body } = await post('busy', rest)
      expect(body.transitions.length).toBeLessThanOrEqual(200)
      expect(body.accepted).toBeGreaterThan(0)
      told.push(...body.transitions)
      rest = rest.slice(body.accepted)
      const { transitions, settled } = parsePresenceNews((await presenceOf('busy')) ?? {})
      expect([transitions, settled].flat().length).toBeLessThanOrEqual(200)
    }
    const fixes = batch.map(({ at, lat, lon }) => toFix({ atMs: Date.parse(at), lat, lon }))
    const whole = fold(userIdOf('busy'), NO_PRESENCE, fixes, nearOf(...rings), T0 + DAY)
    expect(told).toHaveLength(whole.transitions.length)
    expect(told).toHaveLength(20 * 33 * 2)
    clock.nowMs = T0 + MINUTE
  })
})
