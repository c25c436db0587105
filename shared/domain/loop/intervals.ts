/** A share of a number of people, with the interval that holds the true one in 95 of 100 cases. */
export type Rate = {
  readonly numerator: number
  readonly denominator: number
  readonly value: number
  readonly low95: number
  readonly high95: number
}

/** The 97.5 % quantile of the standard normal distribution. */
const Z = 1.959963984540054

/**
 * The Wilson score interval of a share, 95 %: it stays inside 0 to 1 and is right for small numbers, too.
 *
 * @returns undefined where nobody was asked: there is no rate then
 * @see Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, JASA 22:209–212
 * @example rateOf(81, 263) // { value: 0.308, low95: 0.2553, high95: 0.3662 … }, Newcombe (1998a) table I
 */
export const rateOf = (numerator: number, denominator: number): Rate | undefined => {
  if (denominator <= 0 || numerator < 0 || numerator > denominator) return undefined
  const value = numerator / denominator
  const z2 = Z * Z
  const middle = (2 * numerator + z2) / (2 * (denominator + z2))
  const half = (Z * Math.sqrt(z2 + 4 * numerator * (1 - value))) / (2 * (denominator + z2))
  const low95 = numerator === 0 ? 0 : Math.max(0, middle - half)
  const high95 = numerator === denominator ? 1 : Math.min(1, middle + half)
  return { numerator, denominator, value, low95, high95 }
}

/** By how much one share is larger than another, with its interval. */
export type Lift = {
  readonly treated: Rate
  readonly holdout: Rate
  /** Difference of the shares: 0.05 is five in a hundred more. */
  readonly value: number
  readonly low95: number
  readonly high95: number
}

/**
 * The difference of two independent shares with its 95 % interval, from the Wilson intervals of both.
 *
 * @see Newcombe, R. G. (1998), Interval estimation for the difference between independent proportions: comparison of
 * eleven methods, Statistics in Medicine 17:873–890, method 10
 * @example liftOf(rateOf(56, 70), rateOf(48, 80)) // { value: 0.2, low95: 0.0524, high95: 0.3339 … }
 */
export const liftOf = (treated: Rate | undefined, holdout: Rate | undefined): Lift | undefined => {
  if (treated === undefined || holdout === undefined) return undefined
  const value = treated.value - holdout.value
  const below = Math.hypot(treated.value - treated.low95, holdout.high95 - holdout.value)
  const above = Math.hypot(treated.high95 - treated.value, holdout.value - holdout.low95)
  return { treated, holdout, value, low95: value - below, high95: value + above }
}
