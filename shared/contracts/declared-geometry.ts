import { type Datum, toWgs84 } from '#shared/domain/geo/datum.ts'

/** A place as GeoJSON has it: longitude first. */
export type LonLat = readonly [number, number]

export const GEOMETRY_TYPES = ['Point', 'Polygon', 'MultiPolygon'] as const

/** A geometry as its merchant declared it, in the merchant's own datum. */
export type DeclaredGeometry =
  | { readonly type: 'Point'; readonly coordinates: LonLat }
  | { readonly type: 'Polygon'; readonly coordinates: readonly (readonly LonLat[])[] }
  | { readonly type: 'MultiPolygon'; readonly coordinates: readonly (readonly (readonly LonLat[])[])[] }

export type Declared = {
  readonly datum: Datum
  readonly geometry: DeclaredGeometry
  /** Of a Point. */
  readonly radiusM?: number
}

const UNITS_PER_DEGREE = 1e7

const unitsOf = (degrees: number): number => Math.round(degrees * UNITS_PER_DEGREE)

// Adding 0 makes 0 of -0.
const rounded = ([lon, lat]: LonLat): LonLat => [
  unitsOf(lon) / UNITS_PER_DEGREE + 0,
  unitsOf(lat) / UNITS_PER_DEGREE + 0,
]

const mapPositions = (geometry: DeclaredGeometry, change: (position: LonLat) => LonLat): DeclaredGeometry => {
  switch (geometry.type) {
    case 'Point':
      return { type: 'Point', coordinates: change(geometry.coordinates) }
    case 'Polygon':
      return { type: 'Polygon', coordinates: geometry.coordinates.map((ring) => ring.map(change)) }
    case 'MultiPolygon':
      return {
        type: 'MultiPolygon',
        coordinates: geometry.coordinates.map((polygon) => polygon.map((ring) => ring.map(change))),
      }
    default:
      return geometry satisfies never
  }
}

/**
 * The geometry in the resolution in which it is kept, 1e-7 degrees; further coordinates (altitudes) are left out.
 *
 * @example roundGeometry({ type: 'Point', coordinates: [1.123456789, 2] }).coordinates // [1.1234568, 2]
 */
export const roundGeometry = (geometry: DeclaredGeometry): DeclaredGeometry => mapPositions(geometry, rounded)

/**
 * The declaration in WGS-84, in which GeoJSON is given out.
 *
 * @example inWgs84({ datum: 'gcj02', geometry: { type: 'Point', coordinates: [116.397452, 39.909187] }, radiusM: 50 })
 * // { datum: 'wgs84', geometry: { type: 'Point', coordinates: [116.391211, 39.907785] }, radiusM: 50 }
 */
export const inWgs84 = (declared: Declared): Declared => {
  const { datum, geometry } = declared
  if (datum === 'wgs84') return declared
  const converted = ([lon, lat]: LonLat): LonLat => {
    const position = toWgs84({ lat, lon }, datum)
    return rounded([position.lon, position.lat])
  }
  return { ...declared, datum: 'wgs84', geometry: mapPositions(geometry, converted) }
}

type Areas = readonly (readonly (readonly LonLat[])[])[]

const areasOf = (geometry: DeclaredGeometry): Areas => {
  switch (geometry.type) {
    case 'Point':
      return [[[geometry.coordinates]]]
    case 'Polygon':
      return [geometry.coordinates]
    case 'MultiPolygon':
      return geometry.coordinates
    default:
      return geometry satisfies never
  }
}

/** How many positions a geometry has, the last of each ring included. */
export const countPositions = (geometry: DeclaredGeometry): number =>
  areasOf(geometry).reduce(
    (total, rings) => total + rings.reduce((ofArea, ring) => ofArea + ring.length, 0),
    0,
  )

/** Writes whole numbers in as many bytes as they need, seven bits each, small ones of either sign first ("zigzag"). */
const createWriter = () => {
  const bytes: number[] = []
  const writeCount = (count: number): void => {
    let rest = count
    while (rest >= 128) {
      bytes.push((rest % 128) + 128)
      rest = Math.floor(rest / 128)
    }
    bytes.push(rest)
  }
  const writeStep = (step: number): void => writeCount(step >= 0 ? step * 2 : -step * 2 - 1)
  return { writeCount, writeStep, done: () => Uint8Array.from(bytes) }
}

const createReader = (bytes: Uint8Array) => {
  let place = 0
  const readCount = (): number => {
    let count = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[place++]
      if (byte === undefined) throw new Error('a packed geometry ends too early')
      count += (byte % 128) * scale
      if (byte < 128) return count
    }
  }
  const readStep = (): number => {
    const count = readCount()
    return count % 2 === 0 ? count / 2 : -(count + 1) / 2
  }
  const readList = <T>(readOne: () => T): T[] => {
    const count = readCount()
    // Every element takes a byte at least: a count that is larger is none of ours.
    if (count > bytes.length) throw new Error('a packed geometry is too long')
    return Array.from({ length: count }, readOne)
  }
  return { readStep, readList }
}

/**
 * Packs a geometry: positions as steps from the one before, in units of 1e-7 degrees. Order and winding stay.
 *
 * @example packGeometry({ type: 'Point', coordinates: [0, 0] }).length // 5
 */
export const packGeometry = (geometry: DeclaredGeometry): Uint8Array => {
  const { writeCount, writeStep, done } = createWriter()
  let [lastX, lastY] = [0, 0]
  const areas = areasOf(geometry)
  writeCount(areas.length)
  for (const rings of areas) {
    writeCount(rings.length)
    for (const ring of rings) {
      writeCount(ring.length)
      for (const [lon, lat] of ring) {
        const [x, y] = [unitsOf(lon), unitsOf(lat)]
        writeStep(x - lastX)
        writeStep(y - lastY)
        ;[lastX, lastY] = [x, y]
      }
    }
  }
  return done()
}

/**
 * Unpacks what `packGeometry` packed.
 *
 * @throws {Error} when the bytes are none of its
 */
export const unpackGeometry = (type: DeclaredGeometry['type'], bytes: Uint8Array): DeclaredGeometry => {
  const { readStep, readList } = createReader(bytes)
  let [x, y] = [0, 0]
  const readPosition = (): LonLat => {
    x += readStep()
    y += readStep()
    return [x / UNITS_PER_DEGREE, y / UNITS_PER_DEGREE]
  }
  const areas = readList(() => readList(() => readList(readPosition)))
  const [rings = []] = areas
  if (type === 'MultiPolygon') return { type, coordinates: areas }
  if (type === 'Polygon') return { type, coordinates: rings }
  const point = rings[0]?.[0]
  if (point === undefined) throw new Error('a packed point has no position')
  return { type, coordinates: point }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])

/** Do two declarations draw the same shape? */
export const sameDeclared = (a: Declared, b: Declared): boolean =>
  a.datum === b.datum &&
  a.radiusM === b.radiusM &&
  a.geometry.type === b.geometry.type &&
  sameBytes(packGeometry(a.geometry), packGeometry(b.geometry))

/** Is it the same ground, as it was declared or as it is given out in WGS-84? */
export const sameGround = (kept: Declared, wanted: Declared): boolean =>
  sameDeclared(kept, wanted) || (wanted.datum === 'wgs84' && sameDeclared(inWgs84(kept), wanted))
