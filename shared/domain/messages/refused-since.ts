import { type Block, isBlocked } from '#shared/domain/customers/relationship.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import { CHANNELS } from '#shared/domain/messages/channel.ts'
import type { MessageContent } from '#shared/domain/messages/message.ts'
import type { CustomerFacts } from '#shared/domain/scenes/facts.ts'
import type { SuppressionReason } from '#shared/domain/scenes/reasons.ts'
import type { MessageKind } from '#shared/domain/scenes/scene.ts'
import { type AddedRules, isLawfulAt, type KnownPlace } from '#shared/domain/schedule/lawful-hours.ts'

/** How a merchant stands with a customer, and with the operator. */
export type Standing = {
  readonly isSuspended: boolean
  readonly block?: Block
  readonly openComplaints: number
}

type Granted = {
  readonly merchantId: MerchantId
  readonly messageKind: MessageKind
  readonly content: MessageContent
  readonly createdAtMs: number
  /** What was known of the place when the law let it. */
  readonly lawPlace?: KnownPlace
}
type Wishes = Pick<CustomerFacts, 'pushConsent' | 'smsConsents' | 'mutedMerchants' | 'mutedUntilMs'>

/** Its time is that of the grant at least: clocks differ, and it may have been granted as the hours began. */
const isLawfulStill = (
  { messageKind, createdAtMs, lawPlace }: Granted,
  added: AddedRules,
  nowMs: number,
): boolean =>
  messageKind === 'service' ||
  lawPlace === undefined ||
  isLawfulAt(lawPlace, added, Math.max(nowMs, createdAtMs))

/**
 * Why a message that was granted must not go out after all, by what has changed since; undefined where it may. The same
 * reasons in the same order as when it was decided (scenes/checks.ts), as far as they can change in minutes and nothing but
 * the customer's word or the operator's stands behind them.
 *
 * @param added what the operator adds to the law by now; that of a message ends before the hours close that it was granted in
 * @param nowMs ms since the epoch
 * @example refusedSince(message, { ...profile, mutedUntilMs: nowMs + 1 }, standing, [], nowMs) // 'muted'
 */
export const refusedSince = (
  message: Granted,
  { pushConsent, smsConsents, mutedMerchants, mutedUntilMs = 0 }: Wishes,
  { isSuspended, openComplaints, ...relationship }: Standing,
  added: AddedRules,
  nowMs: number,
): SuppressionReason | undefined => {
  const { merchantId, messageKind, content } = message
  if (isSuspended) return 'merchantSuspended'
  if (isBlocked(relationship, nowMs)) return 'blocked'
  if (messageKind !== 'service' && openComplaints > 0) return 'complaintOpen'
  const agrees = { push: pushConsent, sms: smsConsents.has(merchantId) }
  if (!CHANNELS.some((channel) => content[channel] !== undefined && agrees[channel])) return 'consent'
  if (mutedMerchants.has(merchantId) || nowMs < mutedUntilMs) return 'muted'
  return isLawfulStill(message, added, nowMs) ? undefined : 'lawfulHours'
}
