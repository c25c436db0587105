import { reachM } from '#shared/domain/geo/distance.ts'
import type {
  Circle,
  ExitLadder,
  FormerShape,
  IndexedGeofence,
  Polygon,
  Shape,
} from '#shared/domain/geo/geofence.ts'
import { packPolygon, unpackPolygon } from '#shared/domain/geo/packing.ts'
import type { TileRow } from '#shared/domain/geo/tile-index.ts'
import { type GeofenceId, isId, type MerchantId, type StoreId } from '#shared/domain/ids.ts'

/** A packed polygon up to this size stands in the rows of its tiles; a larger one stands once, in an item of its own. */
const MAX_INLINE_BYTES = 1024

type Item = Readonly<Record<string, unknown>>

/** A polygon without its edges, for when the item that holds them was not read. */
export type PolygonOutlined = {
  readonly id: GeofenceId
  /** Since when the shape has counted: what tells a geofence's shapes apart. */
  readonly effectiveAtMs: number
  /** The circle that holds it: it stands for the polygon as long as nobody is near it. */
  readonly around: Circle
  /** Puts the polygon into the row, or with `undefined` the circle again. */
  readonly show: (polygon: Polygon | undefined) => void
  readonly isShown: () => boolean
}

export type ParsedTileRow = TileRow & {
  /** Shapes whose edges stand elsewhere; the row shows their circles until they are read. */
  readonly elsewhere: readonly PolygonOutlined[]
}

export const geometryKey = (id: GeofenceId, effectiveAtMs: number) => ({
  pk: `GEOMETRY#${id}`,
  sk: `REVISION#${effectiveAtMs}`,
})

const shapeItem = (shape: Shape): Item => {
  if (shape.kind === 'circle') return shape
  const { kind, lat, lon } = shape
  const packed = packPolygon(shape)
  const outlined = { kind, lat, lon, reachM: reachM(shape), radiusM: shape.radiusM }
  return packed.length <= MAX_INLINE_BYTES ? { ...outlined, packed } : outlined
}

/** The item of a polygon that is too large for its rows; undefined for every other shape. */
export const geometryItem = (id: GeofenceId, shape: Shape, effectiveAtMs: number): Item | undefined => {
  if (shape.kind === 'circle') return undefined
  const packed = packPolygon(shape)
  if (packed.length <= MAX_INLINE_BYTES) return undefined
  return { ...geometryKey(id, effectiveAtMs), kind: 'geometry', packed }
}

/** What all rows of a geofence have in common; each has its tile's key and `cover` beside. */
export const tileRowAttributes = (geofence: IndexedGeofence): Item => {
  const { id, merchantId, storeId, shape, exit, timeZone, revision, effectiveAtMs, former, goneAtMs } =
    geofence
  return {
    kind: 'tileRow',
    id,
    merchantId,
    ...(storeId !== undefined && { storeId }),
    shape: shapeItem(shape),
    ...(exit !== undefined && { exit }),
    timeZone,
    revision,
    effectiveAtMs,
    ...(former !== undefined && {
      former: { shape: shapeItem(former.shape), effectiveAtMs: former.effectiveAtMs },
    }),
    ...(goneAtMs !== undefined && { goneAtMs }),
  }
}

// Checked by hand: a tile has up to thousands of rows, and a schema takes ten times as long.
const fault = (name: string): Error => new Error(`an item of a tile has no valid ${name}`)

const numberOf = (item: Item, name: string): number => {
  const value = item[name]
  if (typeof value !== 'number' || !Number.isFinite(value)) throw fault(name)
  return value
}

const numberWithin = (item: Item, name: string, least: number, most: number): number => {
  const value = numberOf(item, name)
  if (value < least || value > most) throw fault(name)
  return value
}

const bytesOf = (item: Item, name: string): Uint8Array => {
  const value = item[name]
  if (!(value instanceof Uint8Array)) throw fault(name)
  return value
}

const objectOf = (item: Item, name: string): Item => {
  const value = item[name]
  if (typeof value !== 'object' || value === null) throw fault(name)
  return value as Item
}

const geofenceIdOf = (item: Item): GeofenceId => {
  const { id } = item
  if (typeof id !== 'string' || !isId('gf', id)) throw fault('id')
  return id
}

const merchantIdOf = ({ merchantId }: Item): MerchantId => {
  if (typeof merchantId !== 'string' || !isId('mer', merchantId)) throw fault('merchantId')
  return merchantId
}

const storeIdOf = ({ storeId }: Item): { storeId?: StoreId } => {
  if (storeId === undefined) return {}
  if (typeof storeId !== 'string' || !isId('sto', storeId)) throw fault('storeId')
  return { storeId }
}

const timeZoneOf = ({ timeZone }: Item): string => {
  if (typeof timeZone !== 'string' || timeZone.length > 64) throw fault('timeZone')
  return timeZone
}

const exitOf = (item: Item): { exit?: ExitLadder } => {
  if (item['exit'] === undefined) return {}
  const exit = objectOf(item, 'exit')
  return {
    exit: {
      ...(exit['bufferM'] !== undefined && { bufferM: numberWithin(exit, 'bufferM', 0, 140) }),
      ...(exit['confirmS'] !== undefined && { confirmS: numberWithin(exit, 'confirmS', 0, 600) }),
    },
  }
}

const HALF_GLOBE_M = 20_100_000

/** The shape, or the circle around one whose edges stand elsewhere. */
const shapeOf = (item: Item): { readonly shape: Shape; readonly isElsewhere: boolean } => {
  const lat = numberWithin(item, 'lat', -90, 90)
  const lon = numberWithin(item, 'lon', -180, 180)
  if (item['kind'] === 'circle') {
    const radiusM = numberWithin(item, 'radiusM', 0, HALF_GLOBE_M)
    return { shape: { kind: 'circle', lat, lon, radiusM }, isElsewhere: false }
  }
  if (item['kind'] !== 'polygon') throw fault('kind')
  if (item['packed'] !== undefined) {
    return { shape: unpackPolygon(bytesOf(item, 'packed')), isElsewhere: false }
  }
  const radiusM = numberWithin(item, 'reachM', 0, HALF_GLOBE_M)
  return { shape: { kind: 'circle', lat, lon, radiusM }, isElsewhere: true }
}

type Changeable<T> = { -readonly [K in keyof T]: T[K] }

const outlinedIn = (
  id: GeofenceId,
  holder: Changeable<Pick<FormerShape, 'shape' | 'effectiveAtMs'>>,
): PolygonOutlined[] => {
  const around = holder.shape
  if (around.kind !== 'circle') return []
  const show = (polygon: Polygon | undefined): void => {
    holder.shape = polygon ?? around
  }
  const isShown = (): boolean => holder.shape !== around
  return [{ id, effectiveAtMs: holder.effectiveAtMs, around, show, isShown }]
}

/** How long what was replaced or deleted is kept, for phones that speak late and for rows cached elsewhere. */
export const KEEP_GONE_S = 48 * 3600

/**
 * Reads a row of a tile.
 *
 * @param item as unmarshalled
 * @param nowMs a shape that was replaced longer ago than it is kept is left out
 * @throws {Error} when the item has another form
 */
export const parseTileRow = (item: Item, nowMs: number): ParsedTileRow => {
  const id = geofenceIdOf(item)
  const { shape, isElsewhere } = shapeOf(objectOf(item, 'shape'))
  const effectiveAtMs = numberOf(item, 'effectiveAtMs')
  const geofence: Changeable<IndexedGeofence> = {
    id,
    merchantId: merchantIdOf(item),
    ...storeIdOf(item),
    shape,
    ...exitOf(item),
    timeZone: timeZoneOf(item),
    revision: numberOf(item, 'revision'),
    effectiveAtMs,
  }
  if (item['goneAtMs'] !== undefined) geofence.goneAtMs = numberOf(item, 'goneAtMs')
  const elsewhere = isElsewhere ? outlinedIn(id, geofence) : []
  if (item['former'] !== undefined && nowMs - effectiveAtMs < KEEP_GONE_S * 1000) {
    const former = objectOf(item, 'former')
    const parsed = shapeOf(objectOf(former, 'shape'))
    const holder: Changeable<FormerShape> = {
      shape: parsed.shape,
      effectiveAtMs: numberOf(former, 'effectiveAtMs'),
    }
    geofence.former = holder
    if (parsed.isElsewhere) elsewhere.push(...outlinedIn(id, holder))
  }
  return { geofence, code: bytesOf(item, 'cover'), elsewhere }
}

/**
 * Reads a GEOMETRY item.
 *
 * @throws {Error} when the item has another form
 */
export const parseGeometryItem = (item: Item): Polygon => unpackPolygon(bytesOf(item, 'packed'))
