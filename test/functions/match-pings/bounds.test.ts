import { expect, it } from 'vitest'
import { type MatchPingsServices, matchPings } from '#functions/match-pings/match-pings.ts'
import {
  parsePresence,
  parsePresenceNews,
  presenceItem,
  type StoredPresence,
} from '#shared/contracts/items/presence.ts'
import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import type { Fix } from '#shared/domain/presence/fix.ts'
import { toFix } from '#shared/domain/presence/fix.ts'
import { ANNA, aGeofence, DAY, moved, named, nearOf, SECOND, SQUARE, T0 } from '#test/support/builders.ts'

const PLACES = 6
const AT_A_PLACE = 70
/** The longest name of a zone. */
const LONGEST_ZONE = 'America/Argentina/ComodRivadavia'

/** So crowded that no more visits can be open, each geofence of a merchant and a store of its own. */
const crowds: readonly IndexedGeofence[] = Array.from({ length: PLACES * AT_A_PLACE }, (_, index) =>
  aGeofence(`crowd ${index}`, {
    at: moved(SQUARE, Math.floor(index / AT_A_PLACE) * 1000),
    merchantId: named('mer', `merchant ${index}`),
    storeId: named('sto', `store ${index}`),
    timeZone: LONGEST_ZONE,
  }),
)

/** From place to place and back, two fixes at each: what is left there and what is entered. */
const tour = (count: number): Fix[] =>
  Array.from({ length: count }, (_, index) => {
    const place = Math.floor(index / 2) % (2 * PLACES - 2)
    const at = moved(SQUARE, (place < PLACES ? place : 2 * PLACES - 2 - place) * 1000 + (index % 7))
    return toFix({ atMs: T0 + index * 20 * SECOND, ...at, accuracyM: 5 + (index % 9) / 10, speedMps: 33.3 })
  })

it('no write takes more than 32 KB or tells more than one record may carry, however crowded a way is', async () => {
  let stored: StoredPresence = parsePresence(undefined)
  const bytes: number[] = []
  const services: MatchPingsServices = {
    readPresence: async () => stored,
    writePresence: async (user, version, folded, nowMs) => {
      const item = presenceItem(user, version + 1, folded, nowMs)
      const { transitions, settled } = parsePresenceNews(item)
      expect(transitions.length).toBeLessThanOrEqual(200)
      expect(settled.length).toBeLessThanOrEqual(200)
      if (item['state'] instanceof Uint8Array) bytes.push(item['state'].length)
      stored = parsePresence(item)
      return 'written'
    },
    geofencesAt: nearOf(...crowds),
    listedAt: () => [],
  }
  let rest = tour(120)
  let told = 0
  while (rest.length > 0) {
    const matched = await matchPings(services, ANNA, rest.slice(0, 100), T0 + DAY)
    if (matched.kind !== 'matched') throw new Error('nobody erased it')
    told += matched.transitions.length
    rest = rest.slice(matched.accepted)
  }
  expect(told).toBeGreaterThan(100 * 64 * 0.9)
  expect(Math.max(...bytes)).toBeLessThan(32 * 1024)
})
