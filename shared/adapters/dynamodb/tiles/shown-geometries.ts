import { geometryName } from '#shared/adapters/dynamodb/tiles/geometry-loader.ts'
import type { PolygonOutlined } from '#shared/contracts/items/tile-row.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import { distanceM } from '#shared/domain/geo/distance.ts'
import type { Polygon, Position, Shape } from '#shared/domain/geo/geofence.ts'
import type { Nearby } from '#shared/domain/geo/geofences-at.ts'
import { TILE_MARGIN_M } from '#shared/domain/geo/tiles.ts'

/** Is a position so near that the circle around a polygon does not say enough of it? */
export const isNear = (around: { lat: number; lon: number; radiusM: number }, position: Position): boolean =>
  distanceM(around, position) <= around.radiusM + TILE_MARGIN_M

export type ShownGeometries = {
  /** A tile has come that lists this polygon by the circle around it. */
  readonly add: (outlined: PolygonOutlined) => void
  readonly remove: (outlined: PolygonOutlined) => void
  readonly show: (outlined: PolygonOutlined, polygon: Polygon) => void
  /** The polygon is let go: wherever it is shown, the circle takes its place. */
  readonly hide: (name: string) => void
  /** Is any polygon listed that stands elsewhere? */
  readonly any: () => boolean
  /** @throws {BusyError} when a polygon is near whose edges are not known */
  readonly mustBeShown: (nearby: readonly Nearby[], position: Position) => void
}

/** Which of the polygons that stand elsewhere are shown in their rows, and which by the circles around them. */
export const createShownGeometries = (): ShownGeometries => {
  const hidden = new Set<Shape>()
  const shownIn = new Map<string, Set<PolygonOutlined>>()

  const forget = (outlined: PolygonOutlined): void => {
    const name = geometryName(outlined)
    const rows = shownIn.get(name)
    rows?.delete(outlined)
    if (rows?.size === 0) shownIn.delete(name)
  }

  return {
    add: ({ around }) => {
      hidden.add(around)
    },
    remove: (outlined) => {
      hidden.delete(outlined.around)
      forget(outlined)
    },
    show: (outlined, polygon) => {
      const name = geometryName(outlined)
      outlined.show(polygon)
      hidden.delete(outlined.around)
      shownIn.set(name, (shownIn.get(name) ?? new Set()).add(outlined))
    },
    hide: (name) => {
      for (const outlined of shownIn.get(name) ?? []) {
        outlined.show(undefined)
        hidden.add(outlined.around)
      }
      shownIn.delete(name)
    },
    any: () => hidden.size + shownIn.size > 0,
    mustBeShown: (nearby, position) => {
      if (hidden.size === 0) return
      for (const { inside, test } of nearby) {
        for (const { shape } of [...inside, ...test]) {
          if (shape.kind === 'circle' && hidden.has(shape) && isNear(shape, position)) {
            throw new BusyError('a geometry was asked for that is not loaded')
          }
        }
      }
    },
  }
}
