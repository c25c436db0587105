import * as z from 'zod'
import { bodyText, type HttpBody } from '#shared/runtime/http/body-text.ts'
import { MAX_BODY_BYTES } from '#shared/runtime/http/parse-input.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { OpenContent, Reply, Route } from '#shared/runtime/http/route.ts'
import { documentOf, type RouteDocument } from '#shared/runtime/http/route-document.ts'

/** A request that nobody has vouched for: what it proves, it proves itself. */
export type OpenRequest = {
  readonly path: Readonly<Record<string, string | undefined>>
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The body's text, whatever it is; none on a route that declares no body. */
  readonly body: string
  readonly signal: AbortSignal
}

type OpenRouteDefinition<Services> = RouteDocument & {
  /** For the document only: the use case reads what it is given by itself. */
  readonly path?: z.ZodType
  readonly body?: OpenContent
  readonly answer?: OpenContent
  readonly use: (services: Services) => (request: OpenRequest) => Promise<Reply>
}

const textOf = (sent: HttpBody): string => {
  if ((sent.body ?? '').length > MAX_BODY_BYTES) throw new Problem('tooLarge')
  return bodyText(sent, 'invalidRequest')
}

/**
 * A row of an API's route table that wants no token: for AWS services, for links in messages, for documents.
 *
 * @example
 * 'POST /v1/sms-answers': openRoute({ operationId: 'receiveSmsAnswer', summary: 'Takes …', use: receiveAnswer })
 */
export const openRoute = <Services>({
  path = z.unknown(),
  body: taken,
  answer,
  use,
  ...document
}: OpenRouteDefinition<Services>): Route<Services> => ({
  scopes: [],
  repeatable: true,
  schemas: { path, query: z.unknown(), body: undefined, response: undefined },
  ...(taken && { takes: taken }),
  ...(answer && { answers: answer }),
  document: documentOf(document),
  run: async ({ services, event, signal }) => {
    const { headers, pathParameters } = event
    const body = taken ? textOf(event) : ''
    return use(await services())({ path: pathParameters ?? {}, headers, body, signal })
  },
})
