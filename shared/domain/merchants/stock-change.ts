import { splitStock } from '#shared/domain/offers/offer.ts'

/**
 * How many free units to add to (or, negative, to take from) each shard of an offer's stock, so that the whole grows by
 * `delta`. Units are taken from the fullest shards, so that none runs dry before the others.
 *
 * @param free how many units each shard has free now
 * @returns one number for each shard, or undefined when fewer units are free than are to be taken
 * @example stockChange(5, [0, 3]) // [3, 2]
 * @example stockChange(-4, [1, 5]) // [0, -4]
 * @example stockChange(-7, [1, 5]) // undefined
 */
export const stockChange = (delta: number, free: readonly number[]): number[] | undefined => {
  if (delta >= 0) return splitStock(delta, free.length)
  const available = free.reduce((sum, units) => sum + units, 0)
  if (available < -delta) return undefined
  return levelDown(-delta, free).map((left, shard) => left - (free[shard] ?? 0))
}

/** What is left on each shard after `take` units were taken so that the shards end as level as they can. */
const levelDown = (take: number, free: readonly number[]): number[] => {
  const keep = free.reduce((sum, units) => sum + units, 0) - take
  const level = fullLevel(keep, free)
  let spare = keep - free.reduce((sum, units) => sum + Math.min(units, level), 0)
  return free.map((units) => {
    if (units <= level || spare === 0) return Math.min(units, level)
    spare -= 1
    return level + 1
  })
}

/** The highest level to which all shards can be cut without keeping more than `keep` units. */
const fullLevel = (keep: number, free: readonly number[]): number => {
  let low = 0
  let high = Math.max(0, ...free)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const kept = free.reduce((sum, units) => sum + Math.min(units, middle), 0)
    if (kept <= keep) low = middle
    else high = middle - 1
  }
  return low
}
