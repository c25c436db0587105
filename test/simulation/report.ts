import type { Violation } from '#test/simulation/invariants/evidence.ts'
import type { RunOptions } from '#test/simulation/run.ts'
import { shrink } from '#test/simulation/shrink.ts'
import { simulate } from '#test/simulation/simulate-seed.ts'
import type { History, Step } from '#test/simulation/town/steps.ts'

const MAX_SHOWN = 12

const lineOf = ({ id, atMs, kind, ...rest }: Step): string => {
  const text = JSON.stringify(rest)
  return `  ${id.padEnd(5)} ${new Date(atMs).toISOString()} ${kind} ${text.length > 200 ? `${text.slice(0, 200)}…` : text}`
}

/** Finds the shortest history that breaks the same invariant. */
const shortest = async (options: RunOptions, invariant: string, maxRuns: number): Promise<History> => {
  const stillFails = async (history: History): Promise<boolean> => {
    try {
      const { violations } = await simulate({ ...options, history })
      return violations.some((violation) => violation.invariant === invariant)
    } catch {
      // It fails in another way.
      return false
    }
  }
  return (await shrink(options.history, stillFails, maxRuns)).history
}

/**
 * What to say of a seed that failed: what was broken, the shortest history that still breaks it, and how to see it again.
 */
export const reportOf = async (
  options: RunOptions & { readonly days: number; readonly faultsText: string },
  violations: readonly Violation[],
  maxRuns: number,
): Promise<string> => {
  const [first] = violations
  if (first === undefined) return `seed ${options.seed}: nothing failed`
  const history = await shortest(options, first.invariant, maxRuns)
  const { violations: left } = await simulate({ ...options, history })
  const { seed, days, faultsText, bug } = options
  const steps = history.map(({ id }) => id).join(',')
  const planted = bug === undefined ? '' : ` --plant ${bug}`
  return [
    `seed ${seed} breaks ${[...new Set(violations.map(({ invariant }) => invariant))].join(', ')}:`,
    ...violations.slice(0, MAX_SHOWN).map(({ invariant, detail }) => `  ${invariant} ${detail}`),
    `the shortest history found that breaks ${first.invariant} has ${history.length} of ${options.history.length} steps:`,
    ...history.map(lineOf),
    ...left.slice(0, MAX_SHOWN).map(({ invariant, detail }) => `  → ${invariant} ${detail}`),
    `again: npm run simulate -- --seed ${seed} --days ${days} --faults ${faultsText}${planted} --steps ${steps}`,
  ].join('\n')
}
