import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { routes as customerRoutes } from '#functions/customer-api/routes.ts'
import { routes as pingRoutes } from '#functions/match-pings/routes.ts'
import { routes as merchantRoutes } from '#functions/merchant-api/routes.ts'
import { functionOf, ofType, type Resource, synthesize, theOne } from './synthesized.ts'

const { pipeline } = synthesize('dev')

const getAtt = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) })
const target = z.object({
  'Fn::Join': z.tuple([z.literal(''), z.tuple([z.literal('integrations/'), z.object({ Ref: z.string() })])]),
})
const route = z.object({
  RouteKey: z.string(),
  AuthorizationType: z.literal('JWT'),
  AuthorizerId: z.object({ Ref: z.string() }),
  AuthorizationScopes: z.array(z.string()),
  Target: target,
})
const openRoute = z.object({ RouteKey: z.string(), AuthorizationType: z.literal('NONE'), Target: target })
const isOpen = (r: Resource) => r.Properties['AuthorizationType'] === 'NONE'
const all = ofType(pipeline, 'AWS::ApiGatewayV2::Route')
const routes = all.filter((r) => !isOpen(r)).map((r) => route.parse(r.Properties))
const open = all.filter(isOpen).map((r) => openRoute.parse(r.Properties))

const routesTo = (name: string) => {
  const { logicalId } = functionOf(pipeline, name)
  return routes.filter(({ Target }) => {
    const integration = pipeline[Target['Fn::Join'][1][1].Ref]
    return getAtt.parse(integration?.Properties['IntegrationUri'])['Fn::GetAtt'][0] === logicalId
  })
}
/** The handlers' own tables: what each route is called, and one of which scopes it wants. */
const tables: Readonly<Record<string, Readonly<Record<string, { readonly scopes: readonly string[] }>>>> = {
  'match-pings': pingRoutes,
  'customer-api': customerRoutes,
  'merchant-api': merchantRoutes,
}

describe('the routes', () => {
  it.each(Object.entries(tables))(
    'that lead to %s are those that it serves, with its scopes',
    (name, table) => {
      const deployed = routesTo(name).map((r) => [r.RouteKey, r.AuthorizationScopes.toSorted()])
      const served = Object.entries(table)
        .filter(([, { scopes }]) => scopes.length > 0)
        .map(([key, { scopes }]) => [key, scopes.map((s) => `beckon/${s}`).sort()])
      expect(Object.fromEntries(deployed)).toEqual(Object.fromEntries(served))
    },
  )

  it('are open to everybody only where the handler checks another proof', () => {
    const served = Object.entries(customerRoutes).flatMap(([key, { scopes }]) =>
      scopes.length === 0 ? [key] : [],
    )
    expect(served.toSorted()).toEqual([
      'GET /docs',
      'GET /docs/{file}',
      'GET /openapi.json',
      'GET /q/{code}',
      'GET /v1/stop/{code}',
      'POST /q/{code}/scans',
      'POST /v1/sms-answers',
      'POST /v1/stop/{code}',
    ])
    expect(open.map(({ RouteKey }) => RouteKey).toSorted()).toEqual(['$default', ...served.toSorted()])
  })

  it('that nobody serves lead to a function that refuses them', () => {
    const target = open.find(({ RouteKey }) => RouteKey === '$default')?.Target['Fn::Join'][1][1].Ref ?? ''
    expect(getAtt.parse(pipeline[target]?.Properties['IntegrationUri'])['Fn::GetAtt'][0]).toBe(
      functionOf(pipeline, 'customer-api').logicalId,
    )
    for (const table of Object.values(tables)) expect(Object.keys(table)).not.toContain('$default')
  })

  it('lead nowhere else', () => {
    expect(Object.keys(tables).flatMap(routesTo)).toHaveLength(routes.length)
  })

  it('all others want a token, with a scope', () => {
    const { logicalId, Properties } = theOne(pipeline, 'AWS::ApiGatewayV2::Authorizer')
    expect(Properties).toMatchObject({
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
    })
    for (const { AuthorizationType, AuthorizerId, AuthorizationScopes } of routes) {
      expect(AuthorizationType).toBe('JWT')
      expect(AuthorizerId.Ref).toBe(logicalId)
      expect(AuthorizationScopes).not.toEqual([])
    }
  })

  it('want the scope of those who call them', () => {
    const scopesOf = (name: string, ...except: string[]) =>
      new Set(routesTo(name).flatMap((r) => (except.includes(r.RouteKey) ? [] : r.AuthorizationScopes)))
    const tills = [
      'POST /v1/merchants/{merchantId}/redemptions',
      'POST /v1/merchants/{merchantId}/redemptions:sync',
      'GET /v1/merchants/{merchantId}/signing-keys',
    ]
    const whoAmI = 'GET /v1/user'
    expect(scopesOf('match-pings')).toEqual(new Set(['beckon/customer']))
    expect(scopesOf('customer-api')).toEqual(new Set(['beckon/customer']))
    const operators = routesTo('merchant-api').filter((r) =>
      r.AuthorizationScopes.includes('beckon/operator'),
    )
    expect(operators.map((r) => r.RouteKey).every((key) => key.includes(' /v1/platform/'))).toBe(true)
    expect(operators).toHaveLength(16)
    for (const { AuthorizationScopes } of operators) expect(AuthorizationScopes).toEqual(['beckon/operator'])
    expect(scopesOf('merchant-api', ...tills, whoAmI)).toEqual(
      new Set(['beckon/merchant', 'beckon/operator']),
    )
    for (const { AuthorizationScopes } of routes.filter((r) => tills.includes(r.RouteKey)))
      expect(AuthorizationScopes).toEqual(['beckon/till', 'beckon/merchant'])
  })

  it('take the prefix of their scopes from the stage', () => {
    const { pipeline: other } = synthesize('dev', { scopePrefix: 'shops/' })
    const scopes = ofType(other, 'AWS::ApiGatewayV2::Route')
      .filter((r) => !isOpen(r))
      .flatMap((r) => route.parse(r.Properties).AuthorizationScopes)
    expect(new Set(scopes)).toEqual(
      new Set(['shops/customer', 'shops/merchant', 'shops/operator', 'shops/till']),
    )
  })
})

describe('the API', () => {
  const stage = theOne(pipeline, 'AWS::ApiGatewayV2::Stage').Properties

  it('accepts the tokens of our three clients from our own pool', () => {
    const { JwtConfiguration } = theOne(pipeline, 'AWS::ApiGatewayV2::Authorizer').Properties
    const { Audience, Issuer } = z
      .object({ Audience: z.array(z.unknown()), Issuer: z.unknown() })
      .parse(JwtConfiguration)
    for (const [i, client] of ['CustomerApp', 'MerchantApp', 'Operator'].entries()) {
      expect(JSON.stringify(Audience[i])).toContain(`IdentityUserPool${client}`)
    }
    expect(Audience).toHaveLength(3)
    expect(JSON.stringify(Issuer)).toMatch(/https:\/\/cognito-idp\..*amazonaws\.com\/.*IdentityUserPool/)
  })

  it('tells its functions which tokens it takes, for a second look', () => {
    const { JwtConfiguration } = theOne(pipeline, 'AWS::ApiGatewayV2::Authorizer').Properties
    const { Audience, Issuer } = z
      .object({ Audience: z.array(z.unknown()), Issuer: z.unknown() })
      .parse(JwtConfiguration)
    for (const name of Object.keys(tables)) {
      const { Variables } = z
        .object({ Variables: z.record(z.string(), z.unknown()) })
        .parse(functionOf(pipeline, name).Properties['Environment'])
      expect(Variables['TOKEN_ISSUER']).toEqual(Issuer)
      expect(Variables['SCOPE_PREFIX']).toBe('beckon/')
      for (const client of Audience) {
        expect(JSON.stringify(Variables['TOKEN_AUDIENCES'])).toContain(JSON.stringify(client))
      }
    }
  })

  it('logs route key, status and request id, and nothing else', () => {
    const { Format } = z.object({ Format: z.string() }).parse(stage['AccessLogSettings'])
    expect(JSON.parse(Format)).toEqual({
      routeKey: '$context.routeKey',
      status: '$context.status',
      requestId: '$context.requestId',
    })
  })

  it('is throttled as the stage says, and its functions say the same', () => {
    expect(stage).toMatchObject({
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
    })
    for (const name of Object.keys(tables)) {
      expect(functionOf(pipeline, name).Properties['Environment']).toMatchObject({
        Variables: { RATE_LIMIT_POLICY: '"all-callers";q=100;w=1', CALLER_REQUESTS_PER_MINUTE: '600' },
      })
    }
  })

  it('lets only the configured web pages in', () => {
    expect(theOne(pipeline, 'AWS::ApiGatewayV2::Api').Properties).not.toHaveProperty('CorsConfiguration')
    const { pipeline: prod } = synthesize('prod')
    expect(theOne(prod, 'AWS::ApiGatewayV2::Api').Properties).toMatchObject({
      CorsConfiguration: { AllowOrigins: ['https://merchants.example.com'] },
    })
  })

  it('lets web pages send and read the headers that requests and answers have', () => {
    const { pipeline: prod } = synthesize('prod')
    expect(theOne(prod, 'AWS::ApiGatewayV2::Api').Properties).toMatchObject({
      CorsConfiguration: {
        AllowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match', 'if-none-match'],
        ExposeHeaders: expect.arrayContaining([
          'etag',
          'location',
          'ratelimit',
          'ratelimit-policy',
          'retry-after',
          'x-request-id',
        ]),
        MaxAge: 3600,
      },
    })
  })

  it('needs one permission per function, not one per route', () => {
    expect(ofType(pipeline, 'AWS::Lambda::Permission')).toHaveLength(3)
  })
})
