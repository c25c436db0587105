import type { History } from '#test/simulation/town/steps.ts'

/** Does a history still fail in the same way? */
export type StillFails = (history: History) => Promise<boolean>

export type Shrunk = { readonly history: History; readonly runs: number }

/**
 * Leaves out of a failing history whatever it fails without: halves, quarters, and so on to single steps, until nothing
 * more can go or the runs are used up (delta debugging, Zeller and Hildebrandt, 2002).
 *
 * @param maxRuns how often it may try
 */
export const shrink = async (history: History, stillFails: StillFails, maxRuns: number): Promise<Shrunk> => {
  let smallest = history
  let parts = 2
  let runs = 0
  while (smallest.length > 1 && runs < maxRuns) {
    const size = Math.ceil(smallest.length / parts)
    let hasShrunk = false
    for (let start = 0; start < smallest.length && runs < maxRuns; start += size) {
      const rest = [...smallest.slice(0, start), ...smallest.slice(start + size)]
      runs += 1
      if (rest.length === 0 || !(await stillFails(rest))) continue
      smallest = rest
      hasShrunk = true
      // What stood behind the part stands in its place now.
      start -= size
    }
    if (hasShrunk) parts = Math.max(2, Math.min(smallest.length, parts - 1))
    else if (size === 1) break
    else parts = Math.min(smallest.length, parts * 2)
  }
  return { history: smallest, runs }
}
