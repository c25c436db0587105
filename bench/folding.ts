import { parsePresence, presenceItem } from '#shared/contracts/items/presence.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import { fold, NO_PRESENCE, type Presence } from '#shared/domain/presence/fold.ts'
import type { Transition } from '#shared/domain/presence/visit.ts'
import type { Walk } from './worlds.ts'

/** Takes what a fold has found, and what it was. */
export type Listener = (transitions: readonly Transition[]) => void

const NOBODY: Listener = () => {}

const endOf = ({ fixes }: Walk, upTo: number): number => fixes[upTo - 1]?.atMs ?? 0

/**
 * Folds walks in batches, presence kept as it is in memory.
 *
 * @returns how many pings that were
 */
export const foldWalks = (
  walks: readonly Walk[],
  at: GeofencesAt,
  batch: number,
  onTransitions = NOBODY,
): number => {
  let pings = 0
  for (const walk of walks) {
    let presence: Presence = NO_PRESENCE
    for (let start = 0; start < walk.fixes.length; start += batch) {
      const fixes = walk.fixes.slice(start, start + batch)
      const folded = fold(walk.user, presence, fixes, at, endOf(walk, start + fixes.length))
      presence = folded.presence
      onTransitions(folded.transitions)
      pings += fixes.length
    }
  }
  return pings
}

/**
 * The same as the function does it: presence comes from the stored item and goes back into one where it has changed.
 */
export const foldItems = (walks: readonly Walk[], at: GeofencesAt, batch: number): number => {
  let pings = 0
  for (const walk of walks) {
    let item: Record<string, unknown> | undefined
    for (let start = 0; start < walk.fixes.length; start += batch) {
      const fixes = walk.fixes.slice(start, start + batch)
      const nowMs = endOf(walk, start + fixes.length)
      const stored = parsePresence(item)
      if (stored.kind !== 'presence') throw new Error('nobody was erased')
      const folded = fold(walk.user, stored.presence, fixes, at, nowMs)
      if (folded.changed) item = presenceItem(walk.user, stored.version + 1, folded, nowMs)
      pings += fixes.length
    }
  }
  return pings
}
