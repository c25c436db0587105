import { beforeAll, describe, expect, it } from 'vitest'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setEnvironment } from '#test/functions/decide-offers/environment.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { aGeofence, SECOND, SQUARE, T0 } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi } from '#test/support/http-event.ts'

const tables = await createTables()
setEnvironment({ CATALOG_TABLE: tables.catalog, PRESENCE_TABLE: tables.presence })
// As prod is configured.
process.env['RATE_LIMIT_POLICY'] = '"all-callers";q=2000;w=1'
process.env['CALLER_REQUESTS_PER_MINUTE'] = '600'
const clock = setClock(T0)
const { handler } = await import('#functions/match-pings/handler.ts')
const stored = storedIn(tables)
await stored.listGeofences(aGeofence('square'))

const post = (subject: string, atS: number) => {
  const pings = [{ at: new Date(T0 + atS * SECOND).toISOString(), ...SQUARE }]
  return callApi(handler, 'POST /v1/pings', { subject, scopes: ['customer'], body: { pings } })
}
/** Refused, and counted all the same. */
const spoilt = (subject: string, scopes = ['customer']) =>
  callApi(handler, 'POST /v1/pings', { subject, scopes, rawBody: '{' })
const presenceOf = (subject: string) => stored.presenceOf(userIdOf(subject))

describe('the limit of a caller', () => {
  beforeAll(async () => {
    for (let sent = 0; sent < 598; sent += 1) expect((await spoilt('anna')).status).toBe(400)
    clock.advance(18_500)
  })

  it('counts what is refused, too, and every answer says what is left', async () => {
    const forbidden = await spoilt('anna', ['merchant'])
    expect(forbidden.status).toBe(403)
    expect(forbidden.headers).toMatchObject({
      'ratelimit-policy': '"all-callers";q=2000;w=1, "caller";q=600;w=60',
      ratelimit: '"caller";r=1;t=42',
    })
    const last = await post('anna', 0)
    expect(last.status).toBe(200)
    expect(last.headers['ratelimit']).toBe('"caller";r=0;t=42')
  })

  it('refuses the next one, which changes nothing', async () => {
    const before = await presenceOf('anna')
    expect(before).toMatchObject({ version: 1 })
    const refused = await post('anna', 15)
    expect(refused.status).toBe(429)
    expect(refused.body).toMatchObject({
      code: 'tooManyRequests',
      detail: 'one caller may send 600 requests a minute',
    })
    expect(refused.headers).toMatchObject({ 'retry-after': '42', ratelimit: '"caller";r=0;t=42' })
    expect(await presenceOf('anna')).toEqual(before)
  })

  it('is nobody else’s', async () => {
    const other = await post('bert', 0)
    expect([other.status, other.headers['ratelimit']]).toEqual([200, '"caller";r=599;t=60'])
  })

  it('does not count who is nobody', async () => {
    const nobody = await callApi(handler, 'POST /v1/pings', { claims: { token_use: 'id' }, body: {} })
    expect(nobody.status).toBe(401)
    expect(nobody.headers).not.toHaveProperty('ratelimit')
  })

  it('goes on when the window is over', async () => {
    clock.advance(42_000)
    const { status, headers } = await post('anna', 15)
    expect([status, headers['ratelimit']]).toEqual([200, '"caller";r=599;t=60'])
    expect(await presenceOf('anna')).toMatchObject({ version: 2 })
  })
})
