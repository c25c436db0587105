import { fc } from '@fast-check/vitest'
import type { Ring } from './suites.ts'

const SPOKES = { minLength: 3, maxLength: 150 } as const

/** A ring around the origin with one vertex a spoke; no spoke gap reaches half a turn, so it cannot cross itself. */
const starRing = (radii: readonly number[], from: number, to: number): Ring => {
  const ring = radii.map((part, index) => {
    const angle = (2 * Math.PI * index) / radii.length
    const radius = from + part * (to - from)
    return [radius * Math.cos(angle), radius * Math.sin(angle)]
  })
  return [...ring, ...ring.slice(0, 1)]
}

const parts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), SPOKES)

/** A star of radius 1 to 2 around the origin with up to one hole of radius 0.1 to 0.4, as rings of [x, y]. */
export const starRings: fc.Arbitrary<Ring[]> = fc
  .tuple(parts, fc.option(parts, { nil: undefined }))
  .map(([outer, hole]) => [starRing(outer, 1, 2), ...(hole === undefined ? [] : [starRing(hole, 0.1, 0.4)])])

/** The same star somewhere on the globe: degrees per unit of size; longitudes may lie beyond ±180. */
export const placed = (rings: readonly Ring[], lat: number, lon: number, degrees: number): Ring[] =>
  rings.map((ring) => ring.map(([x = 0, y = 0]) => [lon + x * degrees, lat + y * degrees]))

/** Longitudes brought back between -180 and 180, as files hold them. */
export const wrapped = (rings: readonly Ring[]): Ring[] =>
  rings.map((ring) =>
    ring.map(([lon = 0, lat = 0]) => [lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon, lat]),
  )
