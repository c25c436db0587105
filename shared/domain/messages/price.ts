import type { Channel } from '#shared/domain/messages/channel.ts'

/** An SMS of one part, rounded up from what AWS asks for most countries: budgets and reports count whole cents. */
const SMS_CENTS = 1

/**
 * What a message costs in cents; a push costs nothing to speak of.
 *
 * @see https://aws.amazon.com/sns/sms-pricing/
 * @example messageCents('sms') // 1
 */
export const messageCents = (channel: Channel): number => (channel === 'sms' ? SMS_CENTS : 0)
