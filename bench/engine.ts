import { deepEqual } from 'node:assert/strict'
import type { Transition } from '#shared/domain/presence/visit.ts'
import { foldItems, foldWalks } from './folding.ts'
import { flatbushLookup, type Lookup, loopLookup, tilesLookup } from './lookups.ts'
import { type Contestant, inRounds, type Measured, medianOf, ratioOf } from './rounds.ts'
import { cents, figure, type Table } from './table.ts'
import { measureTile38, type Tile38Address } from './tile38/measure-tile38.ts'
import { citiesOf, lotsOf, townOf, type Walk, type World } from './worlds.ts'

const SEED = 1
const BATCH = 10
/** The plain loop gets as many pings as it does in about this time. */
const LOOP_MS = 250
const SAMPLE_WALKS = 3
const SAMPLE_FIXES = 20

type Options = { readonly runs: number; readonly quick: boolean; readonly tile38?: Tile38Address | undefined }

const worldsOf = (quick: boolean): (() => World)[] => {
  const size = { walks: quick ? 40 : 200, seed: SEED }
  const towns = quick ? [1_000, 100_000] : [1_000, 100_000, 1_000_000]
  return [
    ...towns.map((count) => () => townOf(count, size)),
    () => citiesOf(23_000, size),
    () => lotsOf(quick ? 2_000 : 10_000, size),
  ]
}

const firstFixes = (walks: readonly Walk[], count: number): Walk[] =>
  walks.slice(0, SAMPLE_WALKS).map((walk) => ({ ...walk, fixes: walk.fixes.slice(0, count) }))

const toldOf = (lookup: Lookup, walks: readonly Walk[], batch: number): Transition[] => {
  const told: Transition[] = []
  foldWalks(walks, lookup.at, batch, (transitions) => told.push(...transitions))
  return told
}

/** @throws {AssertionError} when contestants do not find the same: figures beside each other would mean nothing */
const assertSame = (world: World, lookups: readonly Lookup[]): void => {
  const sample = firstFixes(world.walks, SAMPLE_FIXES)
  const [first, ...others] = lookups.map((lookup) => ({
    inside: sample.flatMap(({ fixes }) => fixes.map((fix) => lookup.holding(fix, fix.atMs).toSorted())),
    told: toldOf(lookup, sample, 1),
  }))
  for (const other of others) deepEqual(other, first, `${world.name}: the contestants disagree`)
}

/** As many fixes of the first walks as a look-up by the loop does in the time. */
const loopShare = (world: World, loop: Lookup): Walk[] => {
  const startedMs = performance.now()
  let done = 0
  for (const fix of world.walks[0]?.fixes ?? []) {
    loop.countAt(fix, fix.atMs)
    done += 1
    if (performance.now() - startedMs > LOOP_MS) break
  }
  return world.walks.slice(0, 1).map((walk) => ({ ...walk, fixes: walk.fixes.slice(0, Math.max(2, done)) }))
}

const lookUpAll = ({ countAt }: Lookup, walks: readonly Walk[]): number => {
  let pings = 0
  let found = 0
  for (const { fixes } of walks) {
    for (const fix of fixes) found += countAt(fix, fix.atMs)
    pings += fixes.length
  }
  // Without a use for what was found the work might be left out.
  if (found < 0) throw new Error('less than nothing was found')
  return pings
}

const WORKS = {
  'look-up': lookUpAll,
  'fold, 1': ({ at }: Lookup, walks: readonly Walk[]) => foldWalks(walks, at, 1),
  'fold, 10': ({ at }: Lookup, walks: readonly Walk[]) => foldWalks(walks, at, BATCH),
  'fold from item, 1': ({ at }: Lookup, walks: readonly Walk[]) => foldItems(walks, at, 1),
  'fold from item, 10': ({ at }: Lookup, walks: readonly Walk[]) => foldItems(walks, at, BATCH),
} as const
const SHARED_WORKS = ['look-up', 'fold, 1', 'fold, 10'] as const

const nameOf = (work: string, lookup: Lookup): string => `${work} | ${lookup.name}`

const contestantsOf = (world: World, lookups: readonly Lookup[]): Contestant[] => {
  const [engine, , loop] = lookups
  const share = loop === undefined ? [] : loopShare(world, loop)
  return Object.entries(WORKS).flatMap(([work, run]) =>
    lookups
      .filter((lookup) => lookup === engine || SHARED_WORKS.some((shared) => shared === work))
      .map((lookup) => ({
        name: nameOf(work, lookup),
        run: () => run(lookup, lookup === loop ? share : world.walks),
      })),
  )
}

const perSecond = (micros: number): string => figure(1e6 / micros)

const rowsOf = (world: World, lookups: readonly Lookup[], measured: Measured) =>
  lookups.map((lookup, place) => {
    const first = lookups[0] ?? lookup
    const speeds = Object.keys(WORKS).map((work) => {
      const name = nameOf(work, lookup)
      return [work, measured.has(name) ? perSecond(medianOf(measured, name)) : '']
    })
    const ratio = ratioOf(measured, nameOf('fold, 1', lookup), nameOf('fold, 1', first))
    return {
      geofences: place === 0 ? world.name : '',
      by: lookup.name,
      ...Object.fromEntries(speeds),
      'time, fold 1': cents(ratio),
    }
  })

const measureWorld = async (world: World, { runs, tile38 }: Options) => {
  const lookups = [tilesLookup, flatbushLookup, loopLookup].map((make) => make(world.geofences))
  assertSame(world, lookups)
  const measured = await inRounds(contestantsOf(world, lookups), runs)
  const rows = rowsOf(world, lookups, measured)
  return tile38 === undefined ? rows : [...rows, await measureTile38(tile38, world, runs)]
}

/** Part 1: how many pings a second one core looks up and folds, beside other ways to find geofences. */
export const engineTable = async (options: Options): Promise<Table> => {
  const rows = []
  for (const make of worldsOf(options.quick)) rows.push(...(await measureWorld(make(), options)))
  return {
    title: `1. The engine: pings a second on one core, medians of ${options.runs} runs, seed ${SEED}`,
    rows,
    notes: [
      `Look-up: which geofences hold the ping. Fold: pings of people on foot, one a minute, taken in by 1 or by ${BATCH}; from item: unpacked from what is stored and packed again.`,
      'Every contestant finds the same geofences and tells the same transitions on a sample, or the benchmark fails.',
      'The fold is the same code for all three; they differ in how it finds geofences.',
      options.tile38 === undefined
        ? 'Tile38 was not measured: --tile38 HOST:PORT names a server.'
        : 'Tile38 is a server: its figures carry the network, its own process and durability, which the engine does not.',
    ],
  }
}
