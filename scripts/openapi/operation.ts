import * as z from 'zod'
import { readAnswer } from '#scripts/openapi/answers.ts'
import type { Components } from '#scripts/openapi/components.ts'
import type { Example } from '#scripts/openapi/example.ts'
import { EXAMPLE_PATH } from '#scripts/openapi/example-ids.ts'
import { tagOf } from '#scripts/openapi/groups.ts'
import { keyHeader, keyParameters } from '#scripts/openapi/idempotency.ts'
import type { JsonSchema } from '#scripts/openapi/json-schema.ts'
import { limitHeaders } from '#scripts/openapi/limits.ts'
import { parametersOf } from '#scripts/openapi/parameters.ts'
import { problemAnswers } from '#scripts/openapi/problems.ts'
import type { DocumentedRoute } from '#scripts/openapi/routes.ts'
import { notModified, tagHeader, tagParameters } from '#scripts/openapi/tags.ts'
import type { OpenContent } from '#shared/runtime/http/route.ts'
import type { SuccessStatus } from '#shared/runtime/http/route-document.ts'

/** A value that is not undefined, under a name; nothing else. */
const given = (name: string, value: unknown): JsonSchema => (value === undefined ? {} : { [name]: value })

const jsonContent = (schema: JsonSchema, example: unknown): JsonSchema => ({
  'application/json': { schema, ...given('example', example) },
})

const openContent = (
  { mediaType, schema }: OpenContent,
  direction: 'input' | 'output',
  { schemaOf }: Components,
  example: unknown,
): JsonSchema => ({
  [mediaType]: {
    schema: schema instanceof z.ZodString ? { type: 'string' } : schemaOf(schema, direction),
    ...given('example', example),
  },
})

const requestBody = (
  { schemas, takes }: DocumentedRoute,
  components: Components,
  example: Example,
): JsonSchema => {
  if (schemas.body !== undefined) {
    const content = jsonContent(components.schemaOf(schemas.body, 'input'), example.body)
    return { requestBody: { required: true, content } }
  }
  if (takes === undefined) return {}
  return { requestBody: { required: true, content: openContent(takes, 'input', components, example.body) } }
}

const answerContent = (
  { schemas, answers, document }: DocumentedRoute,
  components: Components,
): JsonSchema => {
  const recorded = readAnswer(document.operationId)
  if (schemas.response !== undefined) {
    return { content: jsonContent(components.schemaOf(schemas.response, 'output'), recorded) }
  }
  return answers === undefined ? {} : { content: openContent(answers, 'output', components, recorded) }
}

/** The statuses that a route's 2xx answer may have. */
export const statusesOf = ({ document, schemas, answers }: DocumentedRoute): readonly SuccessStatus[] => {
  const { status } = document
  if (status === undefined) return [schemas.response === undefined && answers === undefined ? 204 : 200]
  return typeof status === 'number' ? [status] : status
}

const STATUS_WORDS: Readonly<Record<SuccessStatus, string>> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted: it is on its way.',
  204: 'Done; there is nothing to tell.',
}

const success = (
  method: string,
  status: SuccessStatus,
  route: DocumentedRoute,
  components: Components,
): JsonSchema => ({
  description: STATUS_WORDS[status],
  headers: {
    'x-request-id': { $ref: '#/components/headers/RequestId' },
    ...limitHeaders({ isCounted: route.scopes.length > 0 }),
    ...(status === 201 && { location: { $ref: '#/components/headers/Location' } }),
    ...tagHeader(status, route),
    ...keyHeader(method, route),
  },
  ...answerContent(route, components),
})

/**
 * One operation of the document.
 *
 * @param key as the route table has it, e.g. `GET /v1/merchants/{merchantId}`
 */
export const operationOf = (
  key: string,
  route: DocumentedRoute,
  components: Components,
  example: Example = {},
): JsonSchema => {
  const [method = '', path = ''] = key.split(' ')
  const { operationId, summary, description } = route.document
  const parameters = [
    ...parametersOf(route.schemas.path, 'path', EXAMPLE_PATH),
    ...parametersOf(route.schemas.query, 'query', example.query ?? {}),
    ...tagParameters(method, route),
    ...keyParameters(method, route),
  ]
  return {
    operationId,
    summary,
    ...given('description', description),
    tags: [tagOf(path, route)],
    security: route.scopes.map((scope) => ({ accessToken: [scope] })),
    ...(parameters.length > 0 && { parameters }),
    ...requestBody(route, components, example),
    responses: {
      ...Object.fromEntries(
        statusesOf(route).map((status) => [status, success(method, status, route, components)]),
      ),
      ...notModified(method, route),
      ...problemAnswers(method, path, route),
    },
  }
}
