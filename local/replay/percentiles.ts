/**
 * The value below which a share of the samples lie (nearest rank); 0 without samples.
 *
 * @param share from 0 to 1
 * @example percentile([1, 2, 3, 4], 0.5) // 2
 */
export const percentile = (samples: readonly number[], share: number): number => {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}
