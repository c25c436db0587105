import { PROOF_KINDS, proveCounters } from '#shared/contracts/items/recount.ts'
import { type Check, type Evidence, everOf } from '#test/simulation/invariants/evidence.ts'
import type { Item } from '#test/simulation/store/evaluate.ts'

/**
 * Facts and counters. Where the writes are known those of erased customers are among them, and nobody's tombstone: then
 * all counters are compared.
 */
const provable = (evidence: Evidence): readonly Item[] => {
  if (evidence.writes === undefined) return evidence.items.ledger
  const kinds = [...PROOF_KINDS].filter((kind) => kind !== 'tombstone')
  return kinds.flatMap((kind) => everOf(evidence, 'ledger', String(kind)))
}

/** I11: the counters say what the facts say, as `npm run recount` proves it. */
export const checkCounted: Check = (evidence) =>
  proveCounters(provable(evidence), evidence.endMs).differences.map(
    ({ counter, name, counted, recounted }) =>
      `${counter} ${name}: ${counted} counted, ${recounted} happened`,
  )
