import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { distanceToBoundaryM } from '#shared/domain/geo/distance.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import { compareFixes, type Fix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE, WINDOW_MS } from '#shared/domain/presence/fold.ts'
import type { ClosedVisit, Transition } from '#shared/domain/presence/visit.ts'
import { ANNA, aFix, aGeofence, DAY, moved, SQUARE, T0 } from '#test/support/builders.ts'

type World = { readonly geofences: readonly IndexedGeofence[] }

const metres = (max: number) => fc.integer({ min: -max, max })
const worlds: fc.Arbitrary<World> = fc
  .array(fc.record({ eastM: metres(600), northM: metres(600), radiusM: fc.integer({ min: 50, max: 500 }) }), {
    minLength: 3,
    maxLength: 6,
  })
  .map((circles) => ({
    geofences: circles.map(({ eastM, northM, radiusM }, index) =>
      aGeofence(`circle ${index}`, { at: moved(SQUARE, eastM, northM), radiusM }),
    ),
  }))

/** Steps of a walk: mostly small ones, now and then a jump; whole seconds, so that some share their 10 s. */
const walks = (maxFixes: number, maxStepS: number): fc.Arbitrary<Fix[]> =>
  fc
    .array(
      fc.record({
        afterS: fc.integer({ min: 0, max: maxStepS }),
        eastM: fc.oneof({ weight: 4, arbitrary: metres(150) }, { weight: 1, arbitrary: metres(900) }),
        northM: metres(150),
        accuracyM: fc.constantFrom(0, 5, 30, 120),
      }),
      // Without a size fast-check keeps walks to a dozen steps.
      { minLength: 1, maxLength: maxFixes, size: 'max' },
    )
    .map((steps) => {
      const walk: Fix[] = []
      let at = { atS: 0, eastM: 0, northM: 0 }
      for (const { afterS, eastM, northM, accuracyM } of steps) {
        // Pulled back towards the middle, so that walks stay around the circles.
        at = { atS: at.atS + afterS, eastM: at.eastM * 0.8 + eastM, northM: at.northM * 0.8 + northM }
        walk.push(aFix(at.atS, moved(SQUARE, at.eastM, at.northM), accuracyM))
      }
      // Equal times are ordered by position.
      return walk.toSorted(compareFixes)
    })

const nearIn =
  ({ geofences }: World) =>
  (position: Position): IndexedGeofence[] =>
    geofences.filter(({ shape }) => distanceToBoundaryM(shape, position) <= 250)

type Played = { readonly settled: ClosedVisit[]; readonly transitions: Transition[] }

/** Folds the batches in their order, then lets the time settle what ended. */
const play = (world: World, batches: readonly (readonly Fix[])[]): Played => {
  const settled: ClosedVisit[] = []
  const transitions: Transition[] = []
  let presence = NO_PRESENCE
  const take = (fixes: readonly Fix[], settleUntilMs: number) => {
    const folded = fold(ANNA, presence, fixes, nearIn(world), T0 + DAY, settleUntilMs)
    expect(folded.ignored).toEqual([])
    presence = folded.presence
    settled.push(...folded.settled)
    transitions.push(...folded.transitions)
  }
  for (const batch of batches) take(batch, 0)
  take([], T0 + 2 * DAY)
  const order = (visit: ClosedVisit) => `${visit.geofenceId} ${visit.enteredAtMs}`
  return { settled: settled.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)), transitions }
}

const inBatches = <T>(list: readonly T[], sizes: readonly number[]): T[][] => {
  const batches: T[][] = []
  let start = 0
  for (let index = 0; start < list.length; index++) {
    const size = Math.max(1, sizes[index % sizes.length] ?? 1)
    batches.push(list.slice(start, start + size))
    start += size
  }
  return batches
}

const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 })

/** An order of `count` things, as random numbers to sort by. */
const shuffles = fc.infiniteStream(fc.integer({ min: 0, max: 1_000_000 }))

const shuffled = <T>(list: readonly T[], keys: readonly number[]): T[] =>
  list
    .map((item, index) => ({ item, key: keys[index] ?? 0 }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item)

const SPAN_S = 14 * 60
const shortWalks = walks(60, 60).map((walk) => walk.filter(({ atMs }) => atMs <= T0 + SPAN_S * 1000))

describe('the settled visits (I2)', () => {
  test.prop([worlds, shortWalks, shuffles, fc.array(fc.nat(59), { maxLength: 20 }), sizes], { numRuns: 300 })(
    'are the same for any order, split and duplication within the window',
    (world, walk, order, repeated, batchSizes) => {
      // What has nothing near is not kept: it may confirm an exit in one order and not in another (DESIGN, I2).
      const inOrNear = walk.filter((fix) => nearIn(world)(fix).length > 0)
      const again = repeated.flatMap((index) => inOrNear[index] ?? [])
      const delivered = [...inOrNear, ...again]
      const batches = inBatches(shuffled(delivered, [...order.take(delivered.length)]), batchSizes)
      expect(play(world, batches).settled).toEqual(play(world, [inOrNear]).settled)
    },
  )

  test.prop([worlds, walks(150, 180), shuffles, sizes], { numRuns: 200 })(
    'are the same over hours when every fix is up to 14 min late',
    (world, walk, delays, batchSizes) => {
      const inOrNear = walk.filter((fix) => nearIn(world)(fix).length > 0)
      const late = [...delays.take(inOrNear.length)].map((key) => (key % SPAN_S) * 1000)
      const arriving = shuffled(
        inOrNear,
        inOrNear.map(({ atMs }, index) => atMs + (late[index] ?? 0)),
      )
      expect(play(world, inBatches(arriving, batchSizes)).settled).toEqual(play(world, [inOrNear]).settled)
    },
  )

  test.prop([worlds, walks(200, 180), sizes], { numRuns: 200 })(
    'and all that is told are the same for any split of a walk over hours that comes in order',
    (world, walk, batchSizes) => {
      const whole = play(world, [walk])
      expect(play(world, inBatches(walk, batchSizes))).toEqual(whole)
      expect(play(world, inBatches(walk, [1]))).toEqual(whole)
    },
  )
})

describe('the transitions of a walk in order', () => {
  test.prop([worlds, walks(200, 180), sizes], { numRuns: 200 })(
    'tell each settled visit by exactly one enter and one exit',
    (world, walk, batchSizes) => {
      const { settled, transitions } = play(world, inBatches(walk, batchSizes))
      const told = (type: 'enter' | 'exit', { visitId }: ClosedVisit) =>
        transitions.filter((transition) => transition.type === type && transition.visitId === visitId)
      for (const visit of settled) {
        expect(told('enter', visit).map(({ atMs }) => atMs)).toEqual([visit.enteredAtMs])
        expect(told('exit', visit).map(({ atMs }) => atMs)).toEqual([visit.exitedAtMs])
      }
      expect(transitions.filter(({ type }) => type === 'exit')).toHaveLength(settled.length)
    },
  )

  test.prop([worlds, walks(150, 180), shuffles, sizes], { numRuns: 200 })(
    'that comes out of order tell each exit under the id of an enter that was told',
    (world, walk, delays, batchSizes) => {
      const inOrNear = walk.filter((fix) => nearIn(world)(fix).length > 0)
      const late = [...delays.take(inOrNear.length)].map((key) => (key % SPAN_S) * 1000)
      const arriving = shuffled(
        inOrNear,
        inOrNear.map(({ atMs }, index) => atMs + (late[index] ?? 0)),
      )
      const { transitions } = play(world, inBatches(arriving, batchSizes))
      const entered = new Set(transitions.flatMap((one) => (one.type === 'enter' ? [one.visitId] : [])))
      for (const { type, visitId } of transitions) if (type === 'exit') expect(entered).toContain(visitId)
    },
  )

  test.prop([worlds, walks(200, 180)], { numRuns: 100 })(
    'keep no more than one fix per 10 s of the last 15 min',
    (world, walk) => {
      const { presence } = fold(ANNA, NO_PRESENCE, walk, nearIn(world), T0 + DAY)
      const slots = presence.fixes.map(({ atMs }) => Math.floor(atMs / 10_000))
      expect(new Set(slots).size).toBe(slots.length)
      for (const { atMs } of presence.fixes) {
        expect(atMs).toBeGreaterThan(presence.watermarkMs - WINDOW_MS - 10_000)
      }
    },
  )
})
