import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import {
  type Holder,
  MAX_HOLDERS,
  MAX_PROBLEM_ERRORS,
  PROBLEMS,
  type ProblemBody,
  type ProblemCode,
  type ProblemError,
  problemType,
} from '#shared/contracts/http/problem.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import { limitHeaders, type ServiceLimit } from '#shared/runtime/http/service-limit.ts'

export type ProblemOptions = {
  /** For people; must hold nothing internal. */
  readonly detail?: string
  readonly errors?: readonly ProblemError[]
  /** Further members of the body, e.g. when and where a code was redeemed. */
  readonly members?: Readonly<Record<string, string | number>>
  /** What keeps a thing from being deleted. */
  readonly heldBy?: readonly Holder[]
  /** When the client may try again, in whole seconds. */
  readonly retryAfterS?: number
  /** The limit of a use case's own that is used up. */
  readonly limit?: ServiceLimit
  readonly cause?: unknown
}

/**
 * A refusal that the client shall see, as problem+json (RFC 9457).
 *
 * @example throw new Problem('unprocessable', { errors: [{ pointer: '/offerId', detail: 'no such offer' }] })
 */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly errors: readonly ProblemError[]
  readonly detail: string | undefined
  readonly members: Readonly<Record<string, string | number>>
  readonly heldBy: readonly Holder[]
  readonly retryAfterS: number | undefined
  readonly limit: ServiceLimit | undefined

  constructor(
    code: ProblemCode,
    {
      detail,
      errors = [],
      members = {},
      heldBy = [],
      limit,
      retryAfterS = limit?.resetS,
      cause,
    }: ProblemOptions = {},
  ) {
    super(PROBLEMS[code].title, { cause })
    this.code = code
    this.detail = detail
    this.errors = errors
    this.members = members
    this.heldBy = heldBy
    this.retryAfterS = retryAfterS
    this.limit = limit
  }
}

const RETRY_AFTER_S = 1

/**
 * The problem that an error is to the client: its own, `busy` for what a later try may overcome, else `internal`.
 * `TimeoutError` is what middy throws just before Lambda would end the function.
 */
export const toProblem = (error: unknown): Problem => {
  if (error instanceof Problem) return error
  const isPassing = error instanceof BusyError || (error instanceof Error && error.name === 'TimeoutError')
  if (isPassing) return new Problem('busy', { retryAfterS: RETRY_AFTER_S, cause: error })
  return new Problem('internal', { cause: error })
}

const bodyOf = (problem: Problem, requestId: string): ProblemBody => ({
  type: problemType(problem.code),
  title: PROBLEMS[problem.code].title,
  status: PROBLEMS[problem.code].status,
  ...problem.members,
  ...(problem.detail !== undefined && { detail: problem.detail }),
  instance: `urn:beckon:request:${encodeURIComponent(requestId)}`,
  code: problem.code,
  requestId,
  ...(problem.errors.length > 0 && { errors: problem.errors.slice(0, MAX_PROBLEM_ERRORS) }),
  ...(problem.heldBy.length > 0 && { heldBy: problem.heldBy.slice(0, MAX_HOLDERS) }),
})

/** The HTTP answer of a problem. */
export const problemResponse = (problem: Problem, requestId: string): APIGatewayProxyStructuredResultV2 => ({
  statusCode: PROBLEMS[problem.code].status,
  headers: {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
    ...(problem.retryAfterS !== undefined && { 'retry-after': String(problem.retryAfterS) }),
    ...limitHeaders(problem.limit),
  },
  body: JSON.stringify(bodyOf(problem, requestId)),
})
