import { afterAll, describe, expect, it } from 'vitest'
import { ROUGH_WEATHER } from '#local/peers/dynamodb-proxy.ts'
import { batchesOf } from '#local/replay/batches.ts'
import { importStores } from '#local/replay/import-stores.ts'
import { createStage, playPings } from '#local/replay/play-pings.ts'
import type { TracePing } from '#local/replay/read-pings.ts'
import { registerCustomers } from '#local/replay/register-customers.ts'
import { parseGeofenceItem } from '#shared/contracts/items/geofence.ts'
import { hashId, type UserId } from '#shared/domain/ids.ts'
import { toFix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE } from '#shared/domain/presence/fold.ts'
import { inventPings, inventStores, randomFrom } from '#test/local/end-to-end/traces.ts'
import { startWorld, type World } from '#test/local/end-to-end/world.ts'

const SEED = Number(process.env['BECKON_SEED'] ?? 11)
const STOCK = 3
const CAP_PER_DAY = 4

let world: World | undefined
afterAll(() => world?.close())

const userOf = (name: string): UserId => hashId('usr', `customer ${name}`)
const listed = async function* (pings: readonly TracePing[]): AsyncGenerator<TracePing> {
  yield* pings
}

describe('with a database that throttles, conflicts, answers stale and loses answers', () => {
  it('keeps every visit, every cap and every unit of stock, and explains every trigger', async () => {
    console.log(`BECKON_SEED=${SEED}`)
    const random = randomFrom(SEED)
    const stores = inventStores(random, 40)
    const pings = inventPings(random, 5, 300, Date.parse('2026-03-07T16:00:00Z'))
    const batches = await batchesOf(listed(pings), 5, pings.length)
    world = await startWorld({ clock: { kind: 'virtual', atMs: (pings[0]?.atMs ?? 0) - 60_000 }, proxy: {} })
    const { api, cloud } = world
    await importStores(api, stores, { radiusM: 200, coolDownS: 1800, stock: STOCK, ttlS: 3600 }, () => {})
    const users = [...new Set(batches.map(({ user }) => user))].toSorted()
    const tokens = await registerCustomers(api, users, 'push', [])

    cloud.setFaults(ROUGH_WEATHER)
    await playPings(createStage(api, cloud.url, tokens), batches, () => {})
    cloud.setFaults({})
    await world.pass(7200)

    // Every visit of the pure fold, each once.
    const test = (await world.itemsOf('catalog', 'geofence')).map(parseGeofenceItem)
    const everywhere = () => [{ inside: [], test }]
    const expected = users.flatMap((name) => {
      const fixes = pings.filter(({ user }) => user === name).map((one) => toFix(one))
      const end = fixes.at(-1)?.atMs ?? 0
      const walked = fold(userOf(name), NO_PRESENCE, fixes, everywhere, end)
      const rest = fold(userOf(name), walked.presence, [], everywhere, end, end + 7_200_000)
      return [...walked.settled, ...rest.settled].map(({ visitId }) => visitId)
    })
    const visits = (await world.itemsOf('ledger', 'visit')).map(({ visitId }) => visitId)
    expect(visits.toSorted()).toEqual(expected.toSorted())
    expect(visits.length).toBeGreaterThan(50)

    const grants = await world.itemsOf('ledger', 'grant')
    expect(grants.length).toBeGreaterThan(5)
    // I4: no customer's day holds more than the cap.
    for (const own of Map.groupBy(grants, ({ user }) => user).values()) {
      const times = own.map(({ grantedAt }) => Date.parse(String(grantedAt))).toSorted((a, b) => a - b)
      for (const from of times) {
        expect(times.filter((at) => at >= from && at < from + 86_400_000).length).toBeLessThanOrEqual(
          CAP_PER_DAY,
        )
      }
    }
    // I6: free + reserved + confirmed = stock.
    for (const { free, reserved, confirmed } of await world.itemsOf('ledger', 'stock')) {
      expect(Number(free)).toBeGreaterThanOrEqual(0)
      expect(Number(free) + Number(reserved) + Number(confirmed)).toBe(STOCK)
    }
    // I8: every message has ended, and every grant has one.
    const messages = await world.itemsOf('ledger', 'message')
    expect(messages).toHaveLength(grants.length)
    expect(messages.filter(({ state }) => state === 'queued' || state === 'sending')).toEqual([])
    // I7 and I11: the counters say what the traces say, and both know every enter that was told.
    const outcomes = (await world.itemsOf('ledger', 'trace')).flatMap(
      ({ outcomes }) => outcomes as { result: string; count: number }[],
    )
    const counts = await world.itemsOf('ledger', 'count')
    const total = (name: string) => counts.reduce((sum, count) => sum + Number(count[name] ?? 0), 0)
    expect(total('triggered')).toBe(outcomes.reduce((sum, { count }) => sum + count, 0))
    expect(total('granted')).toBe(grants.length)
    expect(outcomes.filter(({ result }) => result === 'granted')).toHaveLength(grants.length)
    const { differences, compared } = await world.recount()
    expect(differences).toEqual([])
    expect(compared).toBeGreaterThan(0)
  }, 600_000)
})
