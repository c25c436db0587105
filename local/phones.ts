import { parseArgs } from 'node:util'
import { type Measured, measurePhone, missedBy } from '#local/phones/measure-phone.ts'
import { readGeofences } from '#local/rehearse/read-geofences.ts'
import { readPings } from '#local/replay/read-pings.ts'
import { readStores } from '#local/replay/read-stores.ts'
import { ReadError } from '#local/replay/read-table.ts'
import type { IndexedGeofence } from '#shared/domain/geo/geofence.ts'
import { indexOf, type TileIndex } from '#shared/domain/geo/tile-index.ts'
import { hashId } from '#shared/domain/ids.ts'
import { compareFixes, type Fix, toFix } from '#shared/domain/presence/fix.ts'

const USAGE = `npm run phones -- (--stores FILE [--radius M] | --geofences FILE) --pings FILE

Counts what phones need not send when they keep to docs/phone-contract.md, and whether the engine misses anything then.

  --stores FILE     CSV, CSV.gz (id, brand, lat, lon) or GeoJSON (Points with id and properties.brand)
  --geofences FILE  or GeoJSON: Points with properties.radiusM, Polygons, MultiPolygons
  --pings FILE      CSV, CSV.gz (user_id, timestamp_utc, lat, lon) or GPX
  --radius M        radius of each store's geofence in metres (200)
`

const fixesByUser = async (file: string): Promise<Map<string, Fix[]>> => {
  const users = new Map<string, Fix[]>()
  for await (const ping of readPings(file)) {
    const fixes = users.get(ping.user) ?? []
    fixes.push(toFix(ping))
    users.set(ping.user, fixes)
  }
  return users
}

const circlesOf = async (file: string, radiusM: number): Promise<IndexedGeofence[]> =>
  (await readStores(file)).map(({ id, lat, lon }) => ({
    id: hashId('gf', id),
    merchantId: hashId('mer', file),
    shape: { kind: 'circle', lat, lon, radiusM },
    timeZone: 'UTC',
    revision: 1,
    effectiveAtMs: 0,
  }))

type Drawn = { readonly stores?: string; readonly geofences?: string; readonly radius: string }

const geofencesOf = async ({ stores, geofences, radius }: Drawn): Promise<readonly IndexedGeofence[]> => {
  if (stores !== undefined) return circlesOf(stores, Number(radius))
  const read = await readGeofences(geofences ?? '', 'wgs84')
  for (const fault of read.faults) console.error(fault.message)
  return read.geofences
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)} %`

const report = (measured: readonly Measured[], fixes: number): string => {
  const sum = (count: (one: Measured) => number) => measured.reduce((total, one) => total + count(one), 0)
  const pings = sum((one) => one.pings)
  const occasions = new Map<string, number>()
  for (const one of measured) {
    for (const [name, times] of one.occasions) occasions.set(name, (occasions.get(name) ?? 0) + times)
  }
  return [
    `fixes         ${fixes}`,
    `pings         ${pings} in ${sum((one) => one.requests)} requests; ${percent(fixes - pings, fixes)} need not be sent`,
    `occasions     ${[...occasions].map(([name, times]) => `${name} ${times}`).join(' · ')}`,
    `transitions   ${sum((one) => one.all.length)} with all fixes, ${sum((one) => one.obedient.length)} with these`,
    `missed, late  ${sum((one) => missedBy(one).length)}`,
  ].join('\n')
}

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      stores: { type: 'string' },
      geofences: { type: 'string' },
      pings: { type: 'string' },
      radius: { type: 'string', default: '200' },
    },
  })
  const { stores, geofences, pings, radius } = values
  if (values.help || (stores === undefined) === (geofences === undefined) || pings === undefined) {
    console.error(USAGE)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const index: TileIndex = indexOf(
    await geofencesOf({
      radius,
      ...(stores === undefined ? {} : { stores }),
      ...(geofences === undefined ? {} : { geofences }),
    }),
  )
  const users = await fixesByUser(pings)
  const measured = [...users].map(([user, fixes]) =>
    measurePhone(hashId('usr', user), fixes.toSorted(compareFixes), index),
  )
  console.log(
    report(
      measured,
      [...users.values()].reduce((sum, fixes) => sum + fixes.length, 0),
    ),
  )
}

main().catch((error: unknown) => {
  console.error(error instanceof ReadError ? `phones: ${error.message}` : error)
  process.exitCode = 1
})
