import type { Logger } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { PROBLEMS } from '#shared/contracts/http/problem.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { httpVariables, trustOf } from '#shared/runtime/http/caller.ts'
import { type CallerLimit, createCallerLimit, tooManyRequests } from '#shared/runtime/http/caller-limit.ts'
import { isKnown, readTags } from '#shared/runtime/http/entity-tag.ts'
import { Problem, problemResponse, toProblem } from '#shared/runtime/http/problem.ts'
import type { AnswerOnce, Reply, Route } from '#shared/runtime/http/route.ts'
import {
  limitHeaders,
  policyItem,
  type ServiceLimit,
  withLimits,
} from '#shared/runtime/http/service-limit.ts'
import { lazy } from '#shared/runtime/lazy.ts'
import { createLogger, errorFacts } from '#shared/runtime/logger.ts'
import { failureCounter } from '#shared/runtime/metrics.ts'

/** How long before its end a function stops waiting, so that the answer can still leave. */
const TIMEOUT_EARLY_MS = 300

type HttpEvent = APIGatewayProxyEventV2WithJWTAuthorizer
type HttpResult = APIGatewayProxyStructuredResultV2

export type HttpHandlerOptions<Services> = {
  /** The function's name, for its logs. */
  readonly name: string
  readonly routes: Readonly<Record<string, Route<Services>>>
  /** Called at the first request that reaches a use case; see lazy.ts. */
  readonly services: () => Promise<Services>
  /** What answers requests once that name themselves; without it every POST must be repeatable. */
  readonly answerOnce?: (services: Services) => AnswerOnce
}

const replyResponse = (
  { status, body, text, bytes, headers, limit }: Reply,
  requestId: string,
): HttpResult => ({
  statusCode: status,
  headers: {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    // With a tag it may be kept, but is asked for each time (`if-none-match`).
    'cache-control': headers?.['etag'] === undefined ? 'no-store' : 'private, no-cache',
    'x-request-id': requestId,
    ...limitHeaders(limit),
    ...headers,
  },
  ...(body !== undefined && { body: JSON.stringify(body) }),
  ...(text !== undefined && { body: text }),
  ...(bytes && { body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true }),
})

/** Is it the answer to a GET that the client has already? */
const isUnchanged = ({ headers, requestContext }: HttpEvent, reply: Reply): boolean => {
  const tag = reply.headers?.['etag']
  if (tag === undefined || requestContext.http.method !== 'GET') return false
  return isKnown(readTags(headers['if-none-match'], 'if-none-match'), tag)
}

/** With the headers of the answer itself: of one without a type the gateway says that it is text, and caches would keep that. */
const notModified = (reply: Reply, requestId: string): HttpResult => {
  const { headers = {} } = replyResponse(reply, requestId)
  return { statusCode: 304, headers }
}

const routeOf = <S>(routes: HttpHandlerOptions<S>['routes'], key: string): Route<S> => {
  const found = Object.hasOwn(routes, key) ? routes[key] : undefined
  if (found === undefined) throw new Problem('notFound', { detail: 'no such path, or not with this method' })
  return found
}

/** Turns every error into problem+json; what is not the client's doing is counted, and logged without its body. */
const answerProblems = (
  logger: Logger,
  countFailures: (count: number) => void,
): middy.MiddlewareObj<HttpEvent, HttpResult> => ({
  onError: (request) => {
    const { requestId, routeKey } = request.event.requestContext
    const problem = toProblem(request.error)
    if (PROBLEMS[problem.code].status >= 500) {
      countFailures(1)
      logger.error('http.failed', {
        requestId,
        routeKey,
        code: problem.code,
        error: errorFacts(request.error),
      })
    }
    request.response = problemResponse(problem, requestId)
  },
})

/** Every answer says the limits that the function is told of, and what is left of the caller's where it was counted. */
const sayLimits = (
  policies: () => Promise<readonly string[]>,
  limitOf: (event: HttpEvent) => ServiceLimit | undefined,
): middy.MiddlewareObj<HttpEvent, HttpResult> => {
  const say = async ({ event, response }: middy.Request<HttpEvent, HttpResult>): Promise<void> => {
    if (!response) return
    // A function without its environment answers 500, and that without a policy.
    const told = await policies().catch(() => [])
    const limit = limitOf(event)
    response.headers = withLimits(response.headers ?? {}, told, limit === undefined ? [] : [limit])
  }
  return { after: say, onError: say }
}

/** What the function is told of its API. */
const readTold = () => {
  const variables = parseEnv(httpVariables, process.env)
  const { RATE_LIMIT_POLICY: policy, CALLER_REQUESTS_PER_MINUTE: quota } = variables
  const callerLimit = quota === undefined ? undefined : createCallerLimit(quota)
  const policies = [policy, callerLimit && policyItem(callerLimit.policy)].filter((one) => one !== undefined)
  return { trust: trustOf(variables), policies, callerLimit }
}

/**
 * The one chain of every HTTP function: finds the route by the event's `routeKey`, checks the caller, parses the
 * input, calls the use case and writes its reply, or problem+json.
 *
 * @example
 * export const handler = httpHandler({ name: 'merchant-api', routes, services: lazy(buildServices) })
 */
export const httpHandler = <Services>({
  name,
  routes,
  services,
  answerOnce,
}: HttpHandlerOptions<Services>) => {
  const logger = createLogger(name)
  const once = answerOnce && (async () => answerOnce(await services()))
  const told = lazy(readTold)
  const counted = new WeakMap<HttpEvent, ServiceLimit>()
  const countBy = (callerLimit: CallerLimit | undefined, event: HttpEvent) => (user: UserId) => {
    if (callerLimit === undefined) return
    const { limit, isRefused } = callerLimit.count(user, nowMs())
    counted.set(event, limit)
    if (isRefused) throw tooManyRequests(limit)
  }
  return middy<HttpEvent, HttpResult>({ timeoutEarlyInMillis: TIMEOUT_EARLY_MS })
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(
      sayLimits(
        async () => (await told()).policies,
        (event) => counted.get(event),
      ),
    )
    .use(answerProblems(logger, failureCounter(name, 'requestsFailed')))
    .handler(async (event, context, { signal }) => {
      const route = routeOf(routes, event.routeKey)
      const remainingMs = () => context.getRemainingTimeInMillis()
      const { trust, callerLimit } = await told()
      const countRequest = countBy(callerLimit, event)
      const run = { services, event, trust, countRequest, signal, answerOnce: once, remainingMs }
      const reply = await route.run(run)
      const { requestId } = event.requestContext
      return isUnchanged(event, reply) ? notModified(reply, requestId) : replyResponse(reply, requestId)
    })
}
