/**
 * Why a scene that a trigger reached sent nothing: the first check that failed, in the order in which they are made.
 * docs/reasons.md tells merchants what each means and what they can do.
 */
export const SUPPRESSION_REASONS = [
  'sceneState',
  'dates',
  'hours',
  'stale',
  'consent',
  'platformCap',
  'coolDown',
  'occasionUsed',
  'soldOut',
  'noChannel',
  'outranked',
] as const
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number]
