import { describe, expect, it } from 'vitest'
import { distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import { hashId } from '#shared/domain/ids.ts'
import type { Fix } from '#shared/domain/presence/fix.ts'
import { type Folded, fold, NO_PRESENCE, type Presence, WINDOW_MS } from '#shared/domain/presence/fold.ts'
import { MAX_OPEN_VISITS } from '#shared/domain/presence/walk.ts'
import { ANNA, aFix, aGeofence, HOUR, MINUTE, moved, SECOND, SQUARE, T0 } from '#test/support/builders.ts'

const square = aGeofence('square')
const near =
  (...geofences: IndexedGeofence[]) =>
  (position: Position): IndexedGeofence[] =>
    geofences.filter(({ shape }) => distanceToBoundaryM(shape, position) <= 250)

const NOW = T0 + 10 * HOUR
const step = (before: Presence, fixes: readonly Fix[], geofences = [square], settleUntilMs = 0): Folded =>
  fold(ANNA, before, fixes, near(...geofences), NOW, settleUntilMs)

/** Folds batches one after another; what each of them told, in order. */
const play = (...batches: (readonly Fix[])[]): Folded & { told: string[] } => {
  const told: string[] = []
  let last = step(NO_PRESENCE, [])
  for (const batch of batches) {
    last = step(last.presence, batch)
    told.push(...last.transitions.map(({ type, atMs }) => `${type} ${(atMs - T0) / SECOND}`))
  }
  return { ...last, told }
}

const IN = SQUARE
/** 10 m beyond the boundary: outside of the circle, inside its exit buffer of 20 m. */
const EDGE = moved(SQUARE, 110)
/** 50 m beyond the boundary. */
const OUT = moved(SQUARE, 150)

describe('a geofence whose shape changes', () => {
  const wider = {
    ...square,
    shape: { ...square.shape, radiusM: 101 },
    revision: 2,
    effectiveAtMs: T0 + 60 * SECOND,
    former: { shape: square.shape, effectiveAtMs: 0 },
  }

  it('goes on with the visits it has: no second enter, one exit, the same id', () => {
    const entered = step(NO_PRESENCE, [aFix(0, IN)])
    const [enter] = entered.transitions
    const stayed = step(entered.presence, [aFix(90, IN)], [wider])
    expect(stayed.transitions).toEqual([])
    const left = step(stayed.presence, [aFix(120, OUT), aFix(150, OUT)], [wider])
    expect(left.transitions).toMatchObject([{ type: 'exit', visitId: enter?.visitId }])
  })

  it('shows its new shape to fixes after the change only', () => {
    const rim = moved(SQUARE, 100.5)
    expect(step(NO_PRESENCE, [aFix(30, rim)], [wider]).transitions).toEqual([])
    expect(step(NO_PRESENCE, [aFix(90, rim)], [wider]).transitions).toMatchObject([{ type: 'enter' }])
  })

  it('is not there for fixes before it was drawn', () => {
    const drawn = aGeofence('drawn', { effectiveAtMs: T0 + 60 * SECOND })
    expect(step(NO_PRESENCE, [aFix(30, IN)], [drawn]).transitions).toEqual([])
  })
})

describe('a fix far from every geofence', () => {
  const farAway = moved(SQUARE, 900)
  const all = (fixes: readonly Fix[]) => fold(ANNA, NO_PRESENCE, fixes, () => [square], NOW)

  it('does not count, though the index lists a geofence for it: nothing to store', () => {
    expect(all([aFix(0, farAway)])).toMatchObject({ changed: false, presence: { fixes: [] } })
  })

  it('does not stand in the way of one inside in the same ten seconds', () => {
    expect(all([aFix(0, farAway), aFix(5, IN)]).transitions).toMatchObject([
      { type: 'enter', atMs: T0 + 5 * SECOND },
    ])
  })
})

describe('hundreds of geofences at one place', () => {
  it('open as many visits as there is room for, the nearest first, whatever the order', () => {
    const many = Array.from({ length: 300 }, (_, index) =>
      aGeofence(`g${index}`, { at: moved(SQUARE, (index * 97) % 90) }),
    )
    const { open, transitions } = step(NO_PRESENCE, [aFix(0, IN)], many)
    expect(open).toHaveLength(MAX_OPEN_VISITS)
    const furthest = Math.max(...transitions.map(({ distanceM }) => distanceM))
    const inside = many.map(({ shape }) => distanceToBoundaryM(shape, IN)).toSorted((a, b) => a - b)
    expect(furthest).toBeCloseTo(inside[MAX_OPEN_VISITS - 1] ?? 0, 0)
    const ids = (folded: Folded) => folded.open.map(({ geofenceId }) => geofenceId).toSorted()
    expect(ids(step(NO_PRESENCE, [aFix(0, IN)], many.toReversed()))).toEqual(
      ids(step(NO_PRESENCE, [aFix(0, IN)], many)),
    )
  })
})

describe('entering', () => {
  it('is told at the first fix inside', () => {
    expect(step(NO_PRESENCE, [aFix(0, IN)]).transitions).toEqual([
      {
        type: 'enter',
        visitId: hashId('vis', ANNA, square.id, String(T0)),
        geofenceId: square.id,
        merchantId: square.merchantId,
        timeZone: square.timeZone,
        atMs: T0,
        distanceM: -100,
      },
    ])
  })

  it('takes the boundary for inside', () => {
    const rim = aFix(0, moved(SQUARE, 0, 100))
    const exact = aGeofence('exact', { radiusM: distanceToBoundaryM(square.shape, rim) + 100 })
    expect(step(NO_PRESENCE, [rim], [exact]).transitions).toMatchObject([{ type: 'enter', distanceM: 0 }])
  })

  it('needs no accuracy, and is not told again by the next fix', () => {
    expect(play([aFix(0, IN, 500)], [aFix(30, IN)]).told).toEqual(['enter 0'])
  })

  it('is told for every geofence that holds the fix', () => {
    const folded = step(NO_PRESENCE, [aFix(0)], [square, aGeofence('block', { radiusM: 400 })])
    expect(folded.transitions.map(({ type }) => type)).toEqual(['enter', 'enter'])
  })

  it('does not happen in a geofence that was drawn after the fix', () => {
    const later = aGeofence('later', { effectiveAtMs: T0 + MINUTE })
    expect(step(NO_PRESENCE, [aFix(0)], [later]).transitions).toEqual([])
    expect(step(NO_PRESENCE, [aFix(60)], [later]).transitions).toHaveLength(1)
  })
})

describe('leaving', () => {
  it('needs two fixes outside, at least 15 s apart', () => {
    expect(play([aFix(0, IN), aFix(30, OUT), aFix(44, OUT)]).told).toEqual(['enter 0'])
    expect(play([aFix(0, IN), aFix(30, OUT), aFix(45, OUT)]).told).toEqual(['enter 0', 'exit 45'])
  })

  it('measures beyond the buffer', () => {
    expect(play([aFix(0, IN), aFix(30, EDGE), aFix(60, EDGE), aFix(90, EDGE)]).told).toEqual(['enter 0'])
  })

  it('subtracts the accuracy, but no more than 100 m', () => {
    const vague = [aFix(0, IN), aFix(30, OUT, 31), aFix(60, OUT, 31)]
    expect(play(vague).told).toEqual(['enter 0'])
    const far = moved(SQUARE, 225)
    expect(play([aFix(0, IN), aFix(30, far, 5000), aFix(60, far, 5000)]).told).toEqual(['enter 0', 'exit 60'])
  })

  it('is not confirmed when a fix between them is not outside', () => {
    expect(play([aFix(0, IN), aFix(30, OUT), aFix(60, EDGE), aFix(90, OUT)]).told).toEqual(['enter 0'])
  })

  it('does not follow from one stray fix', () => {
    const { told, open } = play([aFix(0, IN)], [aFix(60, OUT)], [aFix(120, IN)], [aFix(180, IN)])
    expect(told).toEqual(['enter 0'])
    expect(open).toMatchObject([{ enteredAtMs: T0, lastInsideAtMs: T0 + 180 * SECOND }])
    expect(open[0]).not.toHaveProperty('outsideSinceMs')
  })

  it('follows from fixes so far away that the geofence is not listed there', () => {
    const away = moved(SQUARE, 5000)
    expect(play([aFix(0, IN)], [aFix(60, away)], [aFix(120, away)]).told).toEqual(['enter 0', 'exit 120'])
  })

  it('is followed by a visit of its own when the customer comes back', () => {
    const { told, open } = play([aFix(0, IN), aFix(30, OUT), aFix(60, OUT)], [aFix(200, IN)])
    expect(told).toEqual(['enter 0', 'exit 60', 'enter 200'])
    expect(open).toMatchObject([{ visitId: hashId('vis', ANNA, square.id, String(T0 + 200 * SECOND)) }])
  })
})

describe('late and future fixes', () => {
  it('ignores what is older than the window, and changes nothing for it', () => {
    const { presence } = play([aFix(3600, IN)])
    const late = step(presence, [aFix(3600 - WINDOW_MS / SECOND - 10, OUT)])
    expect(late.ignored).toMatchObject([{ reason: 'tooLate' }])
    expect(late.changed).toBe(false)
    expect(step(presence, [aFix(3600 - WINDOW_MS / SECOND, IN)]).ignored).toEqual([])
  })

  it('ignores what is more than 5 min ahead of the receiver', () => {
    const fixAt = (atMs: number) => aFix((atMs - T0) / SECOND)
    expect(step(NO_PRESENCE, [fixAt(NOW + 5 * MINUTE + 1)]).ignored).toMatchObject([{ reason: 'future' }])
    expect(step(NO_PRESENCE, [fixAt(NOW + 5 * MINUTE)]).ignored).toEqual([])
  })

  it('folds a batch that was uploaded hours late but in order', () => {
    const fixes = Array.from({ length: 100 }, (_, index) => aFix(index * 120, index % 4 < 2 ? IN : OUT))
    expect(play(fixes).told.filter((told) => told.startsWith('exit'))).toHaveLength(25)
  })

  it('sends no second enter when a late fix extends a visit backwards', () => {
    const first = play([aFix(300, IN), aFix(360, IN)])
    const late = step(first.presence, [aFix(120, IN)])
    expect(late.transitions).toEqual([])
    expect(late.open).toMatchObject([{ enteredAtMs: T0 + 120 * SECOND }])
  })

  it('tells the exit under the id that the enter was told with, though a late fix has moved the visit', () => {
    const first = play([aFix(300, IN)])
    const late = step(first.presence, [aFix(120, IN)])
    const settledId = hashId('vis', ANNA, square.id, String(T0 + 120 * SECOND))
    expect(late.open[0]?.visitId).toBe(settledId)
    // Over hours, so that the visit leaves the window while it is open.
    const hours = step(late.presence, [aFix(2000, IN), aFix(4000, IN)])
    const left = step(hours.presence, [aFix(4100, OUT), aFix(4200, OUT)])
    expect(left.transitions).toMatchObject([{ type: 'exit', visitId: first.transitions[0]?.visitId }])
    expect(step(left.presence, [aFix(9000, IN)]).settled).toMatchObject([{ visitId: settledId }])
  })

  it('sends no second exit when a late fix moves the exit', () => {
    const first = play([aFix(0, IN), aFix(60, OUT), aFix(120, OUT)])
    expect(first.told).toEqual(['enter 0', 'exit 120'])
    expect(step(first.presence, [aFix(90, OUT)]).transitions).toEqual([])
  })

  it('tells of a visit that lies wholly in late fixes', () => {
    const first = play([aFix(600, OUT)])
    const late = step(first.presence, [aFix(0, IN), aFix(60, OUT), aFix(120, OUT)])
    expect(late.transitions.map(({ type }) => type)).toEqual(['enter', 'exit'])
  })

  it('tells of a return that late fixes reveal in the time after a visit was last seen', () => {
    // The watermark is moved on by a timer while the phone is silent; then it sends what it had kept back.
    const quiet = step(play([aFix(0, IN)]).presence, [], [square], T0 + 10 * MINUTE)
    const late = step(quiet.presence, [aFix(60, OUT), aFix(120, OUT), aFix(300, IN)])
    expect(late.transitions.map(({ type }) => type)).toEqual(['exit', 'enter'])
  })

  it('merges two visits into the earlier one', () => {
    const first = play([aFix(0, IN), aFix(60, OUT), aFix(120, OUT), aFix(300, IN)])
    const merged = step(first.presence, [aFix(90, IN)])
    expect(merged.open).toMatchObject([{ visitId: hashId('vis', ANNA, square.id, String(T0)) }])
    expect(merged.transitions).toEqual([])
  })
})

describe('thinning', () => {
  it('keeps the earliest fix of each 10 s', () => {
    const { presence } = step(NO_PRESENCE, [aFix(9), aFix(1), aFix(10), aFix(19), aFix(20)])
    expect(presence.fixes.map(({ atMs }) => (atMs - T0) / SECOND)).toEqual([1, 10, 20])
  })

  it('learns nothing from a fix whose 10 s are known', () => {
    const { presence } = step(NO_PRESENCE, [aFix(1)])
    expect(step(presence, [aFix(5)]).changed).toBe(false)
  })

  it('does not lose a fix inside to one with nothing near in the same 10 s', () => {
    const away = moved(SQUARE, 5000)
    expect(play([aFix(1, away), aFix(5, IN)]).told).toEqual(['enter 5'])
    expect(play([aFix(1, away)], [aFix(5, IN)]).told).toEqual(['enter 5'])
  })
})

describe('settling', () => {
  const visit = [aFix(0, IN), aFix(60, OUT), aFix(120, OUT)]

  it('waits until the exit lies behind the window', () => {
    const { presence, settled } = play(visit)
    expect(settled).toEqual([])
    expect(step(presence, [aFix(120 + 900, OUT)]).settled).toEqual([])
  })

  it('comes with the next fix after it, once', () => {
    const { presence } = play(visit)
    const after = step(presence, [aFix(1100, IN)])
    expect(after.settled).toMatchObject([
      { enteredAtMs: T0, lastInsideAtMs: T0, exitedAtMs: T0 + 120 * SECOND, geofenceId: square.id },
    ])
    expect(step(after.presence, [aFix(1200, IN)]).settled).toEqual([])
  })

  it('comes with a fix far from everything, too', () => {
    const after = step(play(visit).presence, [aFix(1100, moved(SQUARE, 9000))])
    expect(after.settled).toHaveLength(1)
    expect(after.changed).toBe(true)
  })

  it('comes with the time alone', () => {
    const { presence } = play(visit)
    const silent = step(presence, [], [square], T0 + 120 * SECOND + WINDOW_MS + 10 * SECOND)
    expect(silent.settled).toHaveLength(1)
    expect(silent.transitions).toEqual([])
    expect(silent.presence.fixes).toEqual([])
  })

  it('carries the id that the enter was told with', () => {
    const after = step(play(visit).presence, [aFix(1100, IN)])
    expect(after.settled[0]?.visitId).toBe(hashId('vis', ANNA, square.id, String(T0)))
  })

  it('keeps what is open at the window’s start, with a pending exit', () => {
    const pending = play([aFix(0, IN)], [aFix(60, OUT)])
    const silent = step(pending.presence, [], [square], T0 + 1000 * SECOND)
    expect(silent.presence.base).toMatchObject([{ outsideSinceMs: T0 + 60 * SECOND }])
    const left = step(silent.presence, [aFix(1010, OUT)])
    expect(left.transitions).toMatchObject([{ type: 'exit', atMs: T0 + 1010 * SECOND }])
  })
})

describe('what must be stored', () => {
  it('is nothing when no geofence is near', () => {
    const folded = step(NO_PRESENCE, [aFix(0, moved(SQUARE, 9000))])
    expect(folded).toMatchObject({ changed: false, transitions: [], settled: [] })
    expect(folded.presence.fixes).toEqual([])
  })

  it('is a fix near a geofence, though it tells nothing', () => {
    const folded = step(NO_PRESENCE, [aFix(0, OUT)])
    expect(folded).toMatchObject({ changed: true, transitions: [] })
  })

  it('is nothing when the same fixes come again', () => {
    const fixes = [aFix(0, IN), aFix(60, OUT), aFix(120, OUT)]
    const { presence } = play(fixes)
    expect(step(presence, fixes)).toMatchObject({ changed: false, transitions: [], settled: [] })
  })
})
