/** No number of people below this is ever told. */
export const MIN_SHOWN_PEOPLE = 20

/**
 * A number of people as a merchant may see it: nothing below 20, else to the nearest ten, from 1,000 on with two
 * figures, so that adding one condition does not single anybody out.
 *
 * @throws {RangeError} for what is no number of people
 * @example roundedSize(19) // 'fewer than 20'
 * @example roundedSize(1_234) // 1200
 */
export const roundedSize = (people: number): number | 'fewer than 20' => {
  if (!Number.isInteger(people) || people < 0) throw new RangeError(`not a number of people: ${people}`)
  if (people < MIN_SHOWN_PEOPLE) return 'fewer than 20'
  const step = people < 1000 ? 10 : 10 ** (Math.floor(Math.log10(people)) - 1)
  return Math.round(people / step) * step
}
