import type * as z from 'zod'
import { clearMessage } from '#shared/contracts/http/clear-message.ts'
import { MAX_PROBLEM_ERRORS, type ProblemCode, type ProblemError } from '#shared/contracts/http/problem.ts'
import { bodyText, type HttpBody } from '#shared/runtime/http/body-text.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/** The largest body that is read where a route says nothing else, in bytes after decoding. */
export const MAX_BODY_BYTES = 256 * 1024

/** The most levels of lists and objects in one another. No contract has as many as half of them. */
export const MAX_DEPTH = 32

const MAX_TEXT = 400
const clip = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text)

/**
 * A JSON pointer (RFC 6901) from the parts of a path.
 *
 * @example jsonPointer(['pings', 3, 'lat']) // '/pings/3/lat'
 * @example jsonPointer(['a/b', '~']) // '/a~1b/~0'
 */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  clip(path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''))

const isOfMembers = ({ code, path }: z.core.$ZodIssue): boolean =>
  code === 'unrecognized_keys' || path.length > 0

const isMissing = ({ code, path, message }: z.core.$ZodIssue): boolean =>
  code === 'invalid_type' && path.length === 1 && message.startsWith('missing')

/**
 * Of a union of objects without a discriminator, the one branch whose members are all there: it says best what is wrong, and
 * where. Where none or several are meant, the union's own words do.
 */
const branchInside = (issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] => {
  if (issue.code !== 'invalid_union') return []
  const whole = issue.errors.filter((branch) => branch.some(isOfMembers) && !branch.some(isMissing))
  const inside = whole.length === 1 ? (whole[0] ?? []) : []
  return inside.map((one) => ({ ...one, path: [...issue.path, ...one.path] }))
}

/** Of a member's name, what is wrong with it; else the fault's own words. */
const wordsOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message

const faultsOf = (issue: z.core.$ZodIssue, unknown: string): ProblemError[] => {
  const inside = branchInside(issue)
  if (inside.length > 0) return inside.flatMap((one) => faultsOf(one, unknown))
  if (issue.code !== 'unrecognized_keys') {
    return [{ pointer: jsonPointer(issue.path), detail: clip(wordsOf(issue)) }]
  }
  return issue.keys
    .slice(0, MAX_PROBLEM_ERRORS)
    .map((key) => ({ pointer: jsonPointer([...issue.path, key]), detail: unknown }))
}

/** The faults that zod found, each with its pointer; unknown members are named one by one, in the words given. */
export const problemErrorsOf = (error: z.ZodError, unknown = 'unknown member'): ProblemError[] =>
  error.issues.flatMap((issue) => faultsOf(issue, unknown)).slice(0, MAX_PROBLEM_ERRORS)

/**
 * The faults of one item of a batch, by pointers into the request.
 *
 * @example inItem('events', 2, [{ pointer: '/at', detail: 'older than 48 hours' }]) // pointer '/events/2/at'
 */
export const inItem = (list: string, index: number, errors: readonly ProblemError[]): ProblemError[] =>
  errors.map((error) => ({ ...error, pointer: clip(`/${list}/${index}${error.pointer}`) }))

/**
 * Parses one part of a request.
 *
 * @throws {Problem} with a pointer to each fault
 */
export const parseInput = <S extends z.ZodType>(
  schema: S,
  value: unknown,
  code: ProblemCode,
  place?: 'path' | 'query' | 'header',
): z.output<S> => {
  const parsed = schema.safeParse(value, { error: clearMessage })
  if (parsed.success) return parsed.data
  const errors = problemErrorsOf(parsed.error, place === 'query' ? 'unknown parameter' : 'unknown member')
  throw new Problem(code, { errors: place ? errors.map((error) => ({ ...error, in: place })) : errors })
}

// RFC 8259 names no parameter for JSON, but clients send a charset; other JSON types (+json) mean something else here.
const isJson = (contentType: string | undefined): boolean =>
  contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b])
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d])

/** Where the string ends whose opening quote stands at `from`; the end of the text when nothing ends it. */
const endOfString = (text: string, from: number): number => {
  for (let at = from + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) return at
    if (char === BACKSLASH) at += 1
  }
  return text.length
}

/** Looked at before anything walks through the value, which would end our stack first. */
const isTooDeep = (text: string): boolean => {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) at = endOfString(text, at)
    else if (OPENING.has(char)) depth += 1
    else if (CLOSING.has(char)) depth -= 1
    if (depth > MAX_DEPTH) return true
  }
  return false
}

/** DynamoDB keeps no number nearer to 0 than 1e-130, and refuses it. Nothing that we measure is that small. */
const TINY = 1e-99
/** A number with such an exponent or so many zeros, or half of a pair of surrogates, which is no character (RFC 7493, 2.1). */
const MAY_BE_ODD = /e-\d{2,}|\.0{90}|\\ud[89a-f]/i

const evened = (name: string, value: unknown): unknown => {
  if (!name.isWellFormed() || (typeof value === 'string' && !value.isWellFormed())) {
    throw new SyntaxError('half of a pair of surrogates')
  }
  return typeof value === 'number' && Math.abs(value) < TINY ? 0 : value
}

const parseJson = (text: string): unknown => {
  try {
    return MAY_BE_ODD.test(text) ? JSON.parse(text, evened) : JSON.parse(text)
  } catch (cause) {
    // The parser's message quotes the body; it stays here.
    throw new Problem('malformedJson', { cause, errors: [{ pointer: '', detail: 'not a JSON text' }] })
  }
}

/**
 * The JSON value of a request's body.
 *
 * @throws {Problem} 413 over `maxBytes` (256 KiB), 415 for another content type, 400 for what is not JSON in UTF-8 or is
 *   nested deeper than 32 levels
 */
export const readJsonBody = (sent: HttpBody, maxBytes = MAX_BODY_BYTES): unknown => {
  const { body = '', isBase64Encoded, headers } = sent
  if (!isJson(headers['content-type'])) throw new Problem('unsupportedMediaType')
  const bytes = Buffer.byteLength(body, isBase64Encoded ? 'base64' : 'utf8')
  if (bytes > maxBytes) throw new Problem('tooLarge', { detail: `at most ${maxBytes} bytes` })
  const text = bodyText(sent, 'malformedJson')
  if (isTooDeep(text)) {
    const detail = `nested deeper than ${MAX_DEPTH} levels`
    throw new Problem('invalidRequest', { errors: [{ pointer: '', detail }] })
  }
  return parseJson(text)
}
