import { type Attempt, attemptOf, failed, type SendServices } from '#functions/send-messages/attempt.ts'
import type { SmsType } from '#shared/adapters/sns/publisher.ts'
import type { ProfileFacts, StoredMessage } from '#shared/contracts/items/ledger.ts'
import { optOutOf, smsText, tellsOptOut } from '#shared/domain/messages/sms-text.ts'

/** May this be an SMS: are there words, a number, and consent? Who sends a test to the own phone has asked for it. */
export const canBeSms = ({ content, merchantId, grantId }: StoredMessage, profile: ProfileFacts): boolean =>
  content.sms !== undefined &&
  profile.phoneNumber !== undefined &&
  (grantId === undefined || profile.smsConsents.has(merchantId))

/** A test tells it whatever its kind: it may reach a phone that is not the sender's. */
const isOptOutToldBy = ({ messageKind, grantId }: StoredMessage): boolean =>
  tellsOptOut(messageKind) || grantId === undefined

const typeOf = ({ messageKind }: StoredMessage): SmsType =>
  messageKind === 'service' ? 'Transactional' : 'Promotional'

const isSurelyNotSent = (attempt: Attempt): boolean =>
  attempt.kind === 'again' || (attempt.kind === 'ended' && attempt.ending.state === 'failed')

/** Publishes a leased message as SMS, once: what may have been sent is never tried again. */
export const attemptSms = async (
  { recipients, publisher, optOutUrl, newStopCode }: SendServices,
  message: StoredMessage,
  profile: ProfileFacts,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Attempt> => {
  const { user, merchantId, messageId } = message
  const { sms } = message.content
  const { phoneNumber, locale } = profile
  if (sms === undefined || phoneNumber === undefined || !canBeSms(message, profile))
    return failed('noChannel')
  if (await recipients.isSuppressed(phoneNumber, merchantId, signal)) return failed('optedOut')
  if (await publisher.isOptedOut(phoneNumber, signal)) return failed('optedOut')
  const isOptOutTold = isOptOutToldBy(message)
  const stopCode = optOutUrl === undefined || !isOptOutTold ? undefined : (message.stopCode ?? newStopCode())
  const outgoing = { user, messageId, phoneNumber, merchantId, ...(stopCode !== undefined && { stopCode }) }
  if (!(await recipients.noteWriter(outgoing, nowMs, signal))) return failed('noChannel')
  const optOut = isOptOutTold ? optOutOf(optOutUrl, stopCode) : undefined
  const text = smsText(sms, optOut, locale)
  const attempt = attemptOf(await publisher.sms(phoneNumber, text, typeOf(message), signal))
  if (attempt.kind === 'unclear')
    return { kind: 'ended', ending: { state: 'unknown', reason: attempt.reason } }
  if (isSurelyNotSent(attempt)) await recipients.dropWriter(outgoing, signal)
  return attempt
}
