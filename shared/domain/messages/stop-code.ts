import { hashId } from '#shared/domain/ids.ts'

const LENGTH = 12

/**
 * The code in the opt-out link of an SMS: 60 bits that only its recipient knows.
 *
 * @param secret a random text that is kept nowhere; the message's id will not do, since it follows from its grant's, which
 * merchants see
 * @example stopCodeOf(randomUUID()) // 'K7T0Q…', 12 characters
 */
export const stopCodeOf = (secret: string): string => hashId('wrt', 'stop', secret).slice(4, 4 + LENGTH)

export const STOP_CODE = new RegExp(`^[0-9A-HJKMNP-TV-Z]{${LENGTH}}$`)

/** No opt-out link ends in it. Every code has the same length, so a text with this one takes the parts that a real SMS takes. */
export const SAMPLE_STOP_CODE = stopCodeOf('sample')
