import { createHash, hash } from 'node:crypto'

/** A string that only the parser or maker of its kind can produce. */
type Branded<Kind extends string> = string & { readonly __id: Kind }

export type UserId = Branded<'usr'>
export type MerchantId = Branded<'mer'>
export type StoreId = Branded<'sto'>
export type GeofenceId = Branded<'gf'>
export type SceneId = Branded<'scn'>
export type OfferId = Branded<'off'>
export type GrantId = Branded<'grt'>
export type MessageId = Branded<'msg'>
export type VisitId = Branded<'vis'>
export type JobId = Branded<'job'>
export type WriteId = Branded<'wrt'>
export type RegionId = Branded<'reg'>
export type ZoneId = Branded<'zon'>
export type QrCodeId = Branded<'qrc'>
export type ReceiptId = Branded<'rcp'>

export type IdByPrefix = {
  usr: UserId
  mer: MerchantId
  sto: StoreId
  gf: GeofenceId
  scn: SceneId
  off: OfferId
  grt: GrantId
  msg: MessageId
  vis: VisitId
  job: JobId
  wrt: WriteId
  reg: RegionId
  zon: ZoneId
  qrc: QrCodeId
  rcp: ReceiptId
}
export type IdPrefix = keyof IdByPrefix

// Crockford's base 32, as ULIDs use it (https://github.com/ulid/spec): no I, L, O, U.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const ID_LENGTH = 26
const ID_BODY = /^[0-9A-HJKMNP-TV-Z]{26}$/

/** Is `text` an id of the kind `prefix`, e.g. `gf_01J…` with 26 characters of Crockford's base 32? */
export const isId = <P extends IdPrefix>(prefix: P, text: string): text is IdByPrefix[P] =>
  text.startsWith(`${prefix}_`) && ID_BODY.test(text.slice(prefix.length + 1))

/**
 * Makes an id of the kind `prefix` from 26 characters of Crockford's base 32 (a ULID, or a hash of the same form).
 *
 * @throws {Error} when `body` has another form; ids are made by the program, so this is a programming error
 * @example toId('gf', '01J0000000000000000000000A') // 'gf_01J0000000000000000000000A'
 */
export const toId = <P extends IdPrefix>(prefix: P, body: string): IdByPrefix[P] => {
  const id = `${prefix}_${body}`
  if (!isId(prefix, id)) throw new Error(`not an id body: ${body}`)
  return id
}

/**
 * An id that is the same wherever and whenever it is computed from the same parts: 130 bits of their SHA-256.
 * Parts are length-prefixed, so that ('ab', 'c') and ('a', 'bc') differ.
 *
 * @example hashId('vis', userId, geofenceId, String(firstEnterMs))
 */
export const hashId = <P extends IdPrefix>(prefix: P, ...parts: readonly string[]): IdByPrefix[P] => {
  let text: string = prefix
  for (const part of parts) text += `|${part.length}:${part}`
  // In one go: a hash object costs twice as much, and visits are named at every ping.
  const bytes = hash('sha256', text, 'buffer')
  let body = ''
  let bits = 0
  let pending = 0
  for (const byte of bytes) {
    pending = (pending << 8) | byte
    bits += 8
    while (bits >= 5 && body.length < ID_LENGTH) {
      bits -= 5
      body += ALPHABET[(pending >> bits) & 31]
    }
    pending &= (1 << bits) - 1
    if (body.length === ID_LENGTH) break
  }
  return toId(prefix, body)
}

/** A small non-negative number from a hash of `text`, below `count`: which shard something belongs to. */
export const shardOf = (text: string, count: number): number =>
  createHash('sha256').update(text).digest().readUInt32BE(0) % count
