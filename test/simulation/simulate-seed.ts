import { violationsIn } from '#test/simulation/invariants/check-all.ts'
import type { Violation } from '#test/simulation/invariants/evidence.ts'
import { type Ran, type RunOptions, run } from '#test/simulation/run.ts'
import { MERCHANT_CAP_PER_DAY, PLATFORM_CAP_PER_DAY } from '#test/simulation/world/functions.ts'

export type Simulated = {
  readonly violations: readonly Violation[]
  readonly hash: string
  readonly ran: Ran
}

/** Plays a history in memory and looks whether everything held that must hold. */
export const simulate = async (options: RunOptions): Promise<Simulated> => {
  const ran = await run(options)
  const { world, chronicle, endMs, hash } = ran
  const { tables, phones, logs } = world
  const violations = violationsIn({
    history: options.history,
    chronicle,
    items: {
      catalog: tables.itemsOf('catalog'),
      presence: tables.itemsOf('presence'),
      ledger: tables.itemsOf('ledger'),
    },
    writes: tables.writes,
    taken: phones.taken,
    logs,
    endMs,
    caps: { platformPerDay: PLATFORM_CAP_PER_DAY, merchantPerDay: MERCHANT_CAP_PER_DAY },
  })
  return { violations, hash, ran }
}
