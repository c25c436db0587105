import { timersFor } from '#functions/decide-offers/arm-timers.ts'
import { type DecideServices, decideTriggers } from '#functions/decide-offers/decide-triggers.ts'
import { triggersOfEvent, triggersOfNews } from '#functions/decide-offers/triggers-of.ts'
import type { ConfirmVisited } from '#shared/adapters/dynamodb/ledger/confirm-grants.ts'
import type { Facts } from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import type { VisitPlans, VisitStore } from '#shared/adapters/dynamodb/ledger/visit-store.ts'
import type { PresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import { ledgerTrigger } from '#shared/contracts/items/ledger.ts'
import {
  type PresenceRemoval,
  parsePresenceNews,
  parsePresenceRemoval,
} from '#shared/contracts/items/presence.ts'
import type { Timer } from '#shared/contracts/timers.ts'
import type { GeofencesAt } from '#shared/domain/geo/geofences-at.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import { anchorsFor, foldSilence } from '#shared/domain/presence/fold.ts'
import type { ClosedVisit } from '#shared/domain/presence/visit.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'

export type RecordServices = DecideServices & {
  readonly arm: (timers: readonly Timer[], nowMs: number, signal?: AbortSignal) => Promise<void>
  readonly recordVisits: VisitStore['recordVisits']
  /** What was given for a place and was followed there is used: its unit does not go back. */
  readonly confirmVisited: ConfirmVisited
  readonly loadAround: PresenceStore['load']
  readonly geofencesAt: GeofencesAt
}

/** From what the plans of a customer follow, beside what each merchant knows of the customer. */
const plansOf = ({ merchants, customer: { birthday } }: Facts): VisitPlans => ({
  scenesOf: (merchantId) => merchants.get(merchantId)?.scenes ?? [],
  ...(birthday !== undefined && { birthday }),
})

const merchantsOf = (told: readonly { readonly merchantId: MerchantId }[]): MerchantId[] => [
  ...new Set(told.map(({ merchantId }) => merchantId)),
]

/** Which merchants have a channel to the customer, with consent. */
const reachableBy = async (
  { readPhones }: Pick<RecordServices, 'readPhones'>,
  user: UserId,
  settled: readonly ClosedVisit[],
  { customer }: Facts,
  signal?: AbortSignal,
): Promise<(merchantId: MerchantId) => boolean> => {
  const mayPush = settled.length > 0 && customer.pushConsent && (await readPhones(user, signal)).hasPushDevice
  return (merchantId) => mayPush || (customer.hasPhoneNumber && customer.smsConsents.has(merchantId))
}

const keepVisits = async (
  services: RecordServices,
  user: UserId,
  settled: readonly ClosedVisit[],
  facts: Facts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const isReachable = await reachableBy(services, user, settled, facts, signal)
  await services.recordVisits(user, settled, plansOf(facts), isReachable, nowMs, signal)
  const withOffers = settled.filter(
    ({ merchantId }) => (facts.merchants.get(merchantId)?.offers.size ?? 0) > 0,
  )
  await services.confirmVisited(user, withOffers, nowMs, signal)
}

/** Acts on what a presence write tells: decides on its transitions, arms timers, keeps the visits that settled. */
const handleNews = async (
  services: RecordServices,
  image: Readonly<Record<string, unknown>>,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const news = parsePresenceNews(image)
  const facts = await services.loadFacts(
    news.user,
    merchantsOf([...news.transitions, ...news.settled]),
    nowMs,
    signal,
  )
  if (facts.customer.erased) return
  await decideTriggers(services, news.user, triggersOfNews(news), facts, nowMs, signal)
  await services.arm(timersFor(news, facts, nowMs), nowMs, signal)
  await keepVisits(services, news.user, news.settled, facts, nowMs, signal)
}

/** All visits that end with a presence that nobody goes on with: those that had ended, and the open ones as unknown. */
const settleAll = ({ user, presence }: PresenceRemoval, geofencesAt: GeofencesAt) => {
  const settled: ClosedVisit[] = []
  let folded = foldSilence(user, presence, geofencesAt)
  // A fold settles only so many visits; the next one goes on.
  while (folded.settled.length > 0) {
    settled.push(...folded.settled)
    folded = foldSilence(user, folded.presence, geofencesAt)
  }
  return settled
}

/**
 * Keeps the visits that end because TTL removed a customer's presence.
 *
 * @param image the old image of the Presence item
 */
export const handleRemoval = async (
  services: RecordServices,
  image: Readonly<Record<string, unknown>>,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const removal = parsePresenceRemoval(image)
  if (removal === undefined) return
  const { fixes } = removal.presence
  const anchors = anchorsFor(removal.presence, [], Number.POSITIVE_INFINITY)
  await services.loadAround(fixes, nowMs, signal, anchors)
  const settled = settleAll(removal, services.geofencesAt)
  const facts = await services.loadFacts(removal.user, merchantsOf(settled), nowMs, signal)
  if (facts.customer.erased) return
  await keepVisits(services, removal.user, settled, facts, nowMs, signal)
}

/** Decides on triggers of one customer and merchant that do not come from a presence write. */
export const decideAlone = async (
  services: DecideServices,
  triggers: readonly Trigger[],
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  const [first] = triggers
  if (first === undefined) return
  const facts = await services.loadFacts(first.user, [first.merchantId], nowMs, signal)
  await decideTriggers(services, first.user, triggers, facts, nowMs, signal)
}

/** Acts on one stream record: the new image of a Presence item, or of a Ledger item that triggers. */
export const handleRecord = async (
  services: RecordServices,
  image: Readonly<Record<string, unknown>>,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  if (image['kind'] === 'presence') await handleNews(services, image, nowMs, signal)
  else await decideAlone(services, triggersOfEvent(ledgerTrigger.parse(image)), nowMs, signal)
}
