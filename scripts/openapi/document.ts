import type * as z from 'zod'
import { type Components, createComponents } from '#scripts/openapi/components.ts'
import type { Example } from '#scripts/openapi/example.ts'
import { EXAMPLES } from '#scripts/openapi/examples.ts'
import { TAG_GROUPS, TAGS } from '#scripts/openapi/groups.ts'
import { KEY_PARAMETER, REPLAYED } from '#scripts/openapi/idempotency.ts'
import { type JsonSchema, referredIn } from '#scripts/openapi/json-schema.ts'
import { LIMIT_HEADERS } from '#scripts/openapi/limits.ts'
import { operationOf } from '#scripts/openapi/operation.ts'
import { PROBLEM_ANSWERS, PROBLEM_EXAMPLES } from '#scripts/openapi/problems.ts'
import { ALL_ROUTES, type DocumentedRoute } from '#scripts/openapi/routes.ts'
import { ETAG, TAG_PARAMETERS } from '#scripts/openapi/tags.ts'
import { problemSchema } from '#shared/contracts/http/problem.ts'

const DESCRIPTION = `Beckon brings people who walk past into the shop, and keeps them.

Requests are JSON, and unknown members are refused. A PUT takes the whole thing. 2xx means that the effect is stored. On 429,
5xx and time-outs send the same again with jitter, and not before \`retry-after\` seconds where it is said; on 401 get a new
token; drop what else is refused. An answer may get further members: ignore those that you do not know.

Every refusal of a function is problem+json (RFC 9457) with a \`code\` to act on, a pointer to each bad field and a request id.
What the gateway refuses by itself (no or wrong token 401, wrong scope 403, too many requests of all callers together 429) comes
as \`{"message": "…"}\`.

Lists come in pages: \`next\` of a page is the \`cursor\` of the next one; without \`next\` it is the last.`

const HEADERS = {
  ...LIMIT_HEADERS,
  ETag: ETAG,
  IdempotencyReplayed: REPLAYED,
  RequestId: {
    description: 'Names this request in the logs: say it when you ask for help.',
    schema: { type: 'string', maxLength: 160 },
    example: 'JKJaXmPLvHcESHA=',
  },
  Location: {
    description: 'The path of what was created.',
    schema: { type: 'string', maxLength: 400 },
    example: '/v1/merchants/mer_01JD0000000000000000000001',
  },
}

const ACCESS_TOKEN = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description:
    'An OAuth 2 access token of the stage’s issuer. An operation names the scopes of which the token must hold one; the stage sets a prefix before them, such as `beckon/`.',
}

const capitalised = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

const bodiesOf = ({ document, schemas, takes }: DocumentedRoute): [string, z.ZodType][] => {
  const name = capitalised(document.operationId)
  const request = schemas.body ?? takes?.schema
  const bodies: [string, z.ZodType | undefined][] = [
    [`${name}Request`, request],
    [`${name}Answer`, schemas.response],
  ]
  return bodies.flatMap(([one, schema]) => (schema === undefined ? [] : [[one, schema]]))
}

type Routes = Readonly<Record<string, DocumentedRoute>>

const pathsOf = (
  routes: Routes,
  components: Components,
  examples: Readonly<Record<string, Example>>,
): JsonSchema => {
  const paths: Record<string, JsonSchema> = {}
  for (const [key, route] of Object.entries(routes)) {
    const [method = '', path = ''] = key.split(' ')
    const operation = operationOf(key, route, components, examples[route.document.operationId])
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  return paths
}

/**
 * The OpenAPI document of the whole API, made from the route tables, their contracts and the examples.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export const createDocument = async (): Promise<JsonSchema> => {
  const components = await createComponents(new Map(Object.values(ALL_ROUTES).flatMap(bodiesOf)))
  components.schemaOf(problemSchema, 'output')
  const paths = pathsOf(ALL_ROUTES, components, EXAMPLES)
  const responses = referredIn(paths, 'responses', PROBLEM_ANSWERS)
  return {
    openapi: '3.1.1',
    info: {
      title: 'Beckon',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The stage that serves this document' }],
    tags: TAGS,
    'x-tagGroups': TAG_GROUPS,
    paths,
    components: {
      schemas: components.used(),
      responses,
      examples: referredIn({ paths, responses }, 'examples', PROBLEM_EXAMPLES),
      parameters: { ...TAG_PARAMETERS, ...KEY_PARAMETER },
      headers: HEADERS,
      securitySchemes: { accessToken: ACCESS_TOKEN },
    },
  }
}
