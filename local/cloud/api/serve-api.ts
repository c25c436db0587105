import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { authorize } from '#local/cloud/api/authorize.ts'
import { preflightAnswer, withCors } from '#local/cloud/api/cors.ts'
import { type HttpAnswer, type HttpRequest, httpAnswer, httpEvent } from '#local/cloud/api/http-event.ts'
import { createRouter } from '#local/cloud/api/router.ts'
import { BodyTooLarge, readBody } from '#local/cloud/http-server.ts'
import type { Outcome } from '#local/cloud/lambda/execution-environment.ts'
import type { CorsPlan, RoutePlan } from '#local/cloud/template/cloud-plan.ts'
import type { TokenSigner } from '#local/peers/tokens.ts'

export type LocalApi = {
  /** Answers a request as the HTTP API of the template would. */
  handle(request: IncomingMessage, url: URL): Promise<HttpAnswer>
  isBusy(): boolean
  /** Settles when no request is being answered. */
  untilIdle(): Promise<void>
}

type Options = {
  routes: readonly RoutePlan[]
  cors?: CorsPlan
  signer: TokenSigner
  nowMs: () => number
  invoke: (functionName: string, event: string) => Promise<Outcome>
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const MAX_BODY_BYTES = 10 * 1024 * 1024
const INTEGRATION_LIMIT_MS = 30_000
const API_ID = 'local'

const message = (status: number, text: string, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ message: text }),
})

/** What is wrong with the request itself; the local cloud's own faults are none of that. */
const refusalOf = (error: unknown): HttpAnswer => {
  if (error instanceof URIError) return message(400, 'Bad Request')
  if (error instanceof BodyTooLarge) return message(413, 'Request Entity Too Large')
  throw error
}

/** The HTTP API: routes, JWT authorizer, limits, and API Gateway's own answers when something is wrong. */
export const createLocalApi = ({ routes, cors, signer, nowMs, invoke }: Options): LocalApi => {
  const find = createRouter(routes)
  let busy = 0
  let waiting: (() => void)[] = []

  const answer = async (incoming: IncomingMessage, url: URL, requestId: string): Promise<HttpAnswer> => {
    const method = incoming.method ?? 'GET'
    const match = find(method, url.pathname)
    if (match === undefined) return message(404, 'Not Found')
    const { route, pathParameters } = match
    const authorization = await authorize(signer, route, incoming.headers.authorization)
    if (authorization.kind === 'unauthorized') {
      return message(401, 'Unauthorized', { 'www-authenticate': 'Bearer' })
    }
    if (authorization.kind === 'forbidden') return message(403, 'Forbidden')
    const request: HttpRequest = {
      method,
      path: decodeURIComponent(url.pathname),
      rawQuery: url.search.slice(1),
      headers: flatHeaders(incoming),
      body: await readBody(incoming, MAX_BODY_BYTES),
      sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
    }
    const event = httpEvent({
      request,
      routeKey: route.routeKey,
      pathParameters,
      authorization,
      apiId: API_ID,
      requestId,
      nowMs: nowMs(),
    })
    return callFunction(route.functionName, JSON.stringify(event))
  }
  const callFunction = async (functionName: string, event: string): Promise<HttpAnswer> => {
    const limit = new AbortController()
    const tooLate = wait(INTEGRATION_LIMIT_MS, undefined, { signal: limit.signal, ref: false }).catch(
      () => undefined,
    )
    const outcome = await Promise.race([invoke(functionName, event), tooLate])
    limit.abort()
    if (outcome === undefined) return message(503, 'Service Unavailable')
    const answered = outcome.ok ? httpAnswer(outcome.payload) : undefined
    if (answered === undefined) return message(500, 'Internal Server Error')
    const headers = { ...answered.headers, 'x-local-function-ms': outcome.durationMs.toFixed(3) }
    return { ...answered, headers }
  }

  return {
    handle: async (incoming, url) => {
      // The form of API Gateway's own request ids.
      const requestId = randomBytes(11).toString('base64url')
      busy += 1
      try {
        const asked = { method: incoming.method ?? 'GET', headers: incoming.headers }
        const { headers, ...rest } =
          preflightAnswer(cors, asked) ??
          withCors(cors, asked, await answer(incoming, url, requestId).catch(refusalOf))
        return { ...rest, headers: { ...headers, 'apigw-requestid': requestId } }
      } finally {
        busy -= 1
        if (busy === 0) {
          for (const resume of waiting) resume()
          waiting = []
        }
      }
    },
    isBusy: () => busy > 0,
    untilIdle: () => (busy === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  }
}

const flatHeaders = (incoming: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  )
