import type { DecideServices } from '#functions/decide-offers/decide-triggers.ts'
import type { PresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import { surroundingsAt, type Zone } from '#shared/domain/geo/zone.ts'
import type { Surroundings } from '#shared/domain/scenes/facts.ts'
import { isOfPlace } from '#shared/domain/scenes/trigger.ts'

/** Where a customer was longer ago than this says nothing of where the customer is. */
const MAX_AGE_MS = 15 * 60_000

/** A place trigger whose place nobody knows any more is not one to speak at. */
const NOWHERE: Surroundings = { isExcluded: true, venues: [] }

/** Looks where the customer stands: by the newest fix of presence, in the zones of the operator. */
export const createSurroundingsOf =
  (
    readPresence: PresenceStore['read'],
    zonesAt: (version: number, signal?: AbortSignal) => Promise<readonly Zone[]>,
  ): DecideServices['surroundingsOf'] =>
  async (trigger, zonesVersion, nowMs, signal) => {
    const zones = await zonesAt(zonesVersion, signal)
    if (zones.length === 0) return undefined
    const stored = await readPresence(trigger.user, [], nowMs, signal)
    const fix = stored.kind === 'presence' ? stored.presence.fixes.at(-1) : undefined
    if (isOfPlace(trigger)) return fix === undefined ? NOWHERE : surroundingsAt(fix, zones)
    const isFresh = fix !== undefined && Math.abs(nowMs - fix.atMs) <= MAX_AGE_MS
    return isFresh ? surroundingsAt(fix, zones) : undefined
  }
