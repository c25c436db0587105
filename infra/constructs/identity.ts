import { Aws, CfnOutput, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib'
import type { IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpJwtAuthorizer, HttpUserPoolAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import {
  AccountRecovery,
  FeaturePlan,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  type UserPoolClient,
  type UserPoolClientOptions,
} from 'aws-cdk-lib/aws-cognito'
import { Construct } from 'constructs'
import type { StageConfig } from '#infra/stage-config.ts'

/** What a token may be good for. A route names those of which it wants one. */
export type ScopeName = 'customer' | 'merchant' | 'till' | 'operator'

const scopes: Readonly<Record<ScopeName, string>> = {
  customer: 'Send pings and app events, manage own devices and consents',
  merchant: 'Manage the stores, geofences, scenes and offers of own merchants',
  till: 'Redeem codes for a merchant',
  operator: 'Run the platform',
}

/** Which tokens the API accepts. */
export type Tokens = {
  /** Makes the authorizer of the HTTP API; called in the stack that holds the API. */
  readonly authorizer: () => IHttpRouteAuthorizer
  readonly issuer: string
  readonly audiences: readonly string[]
}

type CognitoTokens = Extract<StageConfig['tokens'], { kind: 'cognito' }>

/** Who signs the tokens that the API accepts: our own user pool, or the configured OpenID Connect issuer. */
export const tokensOf = (scope: Construct, props: { stage: string; config: StageConfig }): Tokens => {
  const { tokens, scopePrefix, keepData } = props.config
  if (tokens.kind === 'oidc') {
    const { issuer, audience } = tokens
    const authorizer = () => new HttpJwtAuthorizer('Tokens', issuer, { jwtAudience: audience })
    return { authorizer, issuer, audiences: audience }
  }
  const { userPool, clients } = new Identity(scope, 'Identity', { ...props, tokens, scopePrefix, keepData })
  return {
    authorizer: () => new HttpUserPoolAuthorizer('Tokens', userPool, { userPoolClients: clients }),
    // As the authorizer writes it.
    issuer: `https://cognito-idp.${Stack.of(userPool).region}.amazonaws.com/${userPool.userPoolId}`,
    audiences: clients.map(({ userPoolClientId }) => userPoolClientId),
  }
}

export type IdentityProps = {
  readonly stage: string
  readonly tokens: CognitoTokens
  /** With its slash: Cognito writes a scope as `<resource server>/<scope>`. */
  readonly scopePrefix: string
  readonly keepData: boolean
}

/** A user pool with the four scopes and a client for each kind of caller. */
export class Identity extends Construct {
  readonly userPool: UserPool
  readonly clients: UserPoolClient[]

  constructor(scope: Construct, id: string, { stage, tokens, scopePrefix, keepData }: IdentityProps) {
    super(scope, id)
    this.userPool = this.makeUserPool(tokens, keepData)
    const serverScopes = Object.entries(scopes).map(
      ([scopeName, scopeDescription]) => new ResourceServerScope({ scopeName, scopeDescription }),
    )
    const server = this.userPool.addResourceServer('Scopes', {
      identifier: scopePrefix.slice(0, -1),
      scopes: serverScopes,
    })
    const grantable = (...names: ScopeName[]) =>
      serverScopes
        .filter((s) => names.some((n) => n === s.scopeName))
        .map((s) => OAuthScope.resourceServer(server, s))

    const signIn = (names: ScopeName[], callbackUrls: string[]): UserPoolClientOptions => ({
      // authorizationCodeGrant with a public client means that PKCE is required of the app.
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, ...grantable(...names)],
        callbackUrls,
      },
      generateSecret: false,
      preventUserExistenceErrors: true,
      accessTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(90),
    })
    this.clients = [
      this.addClient('CustomerApp', signIn(['customer'], tokens.customerAppCallbackUrls)),
      this.addClient('MerchantApp', signIn(['merchant', 'till'], tokens.merchantAppCallbackUrls)),
    ]
    if (tokens.operatorClient) {
      this.clients.push(
        this.addClient('Operator', {
          oAuth: { flows: { clientCredentials: true }, scopes: grantable('operator') },
          generateSecret: true,
          accessTokenValidity: Duration.hours(1),
        }),
      )
    }
    const domain = this.userPool.addDomain('SignIn', {
      // Unique among all pools of a region.
      cognitoDomain: { domainPrefix: `beckon-${stage}-${Aws.ACCOUNT_ID}` },
    })
    new CfnOutput(Stack.of(this), 'UserPoolId', { value: this.userPool.userPoolId })
    new CfnOutput(Stack.of(this), 'SignInUrl', { value: domain.baseUrl() })
  }

  private makeUserPool(tokens: CognitoTokens, keepData: boolean): UserPool {
    const userPool = new UserPool(this, 'UserPool', {
      featurePlan: FeaturePlan.LITE,
      selfSignUpEnabled: tokens.selfSignUp,
      signInAliases: { email: true },
      autoVerify: { email: true },
      signInCaseSensitive: false,
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      deletionProtection: keepData,
      removalPolicy: keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    Validations.of(userPool).acknowledge({
      id: 'AwsSolutions-COG2',
      reason: 'Customers sign in on a phone to receive offers; a second factor is theirs to choose.',
    })
    Validations.of(userPool).acknowledge({
      id: 'AwsSolutions-COG8',
      reason:
        'The plus plan is billed per active user; a stage that wants it sets another feature plan or issuer.',
    })
    return userPool
  }

  private addClient(id: string, options: UserPoolClientOptions): UserPoolClient {
    const client = this.userPool.addClient(id, options)
    new CfnOutput(Stack.of(this), `${id}ClientId`, { value: client.userPoolClientId })
    return client
  }
}
