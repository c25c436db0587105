/** Something that is measured beside others; `run` does the work once and answers how many units of it that were. */
export type Contestant = { readonly name: string; readonly run: () => number | Promise<number> }

/**
 * The middle one of some numbers, or the mean of the two in the middle; NaN of none.
 *
 * @example median([3, 1, 2]) // 2
 */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Processor time, not the wall's: what else runs on the machine takes the latter, and less of the former. */
export const cpuMicros = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

const microsOf = async ({ run }: Contestant): Promise<number> => {
  const startedAt = cpuMicros()
  const units = await run()
  return (cpuMicros() - startedAt) / units
}

/** Microseconds of processor time that each contestant took for one unit, by run, in the order of the rounds. */
export type Measured = ReadonlyMap<string, readonly number[]>

/**
 * Measures contestants in rounds: each runs once in every round, so that whatever else the machine does hits them all.
 * One round before the first that counts lets the code be compiled.
 *
 * @param runs how many rounds count
 */
export const inRounds = async (contestants: readonly Contestant[], runs: number): Promise<Measured> => {
  const measured = new Map(contestants.map(({ name }): [string, number[]] => [name, []]))
  for (let round = -1; round < runs; round++) {
    // Who comes first changes: the first one would always pay for the garbage of the last.
    const turn = ((round % contestants.length) + contestants.length) % contestants.length
    for (const contestant of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
      const micros = await microsOf(contestant)
      if (round >= 0) measured.get(contestant.name)?.push(micros)
    }
  }
  return measured
}

/** The median of a contestant, in microseconds a unit. */
export const medianOf = (measured: Measured, name: string): number => median(measured.get(name) ?? [])

/**
 * The median over the rounds of how many times as long one contestant took as another did in the same round.
 *
 * @example ratioOf(new Map([['a', [2, 4]], ['b', [1, 2]]]), 'a', 'b') // 2
 */
export const ratioOf = (measured: Measured, name: string, to: string): number => {
  const others = measured.get(to) ?? []
  return median((measured.get(name) ?? []).map((micros, round) => micros / (others[round] ?? Number.NaN)))
}
