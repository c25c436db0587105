import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda'
import * as z from 'zod'
import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import { userIdOf } from '#shared/runtime/ids.ts'

export const SCOPES = ['customer', 'merchant', 'till', 'operator'] as const
export type Scope = (typeof SCOPES)[number]

/** Who asks: never the token's subject itself, only its hash. */
export type Caller = { readonly user: UserId; readonly scopes: ReadonlySet<string> }

/** What every HTTP function is told of its API: which tokens it takes, and its limit. Part of the environment of each. */
export const httpVariables = z.object({
  TOKEN_ISSUER: z.url().max(512),
  /** With commas between them. */
  TOKEN_AUDIENCES: z.string().min(1).max(4000),
  /** What precedes `customer`, `merchant`, `till` and `operator` in a token's scopes, e.g. `beckon/`. */
  SCOPE_PREFIX: z.string().max(80).default(''),
  /** What each answer says of the limit that the gateway enforces (draft-ietf-httpapi-ratelimit-headers). */
  RATE_LIMIT_POLICY: z.string().max(200).optional(),
  /** How many requests one caller may make of a copy of the function in a minute; any number without it. */
  CALLER_REQUESTS_PER_MINUTE: z
    .string()
    .regex(/^[1-9]\d{0,6}$/)
    .transform(Number)
    .optional(),
})
export type HttpVariables = z.input<typeof httpVariables>

export type TokenTrust = {
  readonly issuer: string
  readonly audiences: ReadonlySet<string>
  readonly scopePrefix: string
}

/** @example trustOf({ TOKEN_ISSUER: 'https://…', TOKEN_AUDIENCES: 'app,console', SCOPE_PREFIX: 'beckon/' }) */
export const trustOf = (variables: z.output<typeof httpVariables>): TokenTrust => ({
  issuer: variables.TOKEN_ISSUER,
  audiences: new Set(variables.TOKEN_AUDIENCES.split(',')),
  scopePrefix: variables.SCOPE_PREFIX,
})

const MAX_SUBJECT = 512

type Claims = Readonly<Record<string, unknown>>

// API Gateway hands a claim that is a list on as the text "[a b]".
const words = (claim: unknown): string[] =>
  (Array.isArray(claim) ? claim.map(String) : String(claim ?? '').split(/[\s,[\]]+/)).filter(
    (word) => word !== '',
  )

/**
 * Is it an access token for one of our clients? Cognito's say so (`token_use`) and name their client; its ID tokens say
 * `id`. Other issuers' have an audience and no `token_use`.
 */
const isForUs = ({ token_use: use, client_id: client, aud }: Claims, { audiences }: TokenTrust): boolean =>
  aud === undefined
    ? use === 'access' && audiences.has(String(client))
    : (use === undefined || use === 'access') && words(aud).some((one) => audiences.has(one))

/**
 * The caller, from the claims of the token that the gateway's authorizer has verified. What the authorizer has looked at
 * is looked at again, all but the signature: a route that lost its authorizer lets nobody in.
 *
 * @throws {Problem} 401 without a subject, or for what is no access token of our issuer for our clients
 */
export const callerOf = (event: APIGatewayProxyEventV2WithJWTAuthorizer, trust: TokenTrust): Caller => {
  const claims: Claims = event.requestContext.authorizer?.jwt?.claims ?? {}
  const { sub: subject, iss } = claims
  if (typeof subject !== 'string' || subject === '' || subject.length > MAX_SUBJECT) {
    throw new Problem('unauthorized')
  }
  if (iss !== trust.issuer || !isForUs(claims, trust)) throw new Problem('unauthorized')
  const { scopePrefix } = trust
  const scopes = [...words(claims['scope']), ...words(claims['scp'])]
    .filter((scope) => scope.startsWith(scopePrefix))
    .map((scope) => scope.slice(scopePrefix.length))
  return { user: userIdOf(subject), scopes: new Set(scopes) }
}

/**
 * @throws {Problem} 403 when the caller's token has none of the scopes
 */
export const requireScope = (caller: Caller, anyOf: readonly Scope[]): void => {
  if (!anyOf.some((scope) => caller.scopes.has(scope))) throw new Problem('forbidden')
}
