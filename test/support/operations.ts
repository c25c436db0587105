import { handler as customerApi } from '#functions/customer-api/handler.ts'
import { routes as customerRoutes } from '#functions/customer-api/routes.ts'
import { handler as matchPings } from '#functions/match-pings/handler.ts'
import { routes as pingRoutes } from '#functions/match-pings/routes.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { createDocument } from '#scripts/openapi/document.ts'
import type { TestTables } from '#test/support/engine.ts'
import type { Schema } from '#test/support/generate-json.ts'
import { startPeer, takeAll } from '#test/support/peers.ts'

export type Handler = typeof merchantApi

export type Parameter = {
  readonly name: string
  readonly in: string
  readonly required: boolean
  readonly schema: Schema
}

/** An operation of the OpenAPI document. */
export type Operation = {
  readonly routeKey: string
  readonly operationId: string
  readonly path: readonly Parameter[]
  readonly query: readonly Parameter[]
  readonly body: Schema | undefined
  /** What it answers as JSON when all is well. */
  readonly answer: Schema | undefined
  /** One of these is needed; none: the route is open. */
  readonly scopes: readonly string[]
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>
type Documented = {
  readonly operationId: string
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly security: readonly { readonly accessToken: readonly string[] }[]
}
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const operationOf = (
  routeKey: string,
  { operationId, responses, parameters = [], requestBody, security }: Documented,
): Operation => ({
  routeKey,
  operationId,
  path: parameters.filter((one) => one.in === 'path'),
  query: parameters.filter((one) => one.in === 'query'),
  body: Object.values(requestBody?.content ?? {})[0]?.schema,
  answer: Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, { content }]) => content?.['application/json']?.schema)
    .find((schema) => schema !== undefined),
  scopes: security.flatMap(({ accessToken }) => accessToken),
})

/** What the OpenAPI document says that there is, but for files beside a bundle, of whose requests nothing is looked at. */
export const readOperations = async (): Promise<{
  readonly operations: readonly Operation[]
  readonly schemas: Readonly<Record<string, Schema>>
}> => {
  const { paths, components } = (await createDocument()) as unknown as Document
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => operationOf(`${method.toUpperCase()} ${path}`, one)),
  )
  return {
    operations: operations.filter(({ routeKey }) => routeKey.includes(' /v1/')),
    schemas: components.schemas,
  }
}

/** The function that serves a route. */
export const handlerOf = (routeKey: string): Handler => {
  if (Object.hasOwn(pingRoutes, routeKey)) return matchPings
  return Object.hasOwn(customerRoutes, routeKey) ? customerApi : merchantApi
}

/**
 * Lets the three functions of the API run in this process: on these tables, with queues and a place index that take
 * everything.
 *
 * @returns ends the peers
 */
export const serveAllRoutes = async (tables: TestTables): Promise<() => Promise<void>> => {
  const sqs = await startPeer(takeAll)
  const place = { Place: { Label: '', Geometry: { Point: [-122.4, 37.8] } } }
  const location = await startPeer(({ body }) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      Summary: { Text: '', DataSource: 'test' },
      Results: body.length % 2 === 0 ? [] : [place],
    }),
  }))
  Object.assign(process.env, {
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    CATALOG_TABLE: tables.catalog,
    PRESENCE_TABLE: tables.presence,
    LEDGER_TABLE: tables.ledger,
    PLACE_INDEX: 'places',
    JOBS_QUEUE_URL: `${sqs.url}/123456789012/jobs`,
    PUSH_QUEUE_URL: `${sqs.url}/123456789012/push`,
    SMS_QUEUE_URL: `${sqs.url}/123456789012/sms`,
    SMS_ANSWERS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:answers',
    AWS_ENDPOINT_URL_SQS: sqs.url,
    AWS_ENDPOINT_URL_LOCATION: location.url,
  })
  return async () => {
    await Promise.all([sqs.close(), location.close()])
  }
}
