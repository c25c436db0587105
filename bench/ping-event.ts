import type { APIGatewayProxyEventV2WithJWTAuthorizer, Context } from 'aws-lambda'
import type { Fix } from '#shared/domain/presence/fix.ts'

/** Whose tokens the events carry. */
export const TOKEN_ISSUER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_bench'
const ROUTE = 'POST /v1/pings'

const bodyOf = (fixes: readonly Fix[]): string =>
  JSON.stringify({
    pings: fixes.map(({ atMs, lat, lon, accuracyM }) => ({
      at: new Date(atMs).toISOString(),
      lat,
      lon,
      ...(accuracyM > 0 && { accuracyM }),
    })),
  })

/**
 * A request as an HTTP API with a JWT authorizer hands it to match-pings (payload format 2.0), headers as a phone sends
 * them.
 *
 * @param subject the `sub` claim of the access token
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export const pingEvent = (
  subject: string,
  fixes: readonly Fix[],
): APIGatewayProxyEventV2WithJWTAuthorizer => ({
  version: '2.0',
  routeKey: ROUTE,
  rawPath: '/v1/pings',
  rawQueryString: '',
  headers: {
    accept: 'application/json',
    authorization: `Bearer ${'x'.repeat(800)}`,
    'content-type': 'application/json',
    host: 'abc.execute-api.us-east-1.amazonaws.com',
    'user-agent': 'shop/4.2 (iPhone; iOS 19.1)',
    'x-amzn-trace-id': 'Root=1-6921b9d0-0123456789abcdef01234567',
    'x-forwarded-for': '203.0.113.1',
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
  },
  requestContext: {
    accountId: '123456789012',
    apiId: 'abc',
    authorizer: {
      principalId: '',
      integrationLatency: 0,
      jwt: {
        claims: {
          iss: TOKEN_ISSUER,
          sub: subject,
          token_use: 'access',
          client_id: 'app',
          scope: 'beckon/customer',
          exp: '1795345200',
          iat: '1795341600',
        },
        scopes: ['beckon/customer'],
      },
    },
    domainName: 'abc.execute-api.us-east-1.amazonaws.com',
    domainPrefix: 'abc',
    http: {
      method: 'POST',
      path: '/v1/pings',
      protocol: 'HTTP/1.1',
      sourceIp: '203.0.113.1',
      userAgent: 'shop',
    },
    requestId: 'JKJaXmPLvHcESHA=',
    routeKey: ROUTE,
    stage: '$default',
    time: '22/Nov/2026:10:00:00 +0000',
    timeEpoch: 1_795_341_600_000,
  },
  isBase64Encoded: false,
  body: bodyOf(fixes),
})

/** What Lambda hands a function beside the event. */
export const lambdaContext: Context = {
  awsRequestId: '5d2b0d6e-6a0e-4d0b-9a55-0d9a6f0f0b11',
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'match-pings',
  functionVersion: '1',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:match-pings',
  memoryLimitInMB: '512',
  logGroupName: 'match-pings',
  logStreamName: 'bench',
  getRemainingTimeInMillis: () => 10_000,
  done: () => {},
  fail: () => {},
  succeed: () => {},
}
