import type { JsonSchema } from '#scripts/openapi/json-schema.ts'
import type { DocumentedRoute } from '#scripts/openapi/routes.ts'
import type { ProblemCode } from '#shared/contracts/http/problem.ts'

/** Does a request of the route heed an idempotency key? */
export const isNamed = (method: string, { repeatable }: DocumentedRoute): boolean =>
  method === 'POST' && !repeatable

/** Operations refer to it. */
export const KEY_PARAMETER: JsonSchema = {
  IdempotencyKey: {
    name: 'idempotency-key',
    in: 'header',
    required: false,
    description:
      'The client’s own name for this request, e.g. a UUID. Sent again within 24 hours it gets the first answer, as a rule with `idempotency-replayed: true`, and nothing is done twice.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,64}$' },
    example: '5d1e8f0c-6a8b-4f0e-9c55-0b7a9d1f2c33',
  },
}

export const REPLAYED: JsonSchema = {
  description: 'On an answer that was given before, to the same idempotency key.',
  schema: { type: 'string', const: 'true' },
}

export const keyParameters = (method: string, route: DocumentedRoute): JsonSchema[] =>
  isNamed(method, route) || route.keyed ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []

export const keyHeader = (method: string, route: DocumentedRoute): JsonSchema =>
  isNamed(method, route)
    ? { 'idempotency-replayed': { $ref: '#/components/headers/IdempotencyReplayed' } }
    : {}

export const keyProblems = (method: string, route: DocumentedRoute): ProblemCode[] =>
  isNamed(method, route) ? ['requestRunning', 'keyReused', 'answerNotKept'] : []
