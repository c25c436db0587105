import { type Block, isBlocked } from '#shared/domain/customers/relationship.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import { CHANNELS } from '#shared/domain/messages/channel.ts'
import type { MessageContent } from '#shared/domain/messages/message.ts'
import type { CustomerFacts } from '#shared/domain/scenes/facts.ts'
import type { SuppressionReason } from '#shared/domain/scenes/reasons.ts'
import type { MessageKind } from '#shared/domain/scenes/scene.ts'

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
}
type Wishes = Pick<CustomerFacts, 'pushConsent' | 'smsConsents' | 'mutedMerchants' | 'mutedUntilMs'>

/**
 * Why a message that was granted must not go out after all, by what has changed since; undefined where it may. The same
 * reasons in the same order as when it was decided (scenes/checks.ts), as far as they can change in minutes and nothing but
 * the customer's word or the operator's stands behind them.
 *
 * @param nowMs ms since the epoch
 * @example refusedSince(message, { ...profile, mutedUntilMs: nowMs + 1 }, standing, nowMs) // 'muted'
 */
export const refusedSince = (
  { merchantId, messageKind, content }: Granted,
  { pushConsent, smsConsents, mutedMerchants, mutedUntilMs = 0 }: Wishes,
  { isSuspended, openComplaints, ...relationship }: Standing,
  nowMs: number,
): SuppressionReason | undefined => {
  if (isSuspended) return 'merchantSuspended'
  if (isBlocked(relationship, nowMs)) return 'blocked'
  if (messageKind !== 'service' && openComplaints > 0) return 'complaintOpen'
  const agrees = { push: pushConsent, sms: smsConsents.has(merchantId) }
  if (!CHANNELS.some((channel) => content[channel] !== undefined && agrees[channel])) return 'consent'
  return mutedMerchants.has(merchantId) || nowMs < mutedUntilMs ? 'muted' : undefined
}
