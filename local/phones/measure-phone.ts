import type { TileIndex } from '#shared/domain/geo/tile-index.ts'
import type { UserId } from '#shared/domain/ids.ts'
import type { Fix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE } from '#shared/domain/presence/fold.ts'
import {
  fixesToSend,
  hear,
  keepSilent,
  NEW_PHONE,
  type Occasion,
  occasionFor,
  overdueFix,
} from '#shared/domain/presence/obedient-phone.ts'
import { regionAt } from '#shared/domain/presence/region.ts'

/** A transition, and the number of the fix at which it was found. */
export type Found = { readonly what: string; readonly index: number }

export type Measured = {
  readonly pings: number
  readonly requests: number
  readonly occasions: ReadonlyMap<Occasion | 'overdue', number>
  /** What was found when every fix was sent. */
  readonly all: readonly Found[]
  /** What was found when the phone was obedient. */
  readonly obedient: readonly Found[]
}

type Listener = (what: string) => void

/** An engine for one phone; tells every transition as `enter <geofence>` or `exit <geofence>`. */
const engineFor = (user: UserId, index: TileIndex, listener: Listener) => {
  let presence = NO_PRESENCE
  return (fixes: readonly Fix[]) => {
    const newest = fixes.at(-1)
    const folded = fold(user, presence, fixes, index.at, newest?.atMs ?? 0)
    presence = folded.presence
    for (const { type, geofenceId } of folded.transitions) listener(`${type} ${geofenceId}`)
    return folded.open
  }
}

/**
 * Lets a phone take fixes twice, once sending all and once as the phone contract says, and notes what the engine finds.
 *
 * @param fixes in order of time
 */
export const measurePhone = (user: UserId, fixes: readonly Fix[], index: TileIndex): Measured => {
  const all: Found[] = []
  const obedient: Found[] = []
  const occasions = new Map<Occasion | 'overdue', number>()
  let [pings, requests, at] = [0, 0, 0]
  const hearAll = engineFor(user, index, (what) => all.push({ what, index: at }))
  const hearSome = engineFor(user, index, (what) => obedient.push({ what, index: at }))
  let phone = NEW_PHONE
  const send = (why: Occasion | 'overdue', sent: readonly Fix[]): void => {
    occasions.set(why, (occasions.get(why) ?? 0) + 1)
    requests += 1
    pings += sent.length
    const open = hearSome(sent)
    const newest = sent.at(-1)
    if (newest)
      phone = hear(phone, newest, regionAt(newest, newest.atMs, index.listed(newest, newest.atMs), open))
  }
  for (const [number, fix] of fixes.entries()) {
    at = number
    hearAll([fix])
    const overdue = overdueFix(phone, fix.atMs)
    if (overdue) send('overdue', [overdue])
    const occasion = occasionFor(phone, fix)
    if (occasion) send(occasion, fixesToSend(phone, fix))
    else phone = keepSilent(phone, fix)
  }
  return { pings, requests, occasions, all, obedient }
}

/** An enter may be found at the next fix, an exit at the one after that. */
const ALLOWED = { enter: 1, exit: 2 } as const
/** One that is found earlier than with all fixes is the same when it is not earlier by more fixes than this. */
const MOST_EARLY = 30

/**
 * The transitions that an obedient phone missed or told too late: each that is found with all fixes needs one of its own
 * at most one fix later (an enter) or two (an exit).
 *
 * @example missedBy({ all: [{ what: 'enter gf_1', index: 4 }], obedient: [] }) // [{ what: 'enter gf_1', index: 4 }]
 */
export const missedBy = ({ all, obedient }: Pick<Measured, 'all' | 'obedient'>): Found[] => {
  const left = new Map<string, number[]>()
  for (const { what, index } of obedient) left.set(what, [...(left.get(what) ?? []), index])
  return all.filter(({ what, index }) => {
    const latest = index + (what.startsWith('enter') ? ALLOWED.enter : ALLOWED.exit)
    const candidates = left.get(what) ?? []
    const match = candidates.findIndex((at) => at >= index - MOST_EARLY && at <= latest)
    if (match >= 0) candidates.splice(match, 1)
    return match < 0
  })
}
