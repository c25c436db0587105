import * as z from 'zod'

/**
 * Every problem that an API may answer: its status and its title. A client acts on the code; the detail is for people.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export const PROBLEMS = {
  invalidRequest: { status: 400, title: 'The request is not valid' },
  malformedJson: { status: 400, title: 'The body is not JSON' },
  unauthorized: { status: 401, title: 'The token is missing or not an access token' },
  forbidden: { status: 403, title: 'The token or role does not allow this' },
  locationConsentWithdrawn: { status: 403, title: 'The customer does not want positions used' },
  notFound: { status: 404, title: 'There is no such resource' },
  requestRunning: { status: 409, title: 'The same request is still being answered' },
  answerNotKept: { status: 409, title: 'The request was done, but its answer was too large to be kept' },
  conflict: { status: 409, title: 'The resource changed meanwhile' },
  inUse: { status: 409, title: 'The resource is still in use' },
  limitReached: { status: 409, title: 'There are as many as there may be' },
  stockInUse: { status: 409, title: 'More units are reserved or redeemed than the new stock holds' },
  placeUnknown: { status: 409, title: 'Nobody knows where the customer is' },
  notAtStore: { status: 409, title: 'It is redeemed at another place' },
  tokenRequired: { status: 409, title: 'It is redeemed by a token, not by its code' },
  alreadyCalledUp: { status: 409, title: 'The customer was called up for the offer, or has had it' },
  alreadyRedeemed: { status: 409, title: 'It was redeemed before' },
  grantReleased: { status: 410, title: 'The offer was given back' },
  grantExpired: { status: 410, title: 'The offer is no longer valid' },
  tokenExpired: { status: 410, title: 'The token is over; the customer can ask for another' },
  exportOver: { status: 410, title: 'The export can no longer be read' },
  gone: { status: 410, title: 'The customer was erased' },
  preconditionFailed: { status: 412, title: 'The resource has another revision' },
  tooLarge: { status: 413, title: 'The body is too large' },
  unsupportedMediaType: { status: 415, title: 'The body must be application/json' },
  unprocessable: { status: 422, title: 'The request names something that cannot be used' },
  keyReused: { status: 422, title: 'The idempotency key was used for another request' },
  addressNotFound: { status: 422, title: 'The address was not found' },
  tooManyRequests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  busy: { status: 503, title: 'Busy, send the same request again' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

/** One fault of a request. */
export const problemErrorSchema = z.strictObject({
  pointer: z.string().max(400).describe('Where it is: a JSON pointer (RFC 6901).'),
  detail: z.string().max(400).describe('What it is, for people.'),
  in: z.enum(['path', 'query', 'header']).exactOptional().describe('Absent for the body.'),
})
export type ProblemError = z.output<typeof problemErrorSchema>

/** How many faults one answer lists. */
export const MAX_PROBLEM_ERRORS = 50

/** What may hold another thing of the same merchant. */
export const HOLDER_TYPES = [
  'store',
  'geofence',
  'scene',
  'offer',
  'region',
  'qrCode',
  'grant',
  'merchant',
] as const

/** Something that keeps another thing from being deleted. */
export const holderSchema = z.strictObject({
  type: z.enum(HOLDER_TYPES).describe('What it is.'),
  id: z.string().max(40).exactOptional().describe('Its id; absent of grants: whose they are is not told.'),
})
export type Holder = z.output<typeof holderSchema>

/** How many holders one answer lists. */
export const MAX_HOLDERS = 10

/** The body of every answer that is not 2xx (`application/problem+json`); a code may add members of its own. */
export const problemSchema = z.looseObject({
  type: z
    .string()
    .regex(/^urn:beckon:problem:[a-z-]+$/)
    .describe('What `code` says, as a URN.'),
  title: z.string().max(200).describe('What `code` means, for people.'),
  status: z.int().min(400).max(599).describe('The status of the answer.'),
  detail: z.string().max(400).exactOptional().describe('What it is about here, for people.'),
  instance: z.string().max(200).describe('`urn:beckon:request:` and the request id.'),
  code: z.string().max(40).describe('What a client acts on.'),
  requestId: z.string().max(160).describe('The `x-request-id`: say it when you ask for help.'),
  errors: z
    .array(problemErrorSchema)
    .max(MAX_PROBLEM_ERRORS)
    .exactOptional()
    .describe('The faults of the request, each with its place.'),
  heldBy: z
    .array(holderSchema)
    .min(1)
    .max(MAX_HOLDERS)
    .exactOptional()
    .describe('On `inUse`: what names it or needs it, the first of them.'),
})
export type ProblemBody = z.output<typeof problemSchema>

/**
 * The problem's type, as a URN so that no domain is claimed.
 *
 * @example problemType('invalidRequest') // 'urn:beckon:problem:invalid-request'
 */
export const problemType = (code: ProblemCode): string =>
  `urn:beckon:problem:${code.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
