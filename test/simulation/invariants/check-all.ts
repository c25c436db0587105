import { checkLawful } from '#test/simulation/invariants/consent.ts'
import { checkCounted } from '#test/simulation/invariants/counters.ts'
import {
  type Check,
  type Evidence,
  INVARIANTS,
  type Invariant,
  type Violation,
} from '#test/simulation/invariants/evidence.ts'
import { checkExplained } from '#test/simulation/invariants/explained.ts'
import { checkCapped, checkDelivered, checkOnce } from '#test/simulation/invariants/messages.ts'
import { checkErased, checkPrivate } from '#test/simulation/invariants/privacy.ts'
import { checkStock } from '#test/simulation/invariants/stock.ts'
import { checkDurable, checkOrderFree } from '#test/simulation/invariants/visits.ts'

/** What must always hold, by the names of DESIGN.md. */
const CHECKS: Readonly<Record<Invariant, Check>> = {
  I1: checkDurable,
  I2: checkOrderFree,
  I3: checkOnce,
  I4: checkCapped,
  I5: checkLawful,
  I6: checkStock,
  I7: checkExplained,
  I8: checkDelivered,
  I9: checkPrivate,
  I10: checkErased,
  I11: checkCounted,
}

/** Everything in a run that must not be. */
export const violationsIn = (evidence: Evidence): Violation[] => [
  ...INVARIANTS.flatMap((invariant) => CHECKS[invariant](evidence).map((detail) => ({ invariant, detail }))),
  ...evidence.chronicle.stuck.map((detail) => ({ invariant: 'answered' as const, detail })),
]
