import { EXAMPLE_IDS } from '#scripts/openapi/example-ids.ts'
import { keyProblems } from '#scripts/openapi/idempotency.ts'
import { type JsonSchema, refTo } from '#scripts/openapi/json-schema.ts'
import { limitHeaders } from '#scripts/openapi/limits.ts'
import type { DocumentedRoute } from '#scripts/openapi/routes.ts'
import { PROBLEMS, type ProblemCode, problemType } from '#shared/contracts/http/problem.ts'

const isJsonRead = ({ schemas }: DocumentedRoute): boolean => schemas.body !== undefined

const ofInput = (route: DocumentedRoute): ProblemCode[] => {
  if (isJsonRead(route)) return ['malformedJson', 'tooLarge', 'unsupportedMediaType']
  return route.takes === undefined ? [] : ['invalidRequest', 'tooLarge']
}

const isOpen = ({ scopes }: DocumentedRoute): boolean => scopes.length === 0

const ofToken = ({ scopes }: DocumentedRoute): ProblemCode[] =>
  scopes.length > 0 ? ['unauthorized', 'forbidden', 'invalidRequest'] : []

const ofTag = (method: string, { document }: DocumentedRoute): ProblemCode[] =>
  document.isTagged && (method === 'PUT' || method === 'DELETE') ? ['preconditionFailed'] : []

const ofPath = (path: string): ProblemCode[] => (path.includes('{') ? ['notFound'] : [])

/** Every problem that a route may answer: those of all routes like it, and its own. */
export const problemsOf = (method: string, path: string, route: DocumentedRoute): readonly ProblemCode[] => [
  ...new Set<ProblemCode>([
    ...ofToken(route),
    ...(route.scopes.length > 0 ? ofPath(path) : []),
    ...ofInput(route),
    ...ofTag(method, route),
    ...keyProblems(method, route),
    ...(route.document.problems ?? []),
    // A caller that is nobody is not counted: then only the gateway refuses, in its own form.
    ...(isOpen(route) ? [] : (['tooManyRequests'] as const)),
    'internal',
    'busy',
  ]),
]

const CODES = Object.keys(PROBLEMS) as ProblemCode[]

const example = (code: ProblemCode): JsonSchema => ({
  summary: PROBLEMS[code].title,
  value: {
    type: problemType(code),
    ...PROBLEMS[code],
    instance: 'urn:beckon:request:JKJaXmPLvHcESHA%3D',
    code,
    requestId: 'JKJaXmPLvHcESHA=',
    ...(code === 'inUse' && { heldBy: [{ type: 'scene', id: EXAMPLE_IDS.sceneId }] }),
  },
})

/** An example of each problem; operations refer to them. */
export const PROBLEM_EXAMPLES: JsonSchema = Object.fromEntries(CODES.map((code) => [code, example(code)]))

/** They say when the same request may be sent again. */
const LATER: ReadonlySet<ProblemCode> = new Set(['requestRunning', 'tooManyRequests', 'busy'])

const answer = (codes: readonly ProblemCode[]): JsonSchema => ({
  description: codes.map((code) => `${PROBLEMS[code].title} (\`${code}\`).`).join(' '),
  headers: {
    'x-request-id': { $ref: '#/components/headers/RequestId' },
    // A caller that is nobody is not counted.
    ...limitHeaders({ isCounted: !codes.includes('unauthorized') }),
    ...(codes.some((code) => LATER.has(code)) && {
      'retry-after': { $ref: '#/components/headers/RetryAfter' },
    }),
  },
  content: {
    'application/problem+json': {
      schema: refTo('Problem'),
      examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
    },
  },
})

const nameOf = (code: ProblemCode): string => `${code.charAt(0).toUpperCase()}${code.slice(1)}`

/** The answers with one problem each; operations refer to them. */
export const PROBLEM_ANSWERS: JsonSchema = Object.fromEntries(
  CODES.map((code) => [nameOf(code), answer([code])]),
)

const answerOf = (codes: readonly ProblemCode[]): JsonSchema => {
  const [first, ...others] = codes
  return first !== undefined && others.length === 0
    ? { $ref: `#/components/responses/${nameOf(first)}` }
    : answer(codes)
}

/** What every route may be answered, but where a function says more of the same status; no function has written it. */
const OF_THE_GATEWAY: JsonSchema = {
  429: {
    description: 'Too many requests of all callers together. The gateway says so in its own form.',
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: { message: { type: 'string', maxLength: 200, description: 'For people.' } },
        },
        example: { message: 'Too Many Requests' },
      },
    },
  },
}

/** The answers of an operation that are not 2xx, by status. */
export const problemAnswers = (method: string, path: string, route: DocumentedRoute): JsonSchema => {
  const byStatus = Map.groupBy(problemsOf(method, path, route), (code) => PROBLEMS[code].status)
  return {
    ...(isOpen(route) && OF_THE_GATEWAY),
    ...Object.fromEntries([...byStatus].map(([status, codes]) => [String(status), answerOf(codes)])),
  }
}
