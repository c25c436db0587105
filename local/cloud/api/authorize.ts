import type { RoutePlan } from '#local/cloud/template/cloud-plan.ts'
import type { TokenSigner } from '#local/peers/tokens.ts'

export type Authorization =
  | { kind: 'open' }
  | { kind: 'allowed'; claims: Record<string, string>; scopes: string[] | null }
  | { kind: 'unauthorized' }
  | { kind: 'forbidden' }

/**
 * What the JWT authorizer of an HTTP API does: signature, issuer, times and audience of the token (else 401), and one of
 * the route's scopes, if it names any (else 403).
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
 */
export const authorize = async (
  signer: TokenSigner,
  { authorizer }: RoutePlan,
  header: string | undefined,
): Promise<Authorization> => {
  if (authorizer === undefined) return { kind: 'open' }
  if (header === undefined) return { kind: 'unauthorized' }
  const token = header.replace(/^Bearer +/i, '')
  const claims = await verified(signer, token, authorizer)
  if (claims === undefined) return { kind: 'unauthorized' }
  const granted = String(claims['scope'] ?? '').split(' ')
  const matching = authorizer.scopes.filter((scope) => granted.includes(scope))
  if (authorizer.scopes.length > 0 && matching.length === 0) return { kind: 'forbidden' }
  return { kind: 'allowed', claims: asStrings(claims), scopes: matching.length > 0 ? matching : null }
}

const verified = async (
  signer: TokenSigner,
  token: string,
  expected: { issuer: string; audiences: string[] },
): Promise<Record<string, unknown> | undefined> => {
  try {
    const { scopes: _, ...claims } = await signer.verify(token, expected)
    return claims
  } catch {
    // Why a token is not good is no business of who shows it: 401 in every case.
    return undefined
  }
}

/** API Gateway hands every claim on as text; a list as `[a b]`. */
const asStrings = (claims: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      Array.isArray(value) ? `[${value.join(' ')}]` : String(value),
    ]),
  )
