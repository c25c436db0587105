import type { Polygon } from '#shared/domain/geo/geofence.ts'
import type { AreaRings, Outline } from '#shared/domain/geo/outline.ts'
import { MAX_VERTICES, polygonOf } from '#shared/domain/geo/polygon.ts'
import {
  type ByteReader,
  newWriter,
  readCount,
  readSigned,
  writeCount,
  writeSigned,
  written,
} from '#shared/domain/presence/bytes.ts'

// Format 1: the number of areas; for each its number of rings; for each its number of vertices, and these as steps of
// longitude and latitude from the vertex before, the first from the ring before. Rings close by themselves.
const FORMAT = 1

/** More than a valid polygon can have: closing over a pole and splitting at a cut add a few vertices. */
const MAX_PACKED_VERTICES = 4 * MAX_VERTICES

/** The rings of each area of an outline, the outer one first. */
export const ringsOf = ({ coords, ringEnds, polygonEnds }: Outline): Float64Array[][] => {
  const rings = [...ringEnds].map((end, index) => coords.subarray(2 * (ringEnds[index - 1] ?? 0), 2 * end))
  return [...polygonEnds].map((end, index) => rings.slice(polygonEnds[index - 1] ?? 0, end))
}

/**
 * Packs a polygon, without any loss: about 4 bytes a vertex of a real border, so 30,000 vertices take some 120 KB.
 *
 * @example packPolygon(polygonOf([[[0, 0, 1e5, 0, 1e5, 1e5, 0, 1e5, 0, 0]]])).length // 18
 */
export const packPolygon = ({ outline }: Polygon): Uint8Array => {
  const writer = newWriter()
  const areas = ringsOf(outline)
  writeCount(writer, FORMAT)
  writeCount(writer, areas.length)
  let [x, y] = [0, 0]
  for (const rings of areas) {
    writeCount(writer, rings.length)
    for (const ring of rings) {
      writeCount(writer, ring.length / 2 - 1)
      for (let at = 0; at < ring.length - 2; at += 2) {
        const [nextX, nextY] = [ring[at] ?? 0, ring[at + 1] ?? 0]
        writeSigned(writer, nextX - x)
        writeSigned(writer, nextY - y)
        x = nextX
        y = nextY
      }
    }
  }
  return written(writer)
}

type Cursor = { readonly reader: ByteReader; x: number; y: number }

/** A count of things that take bytes each: never more than are left, so that bad bytes do not fill the memory. */
const readBounded = (reader: ByteReader, least: number, most: number): number => {
  const count = readCount(reader)
  if (count < least || count > most || count > reader.bytes.length - reader.at) {
    throw new Error(`packed polygon: a count of ${count} cannot be`)
  }
  return count
}

const readRing = (cursor: Cursor): number[] => {
  const ring: number[] = []
  const vertices = readBounded(cursor.reader, 3, MAX_PACKED_VERTICES)
  for (let vertex = 0; vertex < vertices; vertex++) {
    cursor.x += readSigned(cursor.reader)
    cursor.y += readSigned(cursor.reader)
    ring.push(cursor.x, cursor.y)
  }
  ring.push(ring[0] ?? 0, ring[1] ?? 0)
  return ring
}

/**
 * Unpacks what `packPolygon` made.
 *
 * @throws {Error} for bytes that it did not make
 * @example unpackPolygon(packPolygon(polygonOf([[[0, 0, 1e5, 0, 1e5, 1e5, 0, 1e5, 0, 0]]]))).kind // 'polygon'
 */
export const unpackPolygon = (bytes: Uint8Array): Polygon => {
  const cursor: Cursor = { reader: { bytes, at: 0 }, x: 0, y: 0 }
  const format = readCount(cursor.reader)
  if (format !== FORMAT) throw new Error(`packed polygon: unknown format ${format}`)
  const areas: AreaRings[] = []
  const count = readBounded(cursor.reader, 1, MAX_PACKED_VERTICES)
  for (let area = 0; area < count; area++) {
    const rings = readBounded(cursor.reader, 1, MAX_PACKED_VERTICES)
    areas.push(Array.from({ length: rings }, () => readRing(cursor)))
  }
  if (cursor.reader.at !== bytes.length) throw new Error('packed polygon: more bytes than polygon')
  return polygonOf(areas)
}
