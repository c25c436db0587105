/** A stream of numbers in [0, 1) that is the same for the same seed: mulberry32, by Tommy Ettinger, public domain. */
export type SeededRandom = {
  readonly seed: number
  next(): number
  /** True with this probability; draws nothing for a probability of zero or none. */
  happens(probability: number | undefined): boolean
}

/**
 * @example createSeededRandom(42).happens(0.5)
 */
export const createSeededRandom = (seed: number): SeededRandom => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    seed: seed >>> 0,
    next,
    happens: (probability) => probability !== undefined && probability > 0 && next() < probability,
  }
}
