/** Durations counted in steps of 5 %, so that a million of them take as much memory as ten. */
export type DurationHistogram = {
  add(durationMs: number): void
  summary(): DurationSummary
}

export type DurationSummary = { count: number; meanMs: number; p50Ms: number; p99Ms: number; maxMs: number }

const STEP = Math.log(1.05)
const SMALLEST_MS = 0.01
const STEPS = 400

/** @example const h = createDurationHistogram(); h.add(3); h.summary().p50Ms // 3, to 5 % */
export const createDurationHistogram = (): DurationHistogram => {
  const counts = new Uint32Array(STEPS)
  let count = 0
  let sumMs = 0
  let maxMs = 0
  const quantile = (share: number): number => {
    const wanted = Math.ceil(count * share)
    let seen = 0
    for (let step = 0; step < STEPS; step += 1) {
      seen += counts[step] ?? 0
      if (seen >= wanted && seen > 0) return Math.min(maxMs, SMALLEST_MS * Math.exp(STEP * step))
    }
    return maxMs
  }
  return {
    add: (durationMs) => {
      const step = Math.round(Math.log(Math.max(durationMs, SMALLEST_MS) / SMALLEST_MS) / STEP)
      const index = Math.min(STEPS - 1, step)
      counts[index] = (counts[index] ?? 0) + 1
      count += 1
      sumMs += durationMs
      maxMs = Math.max(maxMs, durationMs)
    },
    summary: () => ({
      count,
      meanMs: count === 0 ? 0 : sumMs / count,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      maxMs,
    }),
  }
}
