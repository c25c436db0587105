import * as z from 'zod'
import {
  type Declared,
  type DeclaredGeometry,
  GEOMETRY_TYPES,
  packGeometry,
  roundGeometry,
  unpackGeometry,
} from '#shared/contracts/declared-geometry.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { type NoteEffort, noteNothing } from '#shared/domain/geo/check-effort.ts'
import { DATUMS, type Datum } from '#shared/domain/geo/datum.ts'
import type { Geofence, Shape } from '#shared/domain/geo/geofence.ts'
import { parseGeometry } from '#shared/domain/geo/geojson.ts'
import { type GeometryFault, refused } from '#shared/domain/geo/geometry-fault.ts'
import { tilesOf } from '#shared/domain/geo/tiles.ts'

/** A geofence with what its merchant declared: the shape follows from that. */
export type DeclaredGeofence = Geofence & {
  readonly declared: Declared
  /** The tiles that list it, once it is stored. */
  readonly tiles?: readonly string[]
}

/**
 * The shape that a declaration draws; it was accepted before.
 *
 * @throws {Error} when it is not accepted
 */
export const shapeDeclared = ({ geometry, datum, radiusM }: Declared): Shape => {
  const parsed = parseGeometry(geometry, { datum, ...(radiusM !== undefined && { radiusM }) })
  if (parsed.kind === 'refused') throw new Error('a stored geometry is not valid')
  return parsed.shape
}

/** What a merchant sends to draw a geofence. */
export type Drawing = { readonly geometry: unknown; readonly datum: Datum; readonly radiusM?: number }

type ReadDrawing =
  | { readonly kind: 'drawing'; readonly declared: Declared; readonly shape: Shape }
  | GeometryFault

/** The radius stands beside the geometry; all else is in it. */
const beside = ({ pointer, reason }: GeometryFault): GeometryFault =>
  refused(pointer === '/radiusM' ? pointer : `/geometry${pointer}`, reason)

/**
 * Reads a drawing: what will be kept of it, and its shape; or its first fault, with a pointer into the drawing.
 *
 * @example readDrawing({ geometry: { type: 'Polygon', coordinates: [] }, datum: 'wgs84' }).pointer // '/geometry/coordinates'
 */
export const readDrawing = (
  { geometry, datum, radiusM }: Drawing,
  noteEffort: NoteEffort = noteNothing,
): ReadDrawing => {
  const options = { datum, ...(radiusM !== undefined && { radiusM }) }
  const parsed = parseGeometry(geometry, { ...options, noteEffort })
  if (parsed.kind === 'refused') return beside(parsed)
  const declared: Declared = { ...options, geometry: roundGeometry(geometry as DeclaredGeometry) }
  // The shape of what is kept: converted from another datum, what was rounded before may differ in the last digit.
  const kept = datum === 'wgs84' ? parsed : parseGeometry(declared.geometry, { ...options, noteEffort })
  return kept.kind === 'refused' ? beside(kept) : { kind: 'drawing', declared, shape: kept.shape }
}

const stored = z.object({
  id: id('gf'),
  merchantId: id('mer'),
  storeId: id('sto').exactOptional(),
  name: z.string().max(100),
  datum: z.enum(DATUMS),
  geometryType: z.enum(GEOMETRY_TYPES),
  geometry: z.instanceof(Uint8Array),
  radiusM: z.number().exactOptional(),
  exit: z
    .object({
      bufferM: z.number().min(0).max(140).exactOptional(),
      confirmS: z.number().min(0).max(600).exactOptional(),
    })
    .exactOptional(),
  timeZone: z.string().max(64),
  tiles: z.array(z.string().max(6)).max(1024),
  revision: z.int(),
  effectiveAtMs: z.int(),
  createdAt: z.string().max(40),
  updatedAt: z.string().max(40),
})

/** The attributes of a geofence's own item. The shape before the last change stands in the rows of its tiles only. */
export const geofenceItem = (geofence: DeclaredGeofence): Record<string, unknown> => {
  const { shape, former: _, declared, tiles = tilesOf(shape), ...rest } = geofence
  const { datum, geometry, radiusM } = declared
  return {
    ...rest,
    datum,
    geometryType: geometry.type,
    geometry: packGeometry(geometry),
    ...(radiusM !== undefined && { radiusM }),
    tiles,
  }
}

/**
 * Reads a geofence's own item. The shape is made of the declaration when it is asked for: to show a geofence nobody
 * needs it, and a large border takes a while.
 *
 * @throws {z.ZodError} when the item has another form
 */
export const parseGeofenceItem = (item: unknown): DeclaredGeofence => {
  const { datum, geometryType, geometry, radiusM, ...rest } = stored.parse(item)
  const declared: Declared = {
    datum,
    geometry: unpackGeometry(geometryType, geometry),
    ...(radiusM !== undefined && { radiusM }),
  }
  let shape: Shape | undefined
  return {
    ...rest,
    declared,
    get shape() {
      shape ??= shapeDeclared(declared)
      return shape
    },
  }
}
