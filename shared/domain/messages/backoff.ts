/** How often a message is tried that is refused for a while, before it is given up: with these waits, for half an hour and more. */
export const MAX_REFUSALS = 20
const LONGEST_S = 240

/**
 * How long to wait before a message that was refused for a while is tried again, in whole seconds: twice as long each
 * time, at most 4 minutes, of which a random half is left out so that many do not come back at once.
 *
 * @param attempts how often it was tried, from 1
 * @param random from 0 to below 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @example backoffS(3, () => 0.5) // 6
 */
export const backoffS = (attempts: number, random: () => number): number => {
  const longest = Math.min(LONGEST_S, 2 ** attempts)
  return Math.ceil(longest / 2 + (random() * longest) / 2)
}
