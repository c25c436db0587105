import { describe, expect, it } from 'vitest'
import { createPresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import { createTileCache } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { parsePresence } from '#shared/contracts/items/presence.ts'
import { fold, NO_PRESENCE } from '#shared/domain/presence/fold.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { aFix, aGeofence, aTombstone, DAY, moved, named, SECOND, SQUARE, T0 } from '#test/support/builders.ts'
import { createTables } from '#test/support/engine.ts'

const tables = await createTables()
const stored = storedIn(tables)
const square = aGeofence('square', { storeId: named('sto', 'one') })
await stored.listGeofences(square)

const tiles = createTileCache(tables.client, tables.catalog)
const store = createPresenceStore(tables.client, tables, tiles)
const foldOf = (user: Parameters<typeof fold>[0], ...atS: number[]) =>
  fold(
    user,
    NO_PRESENCE,
    atS.map((s) => aFix(s, SQUARE, 12.5)),
    tiles.geofencesAt,
    T0 + DAY,
  )

describe('presence', () => {
  it('comes back as it was written', async () => {
    const user = named('usr', 'one')
    expect(await store.read(user, [aFix(0)], T0)).toEqual({
      kind: 'presence',
      version: 0,
      presence: NO_PRESENCE,
      writtenAtMs: 0,
    })
    const folded = foldOf(user, 0, 30, 1200)
    expect(folded.presence.base.open).toHaveLength(1)
    expect(await store.write(user, 0, folded, T0)).toBe('written')
    expect(await store.read(user, [], T0)).toEqual({
      kind: 'presence',
      version: 1,
      presence: folded.presence,
      writtenAtMs: T0,
    })
  })

  it('remembers under which id a visit was told that late fixes have moved', async () => {
    const user = named('usr', 'moved')
    await store.read(user, [aFix(0)], T0)
    const first = foldOf(user, 300)
    const late = fold(user, first.presence, [aFix(100)], tiles.geofencesAt, T0 + DAY)
    expect(late.presence.told.open).toMatchObject([{ toldAtMs: T0 + 300 * SECOND }])
    await store.write(user, 0, late, T0)
    expect(await store.read(user, [], T0)).toMatchObject({ presence: { told: late.presence.told } })
  })

  it('is not written over what somebody else wrote meanwhile', async () => {
    const user = named('usr', 'two')
    await store.read(user, [aFix(0)], T0)
    const written = await Promise.all([1, 2, 3, 4].map((s) => store.write(user, 0, foldOf(user, s), T0)))
    expect(written.toSorted()).toEqual(['conflict', 'conflict', 'conflict', 'written'])
    expect(await store.write(user, 1, foldOf(user, 9), T0)).toBe('written')
    expect(await store.write(user, 1, foldOf(user, 9), T0)).toBe('conflict')
  })

  it('of an erased customer is told and never written', async () => {
    const user = named('usr', 'three')
    await stored.putPresence(aTombstone({ pk: `U#${user}` }))
    expect(await store.read(user, [aFix(0)], T0)).toEqual({ kind: 'erased' })
    expect(await store.write(user, 0, foldOf(user, 0), T0)).toBe('conflict')
    expect(await store.write(user, 1, foldOf(user, 0), T0)).toBe('conflict')
  })

  it('brings the tiles of the stored fixes with it that a fold takes', async () => {
    const user = named('usr', 'four')
    await store.read(user, [aFix(0)], T0)
    await store.write(user, 0, foldOf(user, 0), T0)
    const away = moved(SQUARE, 90_000)
    const readWith = async (atS: number) => {
      const fresh = createTileCache(tables.client, tables.catalog)
      const elsewhere = createPresenceStore(tables.client, tables, fresh)
      const stored = await elsewhere.read(user, [aFix(atS, away)], T0)
      if (stored.kind !== 'presence') throw new Error('nobody erased it')
      fold(user, stored.presence, [aFix(atS, away)], fresh.geofencesAt, T0 + DAY)
      return fresh
    }
    // In order: what was told says where the customer is; where it leaves from says whether a geofence has gone. The
    // stored fix leaves the window, or is walked again after a late one.
    for (const atS of [60, 3600, -60]) {
      const [{ test } = { test: [] }] = (await readWith(atS)).geofencesAt(SQUARE, T0)
      expect(test.map(({ id }) => id)).toContain(square.id)
    }
  })

  it('brings no other tiles with it where no visit is open', async () => {
    const user = named('usr', 'five')
    const near = moved(SQUARE, 200)
    await store.read(user, [aFix(0)], T0)
    await store.write(user, 0, fold(user, NO_PRESENCE, [aFix(0, near)], tiles.geofencesAt, T0 + DAY), T0)
    const fresh = createTileCache(tables.client, tables.catalog)
    const elsewhere = createPresenceStore(tables.client, tables, fresh)
    await elsewhere.read(user, [aFix(60, moved(SQUARE, 90_000))], T0)
    expect(() => fresh.geofencesAt(SQUARE, T0)).toThrow('not loaded')
  })

  it('knows of a geofence that was deleted behind a customer who has left its tiles', async () => {
    const user = named('usr', 'six')
    const place = moved(SQUARE, 0, 40_000)
    const kiosk = aGeofence('kiosk', { at: place })
    await stored.listGeofences(kiosk)
    const away = moved(place, 20_000)
    const at = async (atS: number, where: typeof place, before = NO_PRESENCE) => {
      const cache = createTileCache(tables.client, tables.catalog)
      const fixes = [aFix(atS, where)]
      await createPresenceStore(tables.client, tables, cache).read(user, fixes, T0)
      return fold(user, before, fixes, cache.geofencesAt, T0 + DAY)
    }
    const entered = await at(0, place)
    expect(entered.open).toHaveLength(1)
    await store.write(user, 0, entered, T0)
    await stored.listGeofences({ ...kiosk, goneAtMs: T0 + 30 * SECOND })
    const left = await at(1000, away, entered.presence)
    expect(left).toMatchObject({ open: [], transitions: [], presence: { told: { closed: [{}] } } })
  })

  it('of an unknown form is refused', () => {
    expect(() => parsePresence({ pk: 'U#1', version: 'one' })).toThrow()
  })
})
