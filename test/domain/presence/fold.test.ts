import { describe, expect, it } from 'vitest'
import { distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import { hashId } from '#shared/domain/ids.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import {
  type Folded,
  fold,
  foldSilence,
  MAX_SETTLED,
  NO_PRESENCE,
  type Presence,
  storedPositionsFor,
  WINDOW_MS,
} from '#shared/domain/presence/fold.ts'
import { MAX_OPEN_VISITS } from '#shared/domain/presence/walk.ts'
import {
  ANNA,
  aFix,
  aGeofence,
  HOUR,
  MINUTE,
  moved,
  nearOf,
  SECOND,
  SQUARE,
  T0,
} from '#test/support/builders.ts'

const square = aGeofence('square')

const NOW = T0 + 10 * HOUR
const step = (before: Presence, fixes: readonly Fix[], geofences = [square], settleUntilMs = 0): Folded =>
  fold(ANNA, before, fixes, nearOf(...geofences), NOW, settleUntilMs)

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
  const listed = [{ inside: [], test: [square] }]
  const all = (fixes: readonly Fix[]) => fold(ANNA, NO_PRESENCE, fixes, () => listed, NOW)

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
        enteredAtMs: T0,
        distanceM: -100,
        confidence: 1,
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
    expect(open[0]?.outsideSinceMs).toBeUndefined()
  })

  it('follows from fixes so far away that the geofence is not listed there', () => {
    const away = moved(SQUARE, 5000)
    expect(play([aFix(0, IN)], [aFix(60, away)], [aFix(120, away)]).told).toEqual(['enter 0', 'exit 120'])
  })

  it('is followed by a visit of its own when the customer comes back', () => {
    const { told, open } = play([aFix(0, IN), aFix(30, OUT), aFix(60, OUT)], [aFix(200, IN)])
    expect(told).toEqual(['enter 0', 'exit 60', 'enter 200'])
    expect(open).toMatchObject([{ enteredAtMs: T0 + 200 * SECOND }])
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
    expect(late.open).toMatchObject([{ enteredAtMs: T0 + 120 * SECOND, toldAtMs: T0 + 300 * SECOND }])
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
    expect(merged.open).toMatchObject([{ enteredAtMs: T0 }])
    expect(merged.transitions).toEqual([])
  })

  const idsOf = (type: 'enter' | 'exit', ...told: Folded[]) =>
    told.flatMap(({ transitions }) =>
      transitions.filter((one) => one.type === type).map(({ visitId }) => visitId),
    )

  it('tells the exit of visits that were merged under the id whose exit was not told', () => {
    const first = step(NO_PRESENCE, [aFix(0, IN), aFix(60, OUT), aFix(120, OUT), aFix(300, IN)])
    const merged = step(first.presence, [aFix(90, IN)])
    const left = step(merged.presence, [aFix(360, OUT), aFix(420, OUT)])
    expect(idsOf('exit', first, merged, left)).toEqual(idsOf('enter', first, merged, left))
  })

  it('tells two visits that late fixes made of one under an id each', () => {
    const first = step(NO_PRESENCE, [aFix(0, IN), aFix(300, IN)])
    const parted = step(first.presence, [aFix(60, OUT), aFix(120, OUT)])
    expect(parted.transitions.map(({ type }) => type)).toEqual(['exit', 'enter'])
    const left = step(parted.presence, [aFix(360, OUT), aFix(420, OUT)])
    expect(idsOf('exit', first, parted, left)).toEqual(idsOf('enter', first, parted, left))
    expect(new Set(idsOf('exit', first, parted, left)).size).toBe(2)
  })

  it('tells nothing again of visits that late fixes merge, and part again', () => {
    const first = step(NO_PRESENCE, [aFix(0, IN), aFix(60, OUT), aFix(120, OUT), aFix(300, IN)])
    const merged = step(first.presence, [aFix(90, IN)])
    const parted = step(merged.presence, [aFix(150, OUT)])
    expect(parted.open).toMatchObject([{ enteredAtMs: T0 + 300 * SECOND }])
    const left = step(parted.presence, [aFix(360, OUT), aFix(420, OUT)])
    const all = [first, merged, parted, left]
    expect(idsOf('enter', ...all)).toHaveLength(2)
    expect(idsOf('exit', ...all)).toEqual(idsOf('enter', ...all))
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
    expect(silent.presence.base.open).toMatchObject([{ outsideSinceMs: T0 + 60 * SECOND }])
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

  it('is known without a look at any geofence when the same fixes come again', () => {
    const fixes = [aFix(0, IN), aFix(20, OUT), aFix(40, IN)]
    const before = step(NO_PRESENCE, fixes).presence
    const again = fold(
      ANNA,
      before,
      fixes.slice(0, 2),
      () => expect.unreachable('a geofence was asked for'),
      NOW,
    )
    expect(again).toMatchObject({ presence: before, transitions: [], marks: [], changed: false })
    expect(storedPositionsFor(before, fixes.slice(0, 2))).toEqual([])
  })

  it('is nothing when a fix with a mark comes again, which is marked again', () => {
    const made = toFix({ ...aFix(20, IN), mocked: true })
    const before = step(NO_PRESENCE, [aFix(0, IN), made, aFix(40, IN)]).presence
    expect(step(before, [made])).toMatchObject({
      presence: before,
      marks: [{ fix: made, marks: ['mocked'] }],
      changed: false,
    })
  })

  it('is nothing when the same fixes come again', () => {
    const fixes = [aFix(0, IN), aFix(60, OUT), aFix(120, OUT)]
    const { presence } = play(fixes)
    expect(step(presence, fixes)).toMatchObject({ changed: false, transitions: [], settled: [] })
  })
})

describe('what a phone logged indoors', () => {
  const small = aGeofence('small', { radiusM: 50 })
  const fold50 = (before: Presence, fixes: readonly Fix[]) => step(before, fixes, [small])
  /** Drifting up to 150 m about the middle of the shop, honest about it. */
  const drift = (atS: number) => {
    const angle = atS * 0.7
    const awayM = 75 * (1 - Math.cos(atS * 0.013))
    return aFix(atS, moved(SQUARE, awayM * Math.sin(angle), awayM * Math.cos(angle)), Math.max(30, awayM))
  }

  it('does not leave a shop of 50 m, though one fix 200 m off claims to be good to 1.9 m', () => {
    const stay = [aFix(0), ...Array.from({ length: 120 }, (_, index) => drift(30 * (index + 1)))]
    const liar = aFix(615, moved(SQUARE, 0, 200), 1.9)
    const fixes = [...stay, liar].toSorted((a, b) => a.atMs - b.atMs)
    expect(fold50(NO_PRESENCE, fixes).transitions.map(({ type }) => type)).toEqual(['enter'])
    let presence = NO_PRESENCE
    const told: string[] = []
    for (const fix of fixes) {
      const folded = fold50(presence, [fix])
      presence = folded.presence
      told.push(...folded.transitions.map(({ type }) => type))
    }
    expect(told).toEqual(['enter'])
    expect(presence.told.open).toMatchObject([{ enteredAtMs: T0, outsideSinceMs: undefined }])
  })

  it('leaves it at the second honest fix of a real departure', () => {
    const stay = [aFix(0), ...Array.from({ length: 20 }, (_, index) => drift(30 * (index + 1)))]
    const away = [120, 200, 280].map((eastM, index) => aFix(630 + 30 * index, moved(SQUARE, eastM), 8))
    const { transitions } = fold50(NO_PRESENCE, [...stay, ...away])
    expect(transitions.slice(1)).toMatchObject([{ type: 'exit', atMs: T0 + 660 * SECOND }])
  })
})

describe('a geofence’s own ladder', () => {
  it('takes its buffer and its time in place of the engine’s', () => {
    const patient = aGeofence('patient', { exit: { bufferM: 140, confirmS: 120 } })
    const far = moved(SQUARE, 260)
    expect(step(NO_PRESENCE, [aFix(0), aFix(60, OUT), aFix(200, OUT)], [patient]).open).toHaveLength(1)
    expect(step(NO_PRESENCE, [aFix(0), aFix(60, far), aFix(179, far)], [patient]).open).toHaveLength(1)
    expect(step(NO_PRESENCE, [aFix(0), aFix(60, far), aFix(180, far)], [patient]).open).toEqual([])
  })

  it('holds where the geofence is not listed any more', () => {
    const patient = aGeofence('patient', { exit: { confirmS: 600 } })
    const away = moved(SQUARE, 5000)
    const left = (atS: number) => step(NO_PRESENCE, [aFix(0), aFix(600, away), aFix(atS, away)], [patient])
    expect(left(1199).open).toHaveLength(1)
    expect(left(1200).open).toEqual([])
  })

  it('takes two fixes even where no time is asked for between them', () => {
    const hasty = aGeofence('hasty', { exit: { bufferM: 0, confirmS: 0 } })
    const edge = moved(SQUARE, 101)
    expect(step(NO_PRESENCE, [aFix(0), aFix(30, edge)], [hasty]).open).toHaveLength(1)
    expect(step(NO_PRESENCE, [aFix(0), aFix(30, edge), aFix(41, edge)], [hasty]).open).toEqual([])
  })
})

describe('a fix that is not believed', () => {
  const mocked = (atS: number, at = SQUARE) => toFix({ ...aFix(atS, at), mocked: true })
  const FAR = moved(SQUARE, 40_000)
  const far = aGeofence('far', { at: FAR })
  const both = [square, far]

  it('is named with what speaks against it', () => {
    const { marks } = step(NO_PRESENCE, [aFix(0), aFix(60, FAR), mocked(120), aFix(180, IN, 0.4)], both)
    expect(marks.map(({ fix, marks: all }) => [(fix.atMs - T0) / SECOND, ...all])).toEqual([
      [60, 'jump'],
      [120, 'mocked'],
      [180, 'accuracy'],
    ])
  })

  it('opens no visit, whatever mark it has', () => {
    expect(step(NO_PRESENCE, [mocked(0)]).transitions).toEqual([])
    expect(step(NO_PRESENCE, [aFix(0, IN, 0.4)]).transitions).toEqual([])
    expect(step(NO_PRESENCE, [aFix(0, OUT), aFix(60, FAR)], both).transitions).toEqual([])
  })

  it('is believed after a jump when the next one is near it', () => {
    const { transitions } = step(NO_PRESENCE, [aFix(0, OUT), aFix(60, FAR), aFix(90, FAR)], both)
    expect(transitions).toMatchObject([{ type: 'enter', geofenceId: far.id, atMs: T0 + 90 * SECOND }])
  })

  it('neither begins, confirms nor calls off an exit', () => {
    const pending = [aFix(0), aFix(60, OUT)]
    expect(step(NO_PRESENCE, [aFix(0), mocked(60, OUT), mocked(120, OUT)]).open).toHaveLength(1)
    expect(step(NO_PRESENCE, [...pending, mocked(90, OUT)]).open).toHaveLength(1)
    expect(step(NO_PRESENCE, [...pending, mocked(70, IN), aFix(80, OUT)]).open).toEqual([])
    expect(step(NO_PRESENCE, [aFix(0), aFix(60, FAR), aFix(120), aFix(180)], both).open).toMatchObject([
      { geofenceId: square.id, lastInsideAtMs: T0 + 180 * SECOND },
    ])
  })

  it('keeps a visit from being silent', () => {
    const { open } = step(NO_PRESENCE, [aFix(0), mocked(2000, OUT), aFix(4000)])
    expect(open).toMatchObject([{ enteredAtMs: T0 }])
  })

  it('does not make the next honest fix a jump when it is the only one before', () => {
    expect(step(NO_PRESENCE, [mocked(0, FAR), aFix(60)], both).transitions).toMatchObject([{ type: 'enter' }])
  })

  it('marks a fix in more geofences than can be open as crowded, which is believed', () => {
    const many = Array.from({ length: 65 }, (_, index) => aGeofence(`crowd ${index}`))
    const { marks, open } = step(NO_PRESENCE, [aFix(0)], many)
    expect(marks).toMatchObject([{ marks: ['crowded'] }])
    expect(open).toHaveLength(64)
  })
})

describe('what a transition says', () => {
  it('has the speed that the phone gives, else the one from the fix before, up to 5 min old', () => {
    const enterAt = (atS: number, speedMps?: number) => {
      const fix = toFix({ ...aFix(atS), speedMps })
      return step(NO_PRESENCE, [aFix(0, moved(SQUARE, 200)), fix]).transitions[0]
    }
    expect(enterAt(100, 3.3)).toMatchObject({ speedMps: 3.3 })
    expect(enterAt(100)).toMatchObject({ speedMps: 2 })
    expect(enterAt(301)).not.toHaveProperty('speedMps')
  })

  it('takes no noise between two fixes of one second for speed', () => {
    const fixes = [aFix(9.9, moved(SQUARE, 110)), aFix(10, moved(SQUARE, 90))]
    expect(step(NO_PRESENCE, fixes).transitions).toMatchObject([{ speedMps: 20 }])
  })

  it('has how much of the accuracy circle lies inside', () => {
    const half = step(NO_PRESENCE, [aFix(0, moved(SQUARE, 99.9), 10)]).transitions[0]?.confidence
    expect(half).toBeGreaterThan(0.4)
    expect(half).toBeLessThan(0.55)
    expect(step(NO_PRESENCE, [aFix(0, IN, 20)]).transitions).toMatchObject([{ confidence: 1 }])
  })
})

describe('a silent phone', () => {
  const SILENT_S = 45 * 60
  const silent = [aFix(0), aFix(600), aFix(600 + SILENT_S + 1)]

  it('ends its visits where they were last seen, when it speaks again: unknown, without a transition', () => {
    const { told, open, presence } = play(silent.slice(0, 2), silent.slice(2))
    expect(told).toEqual(['enter 0', `enter ${600 + SILENT_S + 1}`])
    expect(open).toMatchObject([{ enteredAtMs: T0 + (600 + SILENT_S + 1) * SECOND }])
    const after = step(presence, [aFix(600 + SILENT_S + 1200, OUT)])
    expect(after.settled).toMatchObject([
      { end: 'unknown', enteredAtMs: T0, lastInsideAtMs: T0 + 600 * SECOND },
    ])
    expect(after.settled[0]).not.toHaveProperty('exitedAtMs')
  })

  it('is not silent when it speaks in time', () => {
    expect(play([aFix(0)], [aFix(SILENT_S)]).told).toEqual(['enter 0'])
  })

  it('has its visits settled by the time alone, when no fix that may still come can go on with them', () => {
    const { presence } = play([aFix(0)])
    const untilMs = T0 + SILENT_S * SECOND + WINDOW_MS + 20 * SECOND
    expect(step(presence, [], [square], untilMs - 30 * SECOND).settled).toEqual([])
    const closed = step(presence, [], [square], untilMs)
    expect(closed).toMatchObject({ settled: [{ end: 'unknown' }], transitions: [], open: [], changed: true })
    expect(closed.presence.told).toEqual({ open: [], closed: [] })
    expect(closed.presence.base.open).toEqual([])
  })

  it('has its visits ended by the clock of who listens; what it kept back and sends in order still folds', () => {
    const { presence } = play([aFix(0), aFix(60), aFix(120, OUT)])
    const ended = foldSilence(ANNA, presence, nearOf(square))
    expect(ended).toMatchObject({
      settled: [{ end: 'unknown', enteredAtMs: T0, lastInsideAtMs: T0 + 60 * SECOND }],
      transitions: [],
      open: [],
      changed: true,
      presence: { base: { open: [] }, told: { open: [], closed: [] }, fixes: [] },
    })
    expect(foldSilence(ANNA, ended.presence, nearOf(square))).toMatchObject({ settled: [], changed: false })
    const kept = [aFix(180), aFix(240), aFix(300, OUT), aFix(360, OUT)]
    const late = step(ended.presence, kept)
    expect(late.ignored).toEqual([])
    expect(late.transitions.map(({ type }) => type)).toEqual(['enter', 'exit'])
    expect(step(late.presence, [], [square], T0 + HOUR).settled).toMatchObject([
      { end: 'exit', enteredAtMs: T0 + 180 * SECOND, exitedAtMs: T0 + 360 * SECOND },
    ])
  })

  it('has no visit open for what asks after that time, though none has settled', () => {
    const { presence } = play([aFix(0)])
    expect(step(presence, [], [square], T0 + SILENT_S * SECOND).open).toHaveLength(1)
    expect(step(presence, [], [square], T0 + SILENT_S * SECOND + 1)).toMatchObject({ open: [], settled: [] })
  })

  it('goes on with its visit when a late fix fills the gap', () => {
    const { presence } = play(silent)
    const filled = step(presence, [aFix(2900)])
    expect(filled.transitions).toEqual([])
    expect(filled.open).toMatchObject([{ enteredAtMs: T0 }])
  })
})

describe('a geofence that goes', () => {
  const gone = { ...square, goneAtMs: T0 + 100 * SECOND }
  const shrunk = {
    ...square,
    shape: { ...aGeofence('x', { at: moved(SQUARE, 80), radiusM: 20 }).shape },
    revision: 2,
    effectiveAtMs: T0 + 100 * SECOND,
    former: { shape: square.shape, effectiveAtMs: 0 },
  }
  const rest = (geofence: typeof gone | typeof shrunk, ...fixes: Fix[]) => {
    const { presence } = step(NO_PRESENCE, [aFix(0)], [geofence])
    const folded = step(presence, fixes, [geofence])
    const { settled } = step(folded.presence, [], [geofence], T0 + 2 * HOUR)
    return { ...folded, settled }
  }

  it('ends its visits as geofenceGone, without a transition', () => {
    const { transitions, open, settled } = rest(gone, aFix(120))
    expect([transitions, open]).toEqual([[], []])
    expect(settled).toMatchObject([{ end: 'geofenceGone', enteredAtMs: T0, lastInsideAtMs: T0 }])
    expect(settled[0]).not.toHaveProperty('exitedAtMs')
  })

  it('ends them so when the customer is seen next where it was never listed, in order or late', () => {
    const away = moved(SQUARE, 3000)
    for (const fixes of [
      [aFix(120, away), aFix(180, away)],
      [aFix(180, away), aFix(120, away)],
    ]) {
      const { transitions, open, settled } = rest(gone, ...fixes)
      expect([transitions, open]).toEqual([[], []])
      expect(settled).toMatchObject([{ end: 'geofenceGone', lastInsideAtMs: T0 }])
    }
    const before = [aFix(40, away), aFix(90, away)]
    expect(rest(gone, ...before).transitions).toMatchObject([{ type: 'exit' }])
    expect(rest(gone, aFix(60, away), aFix(120, away)).settled).toMatchObject([{ end: 'exit' }])
  })

  it('ends them so when it moved away from around the customer', () => {
    const { transitions, settled } = rest(shrunk, aFix(120))
    expect(transitions).toEqual([])
    expect(settled).toMatchObject([{ end: 'geofenceGone' }])
  })

  it('is left as any other by who entered it after it had shrunk, where only its former shape was listed', () => {
    const smaller = { ...square, revision: 2, effectiveAtMs: T0 - HOUR }
    const former = { ...square, goneAtMs: T0 - HOUR }
    const away = moved(SQUARE, 300)
    const onlyFormer: GeofencesAt = (position, atMs) =>
      position.lon > moved(SQUARE, 200).lon
        ? [{ inside: [], test: [], gone: [former] }]
        : nearOf(smaller)(position, atMs)
    for (const later of [away, moved(SQUARE, 160)]) {
      const fixes = [aFix(0), aFix(60, away), aFix(120, later)]
      const { transitions } = fold(ANNA, NO_PRESENCE, fixes, onlyFormer, NOW)
      expect(transitions.map(({ type }) => type)).toEqual(['enter', 'exit'])
    }
  })

  it('goes on with them where the customer is in the new shape, too', () => {
    expect(rest(shrunk, aFix(120, moved(SQUARE, 80))).open).toMatchObject([{ enteredAtMs: T0 }])
  })

  it('is left as any other by who is outside of both shapes', () => {
    const away = moved(SQUARE, -160)
    const { transitions, settled } = rest(shrunk, aFix(120, away), aFix(150, away))
    expect(transitions).toMatchObject([{ type: 'exit', atMs: T0 + 150 * SECOND }])
    expect(settled).toMatchObject([{ end: 'exit', exitedAtMs: T0 + 150 * SECOND }])
  })
})

describe('a geofence that is drawn around a customer', () => {
  const house = aGeofence('house', { at: moved(SQUARE, 200), radiusM: 10 })
  const drawn = aGeofence('drawn', { effectiveAtMs: T0 + 100 * SECOND })
  const enterOf = (...fixes: Fix[]) => step(NO_PRESENCE, fixes, [house, drawn]).transitions[0]

  it('is entered silently by who stood there already', () => {
    expect(enterOf(aFix(50), aFix(120))).toMatchObject({ type: 'enter', drawnAround: true })
  })

  it('is entered as any other by somebody of whom nothing is known', () => {
    expect(enterOf(aFix(101))).toMatchObject({ type: 'enter', atMs: T0 + 101 * SECOND })
    expect(enterOf(aFix(101))).not.toHaveProperty('drawnAround')
  })

  it('is entered as any other by who was not there, or was not seen for long', () => {
    expect(enterOf(aFix(50, moved(SQUARE, 150)), aFix(120))).not.toHaveProperty('drawnAround')
    expect(enterOf(aFix(90), aFix(1000))).not.toHaveProperty('drawnAround')
    expect(enterOf(aFix(110, moved(SQUARE, 150)), aFix(120))).not.toHaveProperty('drawnAround')
  })
})

describe('a geofence that was drawn so lately that the index did not list it yet', () => {
  it('is entered at the first fix that sees it: its exit is not told without its enter', () => {
    const stale = step(NO_PRESENCE, [aFix(0)], [aGeofence('other', { at: moved(SQUARE, 200) })])
    expect(stale.changed).toBe(true)
    const both = [aGeofence('other', { at: moved(SQUARE, 200) }), square]
    const seen = step(stale.presence, [aFix(60)], both)
    expect(seen.transitions).toMatchObject([{ type: 'enter', geofenceId: square.id }])
    const left = step(seen.presence, [aFix(90, moved(SQUARE, -170)), aFix(120, moved(SQUARE, -170))], both)
    expect(left.transitions).toMatchObject([{ type: 'exit', visitId: seen.transitions[0]?.visitId }])
  })

  it('is not told to be left when its enter is too long ago to be told', () => {
    const other = aGeofence('other', { at: moved(SQUARE, 200) })
    const stale = step(NO_PRESENCE, [aFix(0), aFix(600)], [other])
    const settled = step(stale.presence, [aFix(1500)], [other, square])
    expect(settled.presence.base.open).toMatchObject([{ geofenceId: square.id }])
    const forgotten = { ...settled.presence, told: { open: [], closed: [] } }
    const away = [aFix(1560, moved(SQUARE, -170)), aFix(1590, moved(SQUARE, -170)), aFix(1490)]
    expect(step(forgotten, away, [other, square]).transitions).toEqual([])
  })

  it('is told once, though a late fix has all be walked again', () => {
    const stale = step(NO_PRESENCE, [aFix(60)], [aGeofence('other', { at: moved(SQUARE, 200) })])
    const both = [aGeofence('other', { at: moved(SQUARE, 200) }), square]
    const late = step(stale.presence, [aFix(30)], both)
    expect(late.transitions).toMatchObject([{ type: 'enter', geofenceId: square.id }])
    expect(step(late.presence, [aFix(20)], both).transitions).toEqual([])
  })
})

describe('hundreds of visits that settle', () => {
  it('leave those of a phone that has gone silent in parts, too', () => {
    const crowd = (name: string, eastM: number) =>
      Array.from({ length: 64 }, (_, index) => aGeofence(`${name} ${index}`, { at: moved(SQUARE, eastM) }))
    const all = ['a', 'b', 'c', 'd'].flatMap((name, index) => crowd(name, index * 1000))
    const walk = [0, 0, 1, 1, 2, 2, 3, 3].map((place, index) => aFix(60 * index, moved(SQUARE, place * 1000)))
    let folded = step(NO_PRESENCE, walk, all)
    const settled: string[] = []
    for (let round = 0; round < 5; round++) {
      folded = foldSilence(ANNA, folded.presence, nearOf(...all))
      expect(folded.settled.length).toBeLessThanOrEqual(MAX_SETTLED)
      settled.push(...folded.settled.map(({ visitId, end }) => `${end} ${visitId}`))
    }
    expect(new Set(settled).size).toBe(256)
    expect(settled.filter((one) => one.startsWith('unknown'))).toHaveLength(64)
  })

  it('settle in parts, each once', () => {
    const many = Array.from({ length: 60 }, (_, index) =>
      aGeofence(`many ${index}`, { radiusM: 100 + index }),
    )
    const away = moved(SQUARE, 600)
    const fixes = Array.from({ length: 45 }, (_, index) => aFix(index * 20, index % 3 === 0 ? IN : away))
    let folded = step(NO_PRESENCE, fixes, many)
    const ids: string[] = []
    for (let round = 0; round < 10; round++) {
      folded = step(folded.presence, [], many, T0 + HOUR)
      expect(folded.settled.length).toBeLessThanOrEqual(MAX_SETTLED)
      ids.push(...folded.settled.map(({ visitId }) => visitId))
    }
    expect(ids).toHaveLength(15 * 60)
    expect(new Set(ids).size).toBe(15 * 60)
  })
})
