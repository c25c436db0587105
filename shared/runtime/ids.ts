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
