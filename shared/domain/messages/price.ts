import type { Channel } from '#shared/domain/messages/channel.ts'
import type { SmsContent } from '#shared/domain/messages/message.ts'
import { smsParts } from '#shared/domain/messages/sms-parts.ts'
import { type OptOut, smsText, tellsOptOut } from '#shared/domain/messages/sms-text.ts'
import type { MessageKind } from '#shared/domain/scenes/scene.ts'

/** What AWS asks for a part in most countries, rounded up: where a stage says no price of its own. */
const PART_PRICE_USD = 0.01

/** What an SMS costs depends on how its reader opts out, and on what a part costs. */
export type SmsTerms = { readonly optOut: OptOut; readonly partPriceUsd?: number | undefined }

/**
 * What an SMS costs in whole cents, rounded up: each of its parts, counted of the text that is sent, code and opt-out
 * included.
 *
 * @see https://aws.amazon.com/sns/sms-pricing/
 * @example smsCents({ body: 'Coffee?' }, 'greeting', 'en', { optOut: { kind: 'reply' } }) // 1
 */
export const smsCents = (
  sms: SmsContent,
  kind: MessageKind,
  locale: string | undefined,
  { optOut, partPriceUsd = PART_PRICE_USD }: SmsTerms,
): number => {
  const { parts } = smsParts(smsText(sms, tellsOptOut(kind) ? optOut : undefined, locale))
  // 7 × 0.01 is a little more than 0.07 in floating point, and would be 8 cents.
  return Math.ceil(Math.round(parts * partPriceUsd * 1e6) / 1e4)
}

/** What a message costs in cents; a push costs nothing to speak of. An SMS of before its price was noted was of one part. */
export const messageCents = (channel: Channel, priceOfSms = PART_PRICE_USD * 100): number =>
  channel === 'sms' ? priceOfSms : 0
