import * as z from 'zod'
import { MAX_BODY_BYTES } from '#shared/runtime/http/parse-input.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { Reply, Route } from '#shared/runtime/http/route.ts'

/** A request that nobody has vouched for: what it proves, it proves itself. */
export type OpenRequest = {
  readonly path: Readonly<Record<string, string | undefined>>
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The body's text, whatever it is. */
  readonly body: string
  readonly signal: AbortSignal
}

/**
 * A row of an API's route table that wants no token: for AWS services and for links in messages.
 *
 * @example 'POST /v1/sms-answers': openRoute(receiveAnswer)
 */
export const openRoute = <Services>(
  use: (services: Services) => (request: OpenRequest) => Promise<Reply>,
): Route<Services> => ({
  scopes: [],
  schemas: { path: z.unknown(), query: z.unknown(), body: undefined, response: undefined },
  run: async ({ services, event, signal }) => {
    const { body = '', isBase64Encoded, headers, pathParameters } = event
    if (body.length > MAX_BODY_BYTES) throw new Problem('tooLarge')
    const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body
    return use(await services())({ path: pathParameters ?? {}, headers, body: text, signal })
  },
})
