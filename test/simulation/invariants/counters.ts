import { proveCounters } from '#shared/contracts/items/recount.ts'
import {
  type Check,
  type Evidence,
  erasedUsers,
  everOf,
  numberIn,
} from '#test/simulation/invariants/evidence.ts'
import type { Item } from '#test/simulation/store/evaluate.ts'

type Counts = Map<string, number>

const add = (counts: Counts, name: string, by: number): void => {
  counts.set(name, (counts.get(name) ?? 0) + by)
}

const outcomesOf = (trace: Item): readonly Record<string, unknown>[] => {
  const outcomes = trace['outcomes']
  return Array.isArray(outcomes) ? outcomes : []
}

const ENDINGS = new Set(['sent', 'failed', 'expired', 'unknown'])
const COUNTED = /^(triggered|granted|suppressed_\w+|sent|failed|expired|unknown|redeemed)$/

/** Counts the facts again: `scene name` to how often. */
const recount = (evidence: Evidence): Counts => {
  const counts: Counts = new Map()
  for (const trace of everOf(evidence, 'ledger', 'trace')) {
    for (const { sceneId, result, count } of outcomesOf(trace)) {
      add(counts, `${sceneId} triggered`, Number(count))
      add(counts, `${sceneId} ${result === 'granted' ? 'granted' : `suppressed_${result}`}`, Number(count))
    }
  }
  for (const { sceneId, state, grantId } of everOf(evidence, 'ledger', 'message')) {
    if (grantId !== undefined && ENDINGS.has(String(state))) add(counts, `${sceneId} ${state}`, 1)
  }
  for (const { sceneId, state } of everOf(evidence, 'ledger', 'grant')) {
    if (state === 'redeemed') add(counts, `${sceneId} redeemed`, 1)
  }
  return counts
}

const stored = ({ items }: Evidence): Counts => {
  const counts: Counts = new Map()
  for (const item of items.ledger) {
    if (item['kind'] !== 'count') continue
    const scene = String(item['pk']).split('#')[1]
    for (const name of Object.keys(item)) {
      if (COUNTED.test(name)) add(counts, `${scene} ${name}`, numberIn(item, name))
    }
  }
  return counts
}

/** As `npm run recount` proves them: every counter of every place and day, as far as nobody was erased. */
const unproven = ({ items, endMs }: Evidence): string[] =>
  proveCounters(items.ledger, endMs).differences.map(
    ({ counter, name, counted, recounted }) =>
      `${counter} ${name}: ${counted} counted, facts say ${recounted}`,
  )

/** I11: the counters say what the facts say. */
export const checkCounted: Check = (evidence) => {
  const [facts, counters] = [recount(evidence), stored(evidence)]
  // Where nobody sees what was erased, its counts may only be more.
  const isExact = evidence.writes !== undefined || erasedUsers(evidence).size === 0
  const wrong = [...new Set([...facts.keys(), ...counters.keys()])].flatMap((name) => {
    const [expected, actual] = [facts.get(name) ?? 0, counters.get(name) ?? 0]
    const isRight = isExact ? actual === expected : actual >= expected
    return isRight ? [] : [`${name}: ${actual} counted, ${expected} happened`]
  })
  return [...wrong, ...unproven(evidence)]
}
