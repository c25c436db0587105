import type { EntityRecords } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import type { MerchantRecords } from '#shared/adapters/dynamodb/catalog/merchant-records.ts'
import type { SumCounts } from '#shared/adapters/dynamodb/catalog/read-counters.ts'
import type { Job } from '#shared/contracts/jobs.ts'
import { hashId, type SceneId } from '#shared/domain/ids.ts'
import type { Merchant } from '#shared/domain/merchants/merchant.ts'
import {
  type AutoPause,
  bringsNobody,
  DEFAULT_TRUST,
  exceedsTrust,
  TRUST_DAYS,
  TURNED_AWAY,
} from '#shared/domain/merchants/trust.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { DAY_MS } from '#shared/domain/schedule/local-time.ts'

export type TrustServices = {
  readonly nowMs: () => number
  readonly merchants: Pick<MerchantRecords, 'find'>
  readonly scenes: Pick<EntityRecords<SceneId, Scene>, 'find' | 'replace'>
  readonly sumCounts: SumCounts
}

/** Who pauses a scene that nobody paused. */
const PLATFORM = hashId('usr', 'platform')

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** From the day after the last such pause on: who has activated the scene again starts anew. */
const firstDay = ({ autoPause }: Scene, nowMs: number): string => {
  const first = dayOf(nowMs - (TRUST_DAYS - 1) * DAY_MS)
  const afterPause = autoPause === undefined ? first : dayOf(Date.parse(autoPause.at) + DAY_MS)
  return afterPause > first ? afterPause : first
}

type Counted = { readonly all: ReadonlyMap<string, number>; readonly sentBefore: number }

/** Why it is to be paused; undefined where it is not. */
const pauseFor = (
  merchant: Pick<Merchant, 'trust' | 'pauseWithoutVisits'> | undefined,
  { all, sentBefore }: Counted,
  at: string,
): AutoPause | undefined => {
  const { trust = DEFAULT_TRUST, pauseWithoutVisits } = merchant ?? {}
  const turnedAway = TURNED_AWAY.reduce((sum, how) => sum + (all.get(how) ?? 0), 0)
  if (exceedsTrust(all.get('sent') ?? 0, turnedAway, trust))
    return { at, maxTurnedAwayPercent: trust.maxTurnedAwayPercent }
  if (pauseWithoutVisits && bringsNobody(sentBefore, all.get('visited') ?? 0, pauseWithoutVisits))
    return { at, withoutVisitsAfter: pauseWithoutVisits.minSends }
  return undefined
}

/**
 * Pauses a scene that has turned away more customers than its merchant allows, or, where the merchant has asked for it,
 * has brought nobody in. Its revision says so.
 *
 * @returns whether it was paused
 */
export const reviewTrust = async (
  { nowMs, merchants, scenes, sumCounts }: TrustServices,
  { merchantId, sceneId, jobId }: Extract<Job, { kind: 'trust' }>,
  signal?: AbortSignal,
): Promise<boolean> => {
  const atMs = nowMs()
  const today = dayOf(atMs)
  const [merchant, scene] = await Promise.all([
    merchants.find(merchantId, signal),
    scenes.find(merchantId, sceneId, signal),
  ])
  const from = scene && firstDay(scene, atMs)
  if (scene?.state !== 'active' || from === undefined || from > today) return false
  const [all, ofToday] = await Promise.all([
    sumCounts(sceneId, from, today, signal),
    sumCounts(sceneId, today, today, signal),
  ])
  const sentBefore = (all.get('sent') ?? 0) - (ofToday.get('sent') ?? 0)
  const at = new Date(atMs).toISOString()
  const autoPause = pauseFor(merchant, { all, sentBefore }, at)
  if (autoPause === undefined) return false
  const saved = await scenes.replace(
    merchantId,
    sceneId,
    { user: PLATFORM, role: 'platform', requestId: jobId, atMs },
    (current) =>
      current.state === 'active'
        ? { ...current, state: 'paused', autoPause, revision: current.revision + 1, updatedAt: at }
        : current,
    signal,
  )
  return saved.kind === 'saved'
}
