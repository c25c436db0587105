import { randomBytes, randomInt } from 'node:crypto'
import { ulid } from 'ulid'
import { hashId, type IdByPrefix, type IdPrefix, toId, type UserId } from '#shared/domain/ids.ts'
import { nowMs } from '#shared/runtime/clock.ts'

/**
 * A new id that sorts by the time it was made (a prefixed ULID).
 *
 * @example newId('scn') // 'scn_01J…'
 */
export const newId = <P extends IdPrefix>(prefix: P): IdByPrefix[P] => toId(prefix, ulid(nowMs()))

// Crockford's base 32: read aloud and typed without mistakes.
const CODE_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * A code that people type, of 50 random bits.
 *
 * @example newCode() // '7ZK3P-Q4X10'
 */
export const newCode = (): string => {
  const draw = () => Array.from({ length: 5 }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('')
  return `${draw()}-${draw()}`
}

/**
 * The customer behind a token. Only this hash is stored, never the subject itself, so that what is left of an erased
 * customer (its tombstone) tells nothing.
 *
 * @param subject the `sub` claim of the access token
 */
export const userIdOf = (subject: string): UserId => hashId('usr', subject)

/**
 * The code of a new QR code: 12 random characters of Crockford's base 32, 60 bits, so that nobody finds one by trying.
 *
 * @example newQrCode() // 'K7T0QW3XJ5RB'
 */
export const newQrCode = (): string =>
  Array.from(randomBytes(12), (byte) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.charAt(byte & 31)).join('')

/** The name of a new scan: 128 random bits. Whoever has it may call the scan its own. */
export const newScanId = (): string => randomBytes(16).toString('base64url')
