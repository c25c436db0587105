import { createHash } from 'node:crypto'
import { type Chronicle, createChronicle } from '#test/simulation/town/chronicle.ts'
import { TOWN_START_MS } from '#test/simulation/town/make-town.ts'
import { playStep } from '#test/simulation/town/play-step.ts'
import type { History } from '#test/simulation/town/steps.ts'
import type { Faults } from '#test/simulation/world/faults.ts'
import type { PlantedBug } from '#test/simulation/world/planted.ts'
import { createWorld, type World } from '#test/simulation/world/world.ts'

export type RunOptions = {
  readonly seed: number
  readonly history: History
  readonly faults: Faults
  readonly bug?: PlantedBug | undefined
}

/** A run that has ended: what the town knows, and what the platform holds. */
export type Ran = {
  readonly world: World
  readonly chronicle: Chronicle
  readonly endMs: number
  /** Of everything that was written, sent and answered. */
  readonly hash: string
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const MAX_ROUNDS = 200

/** Lets everything come to its end: visits settle, messages expire, what failed is tried again. */
const finish = async (world: World, isPlaying: () => boolean): Promise<void> => {
  const { timeline, queues, streams } = world
  for (let round = 0; round < MAX_ROUNDS; round++) {
    await world.runUntil(timeline.nowMs() + 30 * MINUTE_MS)
    const redriven = queues.redrive()
    if (round > 8 && !isPlaying() && redriven === 0 && queues.waiting() + streams.waiting() === 0) return
  }
  throw new Error('the platform never came to rest')
}

const hashOf = (world: World, chronicle: Chronicle): string => {
  const hash = createHash('sha256')
  for (const write of world.tables.writes) hash.update(JSON.stringify(write))
  hash.update(JSON.stringify(world.phones.taken))
  hash.update(JSON.stringify(chronicle.requests))
  return hash.digest('hex')
}

/** Plays a history in a world of its own. */
export const run = async ({ seed, history, faults, bug }: RunOptions): Promise<Ran> => {
  const startMs = Math.min(TOWN_START_MS, history[0]?.atMs ?? TOWN_START_MS) - MINUTE_MS
  const world = createWorld({ seed, startMs, faults, bug })
  const chronicle = createChronicle()
  const failures: unknown[] = []
  let playing = 0
  try {
    for (const step of history) {
      playing += 1
      world.timeline.at(step.atMs, () => {
        const client = { host: world.host, chronicle, step: step.id, count: 0 }
        playStep(client, step)
          .catch((error: unknown) => failures.push(error))
          .finally(() => {
            playing -= 1
          })
      })
    }
    world.tick()
    await world.runUntil((history.at(-1)?.atMs ?? startMs) + 4 * HOUR_MS)
    world.calm()
    await finish(world, () => playing > 0)
  } finally {
    world.close()
  }
  if (failures.length > 0) throw failures[0]
  return { world, chronicle, endMs: world.timeline.nowMs(), hash: hashOf(world, chronicle) }
}
