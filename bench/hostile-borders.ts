import { ImportError } from '#shared/contracts/import-row.ts'
import { readDrawing } from '#shared/contracts/items/geofence.ts'
import { readImport } from '#shared/contracts/store-import.ts'
import { hashId } from '#shared/domain/ids.ts'

// What the hostile borders of one request cost, in seconds of processor time: `node bench/hostile-borders.ts`.

const MERCHANT = hashId('mer', 'bench')
const BODY_BYTES = 4 * 1024 * 1024
const rounded = (degrees: number): number => Math.round(degrees * 1e7) / 1e7
type Ring = readonly (readonly number[])[]

/** Long lines to and fro, so that the boxes of most overlap. */
const zigzag = (vertices: number): Ring => {
  const lines = Array.from({ length: vertices }, (_, n) => [
    n % 2 === 0 ? 10 : 10.03,
    rounded(50 + (0.015 * n) / vertices + (n % 2 === 0 ? 0 : 0.015)),
  ])
  return [...lines, [9.999, 50.03], [9.999, 50], [10, 50]]
}

/** Radii by turns long and short. */
const star = (vertices: number): Ring => {
  const ring = Array.from({ length: vertices }, (_, n) => {
    const angle = (2 * Math.PI * n) / vertices
    const radius = n % 2 === 0 ? 0.03 : 0.015
    return [rounded(10 + radius * Math.cos(angle)), rounded(50 + radius * Math.sin(angle))]
  })
  return [...ring, [10.03, 50]]
}

/** Areas that all touch in one point. */
const blades = (areas: number, vertices: number): Ring[][] =>
  Array.from({ length: areas }, (_, n) => {
    const half = Math.floor(vertices / 2)
    const at = (turn: number, step: number) => {
      const angle = (Math.PI / 2) * (turn / areas)
      const radius = (0.04 * step) / half
      return [rounded(10 + radius * Math.cos(angle)), rounded(50 + radius * Math.sin(angle))]
    }
    const out = Array.from({ length: half }, (_, step) => at(n, step + 1))
    const back = Array.from({ length: half }, (_, step) => at(n + 0.4, half - step))
    return [[[10, 50], ...out, ...back, [10, 50]]]
  })

const cases = {
  'zigzag of 4,400': { type: 'Polygon', coordinates: [zigzag(4400)] },
  'zigzag of 29,997': { type: 'Polygon', coordinates: [zigzag(29_997)] },
  'star of 6,000': { type: 'Polygon', coordinates: [star(6000)] },
  'star of 29,998': { type: 'Polygon', coordinates: [star(29_998)] },
  '380 blades of 76': { type: 'MultiPolygon', coordinates: blades(380, 76) },
  '540 blades of 2': { type: 'MultiPolygon', coordinates: blades(540, 2) },
} as const

const secondsOf = (work: () => unknown): string => {
  const before = process.cpuUsage()
  try {
    work()
  } catch (error) {
    // A file that is refused was checked up to then.
    if (!(error instanceof ImportError)) throw error
  }
  const { user, system } = process.cpuUsage(before)
  return ((user + system) / 1e6).toFixed(1)
}

for (const [name, geometry] of Object.entries(cases)) {
  const count = Math.floor(BODY_BYTES / (JSON.stringify(geometry).length + 100))
  const features = Array.from({ length: count }, (_, id) => ({ id, properties: { name: 'x' }, geometry }))
  const stores = { type: 'FeatureCollection', features } as const
  const one = secondsOf(() => readDrawing({ geometry, datum: 'wgs84' }))
  const all = secondsOf(() => readImport({ format: 'geojson', datum: 'wgs84', stores }, 5000, MERCHANT))
  console.info(`${name}: one ${one} s, an import of ${count} ${all} s`)
}
