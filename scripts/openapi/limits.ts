import type { JsonSchema } from '#scripts/openapi/json-schema.ts'

/** The headers that tell of limits, as components. */
export const LIMIT_HEADERS: JsonSchema = {
  RateLimit: {
    description:
      'What is left of a limit: of `caller` on every answer to a request that was counted, of `test-sends` where one was asked for. `r`: requests; `t`: seconds until there are all again.',
    schema: { type: 'string', maxLength: 200 },
    example: '"caller";r=593;t=41',
  },
  RateLimitPolicy: {
    description:
      'The limits: `q` requests in `w` seconds. `all-callers` is the gateway’s for all together, `caller` one copy of a function’s for one caller.',
    schema: { type: 'string', maxLength: 300 },
    example: '"all-callers";q=100;w=1, "caller";q=600;w=60',
  },
  RetryAfter: {
    description:
      'In so many seconds the same request may be sent again; the gateway’s own 429 does not say it.',
    schema: { type: 'integer', minimum: 1 },
    example: 41,
  },
}

/** What every answer says of limits; one to a request without a token is not counted. */
export const limitHeaders = ({ isCounted }: { readonly isCounted: boolean }): JsonSchema => ({
  'ratelimit-policy': { $ref: '#/components/headers/RateLimitPolicy' },
  ...(isCounted && { ratelimit: { $ref: '#/components/headers/RateLimit' } }),
})
