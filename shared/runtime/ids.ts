import { randomBytes } from 'node:crypto'
import { ulid } from 'ulid'
import { hashId, type IdByPrefix, type IdPrefix, toId, type UserId } from '#shared/domain/ids.ts'
import { nowMs } from '#shared/runtime/clock.ts'

/**
 * A new id that sorts by the time it was made (a prefixed ULID).
 *
 * @example newId('scn') // 'scn_01J…'
 */
export const newId = <P extends IdPrefix>(prefix: P): IdByPrefix[P] => toId(prefix, ulid(nowMs()))

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
