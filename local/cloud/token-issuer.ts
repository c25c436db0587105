import type { CloudPlan } from '#local/cloud/template/cloud-plan.ts'
import type { TokenSigner } from '#local/peers/tokens.ts'

export type TokenWish = { sub: string; scopes: readonly string[]; expiresInS?: number }
export type TokenIssuer = (wish: TokenWish) => Promise<string>

/**
 * Issues the access tokens that the template's user pool would: for the client that may have all of the scopes, else for
 * the first that the authorizer accepts.
 *
 * @throws {Error} for a scope that neither a route nor a client of the template has
 * @example await issueToken({ sub: 'maria', scopes: ['customer'] })
 */
export const createTokenIssuer = (signer: TokenSigner, plan: CloudPlan): TokenIssuer => {
  const authorizer = plan.routes.find((route) => route.authorizer !== undefined)?.authorizer
  const known = new Set([
    ...plan.routes.flatMap((route) => route.authorizer?.scopes ?? []),
    ...plan.clients.flatMap(({ scopes }) => scopes),
  ])
  const fullScope = (scope: string): string => {
    const full = known.has(scope) ? scope : [...known].find((one) => one.endsWith(`/${scope}`))
    if (full === undefined) throw new Error(`no scope ${scope} in the templates: ${[...known].join(', ')}`)
    return full
  }
  return async ({ sub, scopes, expiresInS }) => {
    if (authorizer === undefined) throw new Error('no route of the templates wants a token')
    const full = scopes.map(fullScope)
    const client = plan.clients.find((one) => full.every((scope) => one.scopes.includes(scope)))
    return signer.issue({
      issuer: authorizer.issuer,
      clientId: client?.clientId ?? authorizer.audiences[0] ?? '',
      sub,
      scopes: full,
      ...(expiresInS !== undefined && { expiresInS }),
    })
  }
}
