import type { GrantId, MerchantId, MessageId, SceneId, StoreId, UserId, WriteId } from '#shared/domain/ids.ts'
import { type Arm, type Counted, type CountPlace, type Counts, utcDay } from '#shared/domain/loop/count.ts'

/** The way from the message to the purchase; any step may be skipped. */
export const LADDER = ['opened', 'claimed', 'visited', 'redeemed', 'purchased'] as const
export const STAGES = [...LADDER, 'rated', 'shared'] as const
export type Stage = (typeof STAGES)[number]

/** What a customer does with the merchant itself. A visit and an opened message tell the merchant of nobody. */
export const ACTS: ReadonlySet<Stage> = new Set<Stage>([
  'claimed',
  'redeemed',
  'purchased',
  'rated',
  'shared',
])

export const DEFAULT_ATTRIBUTION_DAYS = 7
export const MAX_ATTRIBUTION_DAYS = 30

/**
 * That a scene spoke to a customer (`treated`), or would have but for the experiment (`holdout`), and what came of it.
 * Times are ms since the epoch.
 */
export type Exposure = {
  readonly user: UserId
  readonly merchantId: MerchantId
  readonly sceneId: SceneId
  /** Of the grant; of a held-out customer the id that the grant would have had. */
  readonly grantId: GrantId
  /** The decision that the chain of events began with: the same through ping, message, visit, redemption, next message. */
  readonly correlationId: WriteId
  readonly arm: Arm
  readonly storeId?: StoreId | undefined
  readonly atMs: number
  /** How long after it something may be its outcome. */
  readonly windowMs: number
  readonly messageId?: MessageId | undefined
  /** When its message had gone out. */
  readonly sentAtMs?: number | undefined
  /** When each stage was reached first. */
  readonly stages: Readonly<Partial<Record<Stage, number>>>
  /** The store and day of the visit that was credited first. */
  readonly cameTo?: { readonly storeId?: StoreId | undefined; readonly day: string } | undefined
  readonly version: number
}

/** Something that a customer did, for an exposure that it is credited to. */
export type Step = {
  readonly stage: Stage
  readonly atMs: number
  /** The store where it happened. */
  readonly storeId?: StoreId | undefined
  /** Smallest unit of the currency (ISO 4217). */
  readonly spent?: { readonly currency: string; readonly amountMinor: number } | undefined
  /** The customer's first visit, redemption or purchase with the merchant. */
  readonly isFirst?: boolean
  /** What is counted beside the stage. */
  readonly more?: Counts
}

export const scenePlaceOf = ({ sceneId, atMs, storeId, arm }: Exposure): CountPlace => ({
  of: 'scene',
  sceneId,
  day: utcDay(atMs),
  storeId,
  arm,
})

const depthOf = (stages: Exposure['stages']): number =>
  LADDER.findLastIndex((stage) => stages[stage] !== undefined)

const hasActed = ({ stages }: Pick<Exposure, 'stages'>): boolean =>
  [...ACTS].some((stage) => stages[stage] !== undefined)

/** Which rungs of the ladder are reached now, whether or not those below were met one by one. */
const reachedBy = (before: Exposure['stages'], after: Exposure['stages']): Counts =>
  Object.fromEntries(
    LADDER.slice(depthOf(before) + 1, depthOf(after) + 1).map((stage) => [`reached_${stage}`, 1]),
  )

const spentCounts = ({ stage, spent }: Step): Counts => {
  if (stage !== 'purchased') return {}
  return { purchases: 1, ...(spent && { [`revenue_${spent.currency}`]: spent.amountMinor }) }
}

/** A message that brought a visit is counted at the store, and once more when the customer has acted on it. */
const atStore = (before: Exposure, after: Exposure): Counted[] => {
  const { cameTo, merchantId, arm } = after
  if (cameTo === undefined || arm !== 'treated') return []
  const exposed = before.cameTo === undefined
  const acted = hasActed(after) && (exposed || !hasActed(before))
  const counts = { ...(exposed && { exposed: 1 }), ...(acted && { acted: 1 }) }
  return [{ place: { of: 'store', merchantId, storeId: cameTo.storeId, day: cameTo.day }, counts }]
}

/**
 * An exposure after one more step, with what is to be counted for it. A stage counts once for an exposure; money counts
 * with every purchase.
 *
 * @example advance(exposure, { stage: 'visited', atMs, isFirst: true }).counted // visited, reached_opened …, newCustomers
 */
export const advance = (
  before: Exposure,
  step: Step,
): { readonly exposure: Exposure; readonly counted: readonly Counted[] } => {
  const { stage, atMs, storeId, isFirst = false, more = {} } = step
  const isNew = before.stages[stage] === undefined
  const stages = isNew ? { ...before.stages, [stage]: atMs } : before.stages
  const came = stage === 'visited' && isNew ? { cameTo: { storeId, day: utcDay(atMs) } } : {}
  const exposure: Exposure = { ...before, stages, ...came }
  const counts: Counts = {
    ...(isNew && { [stage]: 1 }),
    ...reachedBy(before.stages, stages),
    ...(hasActed(exposure) && !hasActed(before) && { acted: 1 }),
    ...(isFirst && { newCustomers: 1 }),
    ...spentCounts(step),
    ...more,
  }
  return { exposure, counted: [{ place: scenePlaceOf(before), counts }, ...atStore(before, exposure)] }
}
