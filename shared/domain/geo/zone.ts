import { contains } from '#shared/domain/geo/distance.ts'
import type { Circle, Position } from '#shared/domain/geo/geofence.ts'
import type { ZoneId } from '#shared/domain/ids.ts'
import type { Surroundings } from '#shared/domain/scenes/facts.ts'

/**
 * An area with manners of its own, kept by the operator: where promotion is silent (homes, schools), or where the owner
 * of the venue (a mall, a station) caps what a visitor gets from all merchants together.
 */
export type Zone = {
  readonly id: ZoneId
  readonly name: string
  readonly area: Circle
} & ({ readonly kind: 'exclusion' } | { readonly kind: 'venue'; readonly capPerDay: number })

/** Where a customer at this position stands. */
export const surroundingsAt = (position: Position, zones: readonly Zone[]): Surroundings => {
  const around = zones.filter(({ area }) => contains(area, position))
  return {
    isExcluded: around.some(({ kind }) => kind === 'exclusion'),
    venues: around.flatMap((zone) =>
      zone.kind === 'venue' ? [{ id: zone.id, capPerDay: zone.capPerDay }] : [],
    ),
  }
}
