import { hashId, type MessageId } from '#shared/domain/ids.ts'

const LENGTH = 12

/**
 * The code in the opt-out link of an SMS: 60 bits that only its recipient knows, the same whenever it is made.
 *
 * @example stopCodeOf(messageId) // 'K7T0Q…', 12 characters
 */
export const stopCodeOf = (messageId: MessageId): string =>
  hashId('wrt', 'stop', messageId).slice(4, 4 + LENGTH)

export const STOP_CODE = new RegExp(`^[0-9A-HJKMNP-TV-Z]{${LENGTH}}$`)
