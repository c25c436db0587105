import { createHash } from 'node:crypto'
import { Problem } from '#shared/runtime/http/problem.ts'

/** What a client says of the state that it knows: any (`*`), or one of these tags (RFC 9110, section 13.1). */
export type KnownTags = '*' | readonly string[]

/** The state that a client would have changed: one that it knows, or that there is none. */
export type WantedState = KnownTags | 'none'

const MAX_HEADER = 400
/** Tags of ours are short and plain; a weak one (`W/"1"`) never fits a condition on a write. */
const TAG = /^(W\/)?"[\x21\x23-\x7e]{1,64}"$/

/**
 * Reads an `If-Match` or `If-None-Match` header.
 *
 * @returns undefined without one
 * @throws {Problem} 400 for what is not a list of entity tags
 * @example readTags('"1", "2"', 'if-match') // ['"1"', '"2"']
 */
export const readTags = (header: string | undefined, name: string): KnownTags | undefined => {
  if (header === undefined) return undefined
  const tags = header.split(',').map((tag) => tag.trim())
  if (header.trim() === '*') return '*'
  if (header.length <= MAX_HEADER && tags.every((tag) => TAG.test(tag))) return tags
  throw new Problem('invalidRequest', {
    errors: [{ in: 'header', pointer: `/${name}`, detail: 'neither * nor a list of entity tags' }],
  })
}

/**
 * Reads what a change asks of the state before: `If-Match`, or `If-None-Match: *` of a PUT that shall only create
 * (RFC 9110, section 13.1.2).
 *
 * @throws {Problem} 400 for what can be neither, and for both at once, which no state is
 */
export const readWanted = (
  headers: Readonly<Record<string, string | undefined>>,
  method: string,
): WantedState | undefined => {
  const ifMatch = readTags(headers['if-match'], 'if-match')
  const ifNoneMatch = headers['if-none-match']
  if (method !== 'PUT' || ifNoneMatch === undefined) return ifMatch
  if (ifNoneMatch.trim() === '*' && ifMatch === undefined) return 'none'
  throw new Problem('invalidRequest', {
    errors: [{ in: 'header', pointer: '/if-none-match', detail: 'on a PUT it is *, and without if-match' }],
  })
}

/**
 * The entity tag of a revision. It is strong: the same tag, the same bytes.
 *
 * @example revisionTag(7) // '"7"'
 */
export const revisionTag = (revision: number): string => `"${revision}"`

const sortedMembers = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value

/**
 * The entity tag of what has no revision: a hash of what is answered. The order of members does not matter, for DynamoDB
 * keeps none.
 *
 * @example contentTag({ on: false }) // '"' + 22 characters + '"'
 */
export const contentTag = (body: unknown): string =>
  `"${createHash('sha256').update(JSON.stringify(body, sortedMembers)).digest('base64url').slice(0, 22)}"`

const isMatch = (wanted: WantedState, current: string | undefined): boolean => {
  if (wanted === 'none' || current === undefined) return wanted === 'none' && current === undefined
  return wanted === '*' || wanted.includes(current)
}

/**
 * Compares the client's condition with what is stored, if anything is. Call it with what the write is conditioned on, not
 * before.
 *
 * @throws {Problem} 412 when the client knows another state, when there is none, or when there is one and shall be none
 */
export const requireMatch = (wanted: WantedState | undefined, current: string | undefined): void => {
  if (wanted === undefined || isMatch(wanted, current)) return
  if (wanted === 'none') throw new Problem('preconditionFailed', { detail: 'there is one' })
  throw new Problem('preconditionFailed', current === undefined ? { detail: 'there is none' } : {})
}

const withoutWeak = (tag: string): string => tag.replace(/^W\//, '')

/** Does the client know this state already? Compared weakly, as RFC 9110 (section 13.1.2) has it for `If-None-Match`. */
export const isKnown = (ifNoneMatch: KnownTags | undefined, current: string): boolean =>
  ifNoneMatch === '*' || (ifNoneMatch ?? []).map(withoutWeak).includes(withoutWeak(current))
