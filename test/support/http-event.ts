import type {
  APIGatewayProxyEventV2WithJWTAuthorizer,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda'
import { statusesOf } from '#scripts/openapi/operation.ts'
import { problemsOf } from '#scripts/openapi/problems.ts'
import { ALL_ROUTES } from '#scripts/openapi/routes.ts'
import { problemSchema } from '#shared/contracts/http/problem.ts'

export type HttpCall = {
  /** The route's path as the API declares it is found by the parameters given. */
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** The body's text itself, in place of `body`. */
  readonly rawBody?: string
  /** The body's bytes, which API Gateway hands on as the text that it takes them for. */
  readonly bytes?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  readonly base64?: boolean
  /** The token's subject. */
  readonly subject?: string
  readonly scopes?: readonly string[]
  readonly claims?: Readonly<Record<string, string>>
  /** How long the function may still run, in ms. */
  readonly remainingMs?: number
}

export type HttpAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  /** The parsed body, or its text where it is no JSON; undefined where there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what was answered, whatever it is
  readonly body: any
}

type HttpHandler = (
  event: APIGatewayProxyEventV2WithJWTAuthorizer,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>

export const ISSUER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_test'

// What the functions' API is told of its tokens.
process.env['TOKEN_ISSUER'] = ISSUER
process.env['TOKEN_AUDIENCES'] = 'app,console'
process.env['SCOPE_PREFIX'] = 'beckon/'

export const REQUEST_ID = 'JKJaXmPLvHcESHA='

const fill = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name)

const bytesOf = ({ body, rawBody, bytes }: HttpCall): Buffer | undefined => {
  if (bytes !== undefined) return Buffer.from(bytes)
  const text = rawBody ?? (body === undefined ? undefined : JSON.stringify(body))
  return text === undefined ? undefined : Buffer.from(text, 'utf8')
}

/**
 * An event as an HTTP API with a JWT authorizer sends it (payload format 2.0).
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export const httpEvent = (routeKey: string, call: HttpCall = {}): APIGatewayProxyEventV2WithJWTAuthorizer => {
  const {
    path = {},
    query,
    headers = {},
    subject = 'alice',
    scopes = ['customer', 'merchant'],
    claims = {},
  } = call
  const [method = '', template = ''] = routeKey.split(' ')
  const rawPath = fill(template, path)
  const bytes = bytesOf(call)
  const text = bytes?.toString(call.base64 ? 'base64' : 'utf8')
  const scope = scopes.map((name) => `beckon/${name}`)
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString: new URLSearchParams(query).toString(),
    headers: {
      'content-length': String(bytes?.length ?? 0),
      ...(text !== undefined && { 'content-type': 'application/json' }),
      host: 'abc.execute-api.us-east-1.amazonaws.com',
      ...headers,
    },
    ...(query && { queryStringParameters: { ...query } }),
    ...(Object.keys(path).length > 0 && { pathParameters: { ...path } }),
    requestContext: {
      accountId: '123456789012',
      apiId: 'abc',
      authorizer: {
        principalId: '',
        integrationLatency: 0,
        jwt: {
          claims: {
            iss: ISSUER,
            sub: subject,
            token_use: 'access',
            client_id: 'app',
            scope: scope.join(' '),
            ...claims,
          },
          scopes: scope,
        },
      },
      domainName: 'abc.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'abc',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '203.0.113.1', userAgent: 'test' },
      requestId: REQUEST_ID,
      routeKey,
      stage: '$default',
      time: '22/Nov/2026:10:00:00 +0000',
      timeEpoch: 1_795_341_600_000,
    },
    isBase64Encoded: call.base64 ?? false,
    ...(text !== undefined && { body: text }),
  }
}

/** A Lambda context with plenty of time left. */
export const lambdaContext = (remainingMs = 300_000): Context => ({
  awsRequestId: 'aws-request-id',
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'test',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:test',
  memoryLimitInMB: '256',
  logGroupName: 'test',
  logStreamName: 'test',
  getRemainingTimeInMillis: () => remainingMs,
  done: () => {},
  fail: () => {},
  succeed: () => {},
})

const routeOf = (routeKey: string) => (Object.hasOwn(ALL_ROUTES, routeKey) ? ALL_ROUTES[routeKey] : undefined)

const checkProblem = (routeKey: string, { headers, body }: HttpAnswer): void => {
  if (headers['content-type'] !== 'application/problem+json') throw new Error(`${routeKey}: no problem+json`)
  const { code } = problemSchema.parse(body)
  const route = routeOf(routeKey)
  if (route === undefined) return
  const [method = '', path = ''] = routeKey.split(' ')
  if (!problemsOf(method, path, route).some((documented) => documented === code))
    throw new Error(`${routeKey}: name '${code}' among the route’s problems`)
}

/** What is answered must be what the document says; a test that only looks at a status sees it, too. */
const checkContract = (routeKey: string, answer: HttpAnswer): void => {
  if (answer.status >= 400) {
    checkProblem(routeKey, answer)
    return
  }
  const route = routeOf(routeKey)
  if (route === undefined) return
  const isTagged = answer.headers['etag'] !== undefined
  if (isTagged && route.document.isTagged !== true) throw new Error(`${routeKey}: set isTagged`)
  if (answer.status === 304) return
  if (!statusesOf(route).some((status) => status === answer.status))
    throw new Error(`${routeKey}: an undocumented ${answer.status}`)
  route.answers?.schema.parse(answer.body)
  if (route.schemas.response === undefined && route.answers === undefined && answer.body !== undefined)
    throw new Error(`${routeKey}: an unforeseen body`)
  route.schemas.response?.parse(answer.body)
}

const parsedBody = ({
  body,
  isBase64Encoded,
  headers,
}: APIGatewayProxyStructuredResultV2): HttpAnswer['body'] => {
  if (body === undefined) return undefined
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body
  return /[/+]json/.test(String(headers?.['content-type'])) ? JSON.parse(text) : text
}

/**
 * Calls a handler like the HTTP API does, and checks the answer against the route's contract.
 *
 * @example const { status, body } = await callApi(handler, 'GET /v1/merchants', { subject: 'bob' })
 */
export const callApi = async (
  handler: HttpHandler,
  routeKey: string,
  call: HttpCall = {},
): Promise<HttpAnswer> => {
  const answer = await handler(httpEvent(routeKey, call), lambdaContext(call.remainingMs))
  const parsed = {
    status: answer.statusCode ?? 0,
    headers: answer.headers ?? {},
    body: parsedBody(answer),
  }
  checkContract(routeKey, parsed)
  return parsed
}
