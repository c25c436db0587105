const FIRST_MS = 1_000
const LONGEST_MS = 60_000

/**
 * How long after its n-th failure (n ≥ 1) a batch is tried again: 1 s, doubled each time, at most a minute. AWS does not
 * document its own delays; these are of their kind.
 *
 * @example retryDelayMs(3) // 4000
 */
export const retryDelayMs = (failures: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10))
