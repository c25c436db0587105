import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'

/** What one cell of the index knows of a position in it. */
export type Nearby = {
  /** Geofences that hold the whole cell: the position is inside without a test. */
  readonly inside: readonly IndexedGeofence[]
  /** Geofences whose boundary may be within 250 m: they must be measured. */
  readonly test: readonly IndexedGeofence[]
  /** Geofences that were here and are deleted or moved away by the time asked for; seldom any. */
  readonly gone?: readonly IndexedGeofence[]
}

/**
 * Lists every geofence that is there at `atMs` and that holds the position or has its boundary within 250 m of it, each
 * once over all the lists. The `shape` of what is listed is the one that a fix of that time sees; `former` stays beside
 * it for fixes after a change.
 */
export type GeofencesAt = (position: Position, atMs: number) => readonly Nearby[]
