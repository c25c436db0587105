/**
 * Why a scene that a trigger reached sent nothing: the first check that failed, in the order in which they are made.
 * docs/reasons.md tells merchants what each means and what they can do.
 */
export const SUPPRESSION_REASONS = [
  'killSwitch',
  'merchantSuspended',
  'sceneState',
  'dates',
  'hours',
  'place',
  'speed',
  'confidence',
  'marked',
  'stale',
  'audience',
  'blocked',
  'complaintOpen',
  'consent',
  'muted',
  'exclusionZone',
  'lawfulHours',
  'quietHours',
  'holdout',
  'sceneCap',
  'merchantCap',
  'platformCap',
  'kindCap',
  'budget',
  'pressure',
  'coolDown',
  'occasionUsed',
  'soldOut',
  'outranked',
  'noChannel',
] as const
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number]
