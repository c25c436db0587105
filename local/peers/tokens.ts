import { randomUUID } from 'node:crypto'
import {
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importPKCS8,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'
import * as z from 'zod'
import type { PeerStore } from '../cloud/peer-store.ts'

const ALGORITHM = 'RS256'
const KEY = 'signing-key'
const DEFAULT_LIFETIME_S = 3_600
/** Cognito's own limit for access tokens. */
const MAX_LIFETIME_S = 86_400
const MAX_TOKEN_LENGTH = 8_192

const storedKey = z.object({ kid: z.string(), pkcs8: z.string() })

/** What a token is asked for. */
export type TokenRequest = {
  readonly issuer: string
  readonly clientId: string
  readonly sub: string
  /** Full scope names, e.g. `beckon/customer`. */
  readonly scopes: readonly string[]
  /** 3600 without it; 86,400 at most; negative makes a token that has expired (for tests). */
  readonly expiresInS?: number
}

/** The claims of a token that was found valid; `scopes` is `scope` split. */
export type TokenClaims = JWTPayload & { readonly scopes: readonly string[] }

export type TokenSigner = {
  /** A Cognito-like access token: sub, client_id, token_use, scope, iss, jti, auth_time, iat, exp; RS256 with a kid. */
  issue(request: TokenRequest): Promise<string>
  /**
   * Checks a token as API Gateway's JWT authorizer does: signature, iss, exp, nbf, iat and that `aud`, or `client_id`
   * where there is no `aud`, is one of `audiences`. Scopes are the route's business.
   *
   * @throws {Error} of jose when the token is not valid (its `code` says why)
   */
  verify(token: string, expected: { issuer: string; audiences: readonly string[] }): Promise<TokenClaims>
  /** The public key as `/.well-known/jwks.json` lists it. */
  jwks(): { keys: JWK[] }
}

const readKey = async (store: PeerStore): Promise<z.infer<typeof storedKey>> => {
  const text = store.get(KEY)
  if (text !== undefined) return storedKey.parse(JSON.parse(text))
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const made = { kid: randomUUID(), pkcs8: await exportPKCS8(privateKey) }
  store.put(KEY, JSON.stringify(made))
  return made
}

const publicPart = ({ kty, n, e }: JWK): JWK => ({
  ...(kty === undefined ? {} : { kty }),
  ...(n === undefined ? {} : { n }),
  ...(e === undefined ? {} : { e }),
})

/** The token's audiences: `aud`, else `client_id`, as API Gateway looks for them. */
const audiencesOf = (claims: JWTPayload): unknown[] =>
  claims.aud === undefined ? [claims['client_id']] : [claims.aud].flat()

/**
 * The local stand-in for the user pool: signs and checks access tokens with a key that is kept in the store, so that
 * tokens outlive a restart with the same data directory.
 *
 * @param nowMs the wall clock: tokens live by it even where the rest lives in virtual time
 * @example
 * const signer = await createTokenSigner({ store, nowMs: Date.now })
 * const token = await signer.issue({ issuer, clientId, sub: 'maria', scopes: ['beckon/customer'] })
 * (await signer.verify(token, { issuer, audiences: [clientId] })).sub // 'maria'
 */
export const createTokenSigner = async ({
  store,
  nowMs,
}: {
  store: PeerStore
  nowMs: () => number
}): Promise<TokenSigner> => {
  const { kid, pkcs8 } = await readKey(store)
  const privateKey = await importPKCS8(pkcs8, ALGORITHM, { extractable: true })
  const jwk: JWK = { ...publicPart(await exportJWK(privateKey)), kid, alg: ALGORITHM, use: 'sig' }

  return {
    issue: async ({ issuer, clientId, sub, scopes, expiresInS = DEFAULT_LIFETIME_S }) => {
      if (expiresInS > MAX_LIFETIME_S) throw new RangeError(`a token lives ${MAX_LIFETIME_S} s at most`)
      const nowS = Math.floor(nowMs() / 1_000)
      const issuedAtS = Math.min(nowS, nowS + expiresInS)
      return new SignJWT({
        client_id: clientId,
        token_use: 'access',
        scope: scopes.join(' '),
        auth_time: issuedAtS,
      })
        .setProtectedHeader({ alg: ALGORITHM, kid })
        .setIssuer(issuer)
        .setSubject(sub)
        .setJti(randomUUID())
        .setIssuedAt(issuedAtS)
        .setExpirationTime(nowS + expiresInS)
        .sign(privateKey)
    },
    verify: async (token, { issuer, audiences }) => {
      if (token.length > MAX_TOKEN_LENGTH) throw new Error('the token is too long')
      const { payload } = await jwtVerify(token, jwk, {
        issuer,
        algorithms: [ALGORITHM],
        requiredClaims: ['exp'],
        currentDate: new Date(nowMs()),
      })
      if ((payload.iat ?? 0) * 1_000 > nowMs()) throw new Error('the token is from the future')
      const named = audiencesOf(payload)
      if (!audiences.some((audience) => named.includes(audience))) throw new Error('the audience is another')
      const scope = typeof payload['scope'] === 'string' ? payload['scope'] : ''
      return { ...payload, scopes: scope.split(' ').filter((one) => one !== '') }
    },
    jwks: () => ({ keys: [{ ...jwk }] }),
  }
}
