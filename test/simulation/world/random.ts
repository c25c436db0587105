import { createSeededRandom, type SeededRandom } from '#local/peers/dynamodb/seeded-random.ts'

export type Random = SeededRandom

/** A stream of numbers of its own for everything that has a name: what happens elsewhere does not change it. */
export const randomFor = (seed: number, name: string): Random => {
  // FNV-1a, over the name.
  let hash = 0x811c9dc5 ^ seed
  for (let index = 0; index < name.length; index++) {
    hash ^= name.charCodeAt(index)
    hash = Math.imul(hash, 0x01000193)
  }
  return createSeededRandom(hash ^ Math.imul(seed, 0x9e3779b1))
}

/** A whole number from `from` to `to`, both included. */
export const between = (random: Random, from: number, to: number): number =>
  from + Math.floor(random.next() * (to - from + 1))

/** One of a list. */
export const oneOf = <T>(random: Random, list: readonly [T, ...T[]]): T =>
  list[Math.floor(random.next() * list.length)] ?? list[0]
