import { randomBytes, randomInt } from 'node:crypto'
import { encodeTime, ulid } from 'ulid'
import { hashId, type IdByPrefix, type IdPrefix, toId, type UserId } from '#shared/domain/ids.ts'
import { nowMs } from '#shared/runtime/clock.ts'

/**
 * A new id that sorts by the time it was made (a prefixed ULID).
 *
 * @example newId('scn') // 'scn_01J…'
 */
export const newId = <P extends IdPrefix>(prefix: P): IdByPrefix[P] => toId(prefix, ulid(nowMs()))

/** How a new id is made. */
export type NewId = <P extends IdPrefix>(prefix: P) => IdByPrefix[P]

/** A request that names itself, and when it was first tried. */
export type NamedTry = { readonly name: string; readonly firstMs: number }

// Of a ULID: https://github.com/ulid/spec
const TIME_LENGTH = 10
const RANDOM_LENGTH = 16

/**
 * Ids that sort by the time of a request's first try like others, and that each further try makes again: so a try whose
 * function died before it could answer is met by the next one. One of each prefix.
 *
 * @example idsOf({ name: 'IDEMPOTENCY#…', firstMs: 1_795_341_600_000 })('sto') // 'sto_01KAN…', each time
 */
export const idsOf =
  ({ name, firstMs }: NamedTry): NewId =>
  (prefix) =>
    toId(prefix, `${encodeTime(firstMs, TIME_LENGTH)}${hashId(prefix, name).slice(-RANDOM_LENGTH)}`)

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
