import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda'
import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import { userIdOf } from '#shared/runtime/ids.ts'

export const SCOPES = ['customer', 'merchant', 'till', 'operator'] as const
export type Scope = (typeof SCOPES)[number]

/** Who asks: never the token's subject itself, only its hash. */
export type Caller = { readonly user: UserId; readonly scopes: ReadonlySet<string> }

const MAX_SUBJECT = 512

// API Gateway hands a claim that is a list on as the text "[a b]".
const words = (claim: unknown): string[] =>
  (Array.isArray(claim) ? claim.map(String) : String(claim ?? '').split(/[\s,[\]]+/)).filter(
    (word) => word !== '',
  )

// Resource servers put their own name before a scope ('beckon/merchant', 'https://api.example/merchant'). The gateway
// has compared the whole name with the route's; here the last part is compared once more.
const lastPart = (scope: string): string => scope.split(/[/:.]/).at(-1) ?? scope

/**
 * The caller, from the claims of the token that the gateway's authorizer has verified.
 *
 * @throws {Problem} 401 without a subject, or for a token that says it is not an access token
 */
export const callerOf = (event: APIGatewayProxyEventV2WithJWTAuthorizer): Caller => {
  const claims = event.requestContext.authorizer?.jwt?.claims
  const subject = claims?.['sub']
  const use = claims?.['token_use']
  if (typeof subject !== 'string' || subject === '' || subject.length > MAX_SUBJECT) {
    throw new Problem('unauthorized')
  }
  if (use !== undefined && use !== 'access') throw new Problem('unauthorized')
  const scopes = new Set([...words(claims?.['scope']), ...words(claims?.['scp'])].map(lastPart))
  return { user: userIdOf(subject), scopes }
}

/**
 * @throws {Problem} 403 when the caller's token has none of the scopes
 */
export const requireScope = (caller: Caller, anyOf: readonly Scope[]): void => {
  if (!anyOf.some((scope) => caller.scopes.has(scope))) throw new Problem('forbidden')
}
