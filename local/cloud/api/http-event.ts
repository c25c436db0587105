import type { Authorization } from '#local/cloud/api/authorize.ts'
import { isJsonObject, type Json, type JsonObject, parseJson } from '#local/cloud/json.ts'

export type HttpRequest = {
  method: string
  /** Decoded, without the query. */
  path: string
  rawQuery: string
  headers: Record<string, string>
  body: Buffer
  sourceIp: string
}

export type HttpAnswer = { status: number; headers: Record<string, string | string[]>; body: string | Buffer }

type EventParts = {
  request: HttpRequest
  routeKey: string
  pathParameters: Record<string, string>
  authorization: Authorization
  apiId: string
  requestId: string
  nowMs: number
}

// Which are text, AWS does not say; measured in https://github.com/ministackorg/ministack/pull/766 and, of charsets, in
// https://github.com/floci-io/floci/pull/2203.
const TEXT_TYPES = /^(text\/[^;]+|application\/(json|xml|javascript))\s*(;|$)/i
const OTHER_CHARSET = /;\s*charset\s*=\s*(?!"?utf-8"?\s*(;|$))/i
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * The event of an HTTP API with payload format 2.0.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export const httpEvent = ({
  request,
  routeKey,
  pathParameters,
  authorization,
  apiId,
  requestId,
  nowMs,
}: EventParts): JsonObject => {
  const { cookie, ...headers } = request.headers
  const query = queryParameters(request.rawQuery)
  const type = headers['content-type'] ?? ''
  const isText = TEXT_TYPES.test(type) && !OTHER_CHARSET.test(type)
  return {
    version: '2.0',
    routeKey,
    rawPath: request.path,
    rawQueryString: request.rawQuery,
    ...(cookie !== undefined && { cookies: cookie.split(/; */) }),
    headers,
    ...(Object.keys(query).length > 0 && { queryStringParameters: query }),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    requestContext: {
      accountId: '000000000000',
      apiId,
      ...(authorization.kind === 'allowed' && {
        authorizer: { jwt: { claims: authorization.claims, scopes: authorization.scopes } },
      }),
      domainName: headers['host'] ?? 'localhost',
      domainPrefix: apiId,
      http: {
        method: request.method,
        path: request.path,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey,
      stage: '$default',
      time: commonLogTime(nowMs),
      timeEpoch: nowMs,
    },
    ...(request.body.length > 0 && { body: request.body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: request.body.length > 0 && !isText,
  }
}

/** Of repeated parameters the values are joined by commas. */
const queryParameters = (rawQuery: string): Record<string, string> => {
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    const before = parameters.get(name)
    parameters.set(name, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(parameters)
}

const commonLogTime = (atMs: number): string => {
  const at = new Date(atMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`
  return `${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`
}

/**
 * The answer that a function's result stands for: with a `statusCode` it is the answer, without one it is the body of a
 * 200. `undefined` when it can be neither.
 */
export const httpAnswer = (payload: string): HttpAnswer | undefined => {
  const result = parseJson(payload)
  if (!isJsonObject(result) || !('statusCode' in result)) {
    if (result === null) return undefined
    const body = typeof result === 'string' ? result : JSON.stringify(result)
    return { status: 200, headers: { 'content-type': 'application/json' }, body }
  }
  const status = Number(result['statusCode'])
  const body = result['body'] ?? ''
  if (!Number.isInteger(status) || status < 200 || status > 599 || typeof body !== 'string') return undefined
  const cookies = Array.isArray(result['cookies']) ? result['cookies'].map(String) : []
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      ...answerHeaders(result['headers']),
      ...(cookies.length > 0 && { 'set-cookie': cookies }),
    },
    body: result['isBase64Encoded'] === true ? Buffer.from(body, 'base64') : body,
  }
}

const answerHeaders = (headers: Json | undefined): Record<string, string> =>
  isJsonObject(headers)
    ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]))
    : {}
