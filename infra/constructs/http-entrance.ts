import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import {
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { ScopeName } from '#infra/constructs/identity.ts'
import type { StageConfig } from '#infra/stage-config.ts'

const methods = {
  GET: HttpMethod.GET,
  POST: HttpMethod.POST,
  PUT: HttpMethod.PUT,
  DELETE: HttpMethod.DELETE,
} as const

/** As a handler's table of routes names it, e.g. `GET /v1/merchants/{merchantId}`. */
export type Route = `${keyof typeof methods} /${string}`

/** A function's routes, and for each the scopes of which a token must hold one. */
export type Routes = Readonly<Record<Route, readonly [ScopeName, ...ScopeName[]]>>

/** Routes without a token, and for each why it needs none. */
export type OpenRoutes = Readonly<Record<Route, string>>

export type HttpEntranceProps = {
  readonly stage: string
  readonly config: StageConfig
  readonly authorizer: IHttpRouteAuthorizer
}

/** The HTTP API. Every route wants a valid token with a fitting scope; a log line tells route, status, request id. */
export class HttpEntrance extends Construct {
  readonly api: HttpApi
  readonly stage: HttpStage
  private readonly scopePrefix: string
  private readonly integrations = new Map<LambdaFunction, HttpLambdaIntegration>()

  constructor(scope: Construct, id: string, { stage, config, authorizer }: HttpEntranceProps) {
    super(scope, id)
    const { requestsPerSecond, burst, corsOrigins } = config.api
    this.scopePrefix = config.scopePrefix
    this.api = new HttpApi(this, 'Api', {
      apiName: `beckon-${stage}`,
      createDefaultStage: false,
      defaultAuthorizer: authorizer,
      ...(corsOrigins.length === 0 ? {} : { corsPreflight: corsFor(corsOrigins) }),
    })
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: config.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: requestsPerSecond, burstLimit: burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLog),
        // The route key, not the path: paths hold ids.
        format: AccessLogFormat.custom(
          JSON.stringify({
            routeKey: '$context.routeKey',
            status: '$context.status',
            requestId: '$context.requestId',
          }),
        ),
      },
    })
  }

  private integrationOf(target: LambdaFunction) {
    const known = this.integrations.get(target)
    if (known !== undefined) return known
    const made = new HttpLambdaIntegration(`${target.node.id}Integration`, target, {
      // One permission for the API instead of one per route: a function's resource policy ends at 20 kB.
      scopePermissionToRoute: false,
    })
    this.integrations.set(target, made)
    return made
  }

  /** Sends these routes, which want no token, to `target`, which lets nobody in without a proof of another kind. */
  serveOpenly(target: LambdaFunction, routes: OpenRoutes) {
    const integration = this.integrationOf(target)
    const authorizer = new HttpNoneAuthorizer()
    return Object.entries(routes).map(([route, reason]) => {
      const { method, path } = parseRoute(route)
      const made = this.api.addRoutes({ path, methods: [method], integration, authorizer })
      for (const one of made) Validations.of(one).acknowledge({ id: 'AwsSolutions-APIG4', reason })
      return made
    })
  }

  /** Sends what no route fits to `target`, which knows no route of that key either: so its 404 is in its own form. */
  refuseOthers(target: LambdaFunction) {
    const route = new HttpRoute(this, 'Others', {
      httpApi: this.api,
      routeKey: HttpRouteKey.DEFAULT,
      integration: this.integrationOf(target),
      authorizer: new HttpNoneAuthorizer(),
    })
    const reason = 'Nothing is done there: every request that no route fits is answered by a 404.'
    Validations.of(route).acknowledge({ id: 'AwsSolutions-APIG4', reason })
  }

  /** Sends these routes to `target`. */
  serve(target: LambdaFunction, routes: Routes) {
    const integration = this.integrationOf(target)
    for (const [route, scopes] of Object.entries(routes)) {
      const { method, path } = parseRoute(route)
      const authorizationScopes = scopes.map((name) => `${this.scopePrefix}${name}`)
      this.api.addRoutes({ path, methods: [method], integration, authorizationScopes })
    }
  }
}

const corsFor = (allowOrigins: string[]) => ({
  allowOrigins,
  allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST, CorsHttpMethod.PUT, CorsHttpMethod.DELETE],
  allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match', 'if-none-match'],
  // What a page's script may read beside the body.
  exposeHeaders: [
    'etag',
    'location',
    'retry-after',
    'idempotency-replayed',
    'ratelimit',
    'ratelimit-policy',
    'x-request-id',
    'apigw-requestid',
  ],
  maxAge: Duration.hours(1),
})

const parseRoute = (route: string) => {
  const [verb = '', path = ''] = route.split(' ')
  const method = Object.entries(methods).find(([name]) => name === verb)?.[1]
  if (method === undefined) throw new Error(`not a route: ${route}`)
  return { method, path }
}
