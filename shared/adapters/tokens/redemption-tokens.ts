import { CompactSign, type CryptoKey, compactVerify, errors, importJWK } from 'jose'
import * as z from 'zod'
import type { ListSigningKeys, ReadSigningSecret } from '#shared/adapters/dynamodb/catalog/signing-keys.ts'
import type { PrivateJwk, PublicJwk, StoredSigningKey } from '#shared/contracts/items/signing-key.ts'
import { redemptionPayload, redemptionPayloadSchema } from '#shared/contracts/redemption-token.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { RedemptionClaims } from '#shared/domain/offers/redemption-token.ts'
import { KEYS_FRESH_MS, signingKeyAt } from '#shared/domain/offers/signing-key.ts'

/** The one algorithm: a token that names another is not looked at (RFC 8725, section 3.1). */
const ALGORITHM = 'EdDSA'
/** A name that nobody knows has the keys read again, and not more often than this, whatever is posted. */
const LOOK_AGAIN_MS = 10_000

export type SignToken = (claims: RedemptionClaims, signal?: AbortSignal) => Promise<string>
/** The claims of a token that one of our keys has signed; undefined for any other text. Whether it is still valid is not looked at. */
export type VerifyToken = (token: string, signal?: AbortSignal) => Promise<RedemptionClaims | undefined>

const importKey = async (jwk: PublicJwk | PrivateJwk): Promise<CryptoKey> => {
  const key = await importJWK({ ...jwk }, ALGORITHM)
  if (key instanceof Uint8Array) throw new Error('a signing key that is no key pair')
  return key
}

/** The public keys, read again when they are older than `KEYS_FRESH_MS`, or than `atLeastMs` asks for. */
const cachedKeys = (list: ListSigningKeys, nowMs: () => number) => {
  let kept: { readonly keys: readonly StoredSigningKey[]; readonly atMs: number } | undefined
  return async (freshMs: number, signal?: AbortSignal): Promise<readonly StoredSigningKey[]> => {
    const now = nowMs()
    if (kept !== undefined && Math.abs(now - kept.atMs) < freshMs) return kept.keys
    kept = { keys: await list(signal), atMs: now }
    return kept.keys
  }
}

/**
 * Signs with the key whose time it is.
 *
 * @throws {BusyError} in the first minute of a deployment, before there is a key
 */
export const createSignToken = (
  list: ListSigningKeys,
  readSecret: ReadSigningSecret,
  nowMs: () => number,
): SignToken => {
  const keys = cachedKeys(list, nowMs)
  let made: { readonly kid: string; readonly key: CryptoKey } | undefined

  const keyNamed = async (kid: string, signal?: AbortSignal): Promise<CryptoKey> => {
    if (made?.kid === kid) return made.key
    const secret = await readSecret(kid, signal)
    if (secret === undefined) throw new BusyError('the private half of the signing key is gone')
    made = { kid, key: await importKey(secret) }
    return made.key
  }

  return async (claims, signal) => {
    const now = nowMs()
    const current =
      signingKeyAt(await keys(KEYS_FRESH_MS, signal), now) ??
      signingKeyAt(await keys(LOOK_AGAIN_MS, signal), now)
    if (current === undefined) throw new BusyError('there is no signing key yet')
    const key = await keyNamed(current.kid, signal)
    return await new CompactSign(new TextEncoder().encode(JSON.stringify(redemptionPayload(claims))))
      .setProtectedHeader({ alg: ALGORITHM, kid: current.kid })
      .sign(key)
  }
}

/** Also what we have signed, but says something else: among a hundred that a till reports it must not stop the others. */
const isNoToken = (error: unknown): boolean =>
  error instanceof errors.JOSEError || error instanceof SyntaxError || error instanceof z.ZodError

/** Checks the signatures of tokens with the public keys of the Catalog. */
export const createVerifyToken = (list: ListSigningKeys, nowMs: () => number): VerifyToken => {
  const keys = cachedKeys(list, nowMs)
  const imported = new Map<string, CryptoKey>()

  const keyNamed = async (kid: string | undefined, signal?: AbortSignal): Promise<CryptoKey> => {
    const isNamed = (one: StoredSigningKey): boolean => one.kid === kid
    const found =
      (await keys(KEYS_FRESH_MS, signal)).find(isNamed) ?? (await keys(LOOK_AGAIN_MS, signal)).find(isNamed)
    if (found === undefined) throw new errors.JWKSNoMatchingKey()
    const { x } = found.jwk
    const key = imported.get(x) ?? (await importKey(found.jwk))
    imported.set(x, key)
    return key
  }

  return async (token, signal) => {
    try {
      const { payload } = await compactVerify(token, ({ kid }) => keyNamed(kid, signal), {
        algorithms: [ALGORITHM],
      })
      return redemptionPayloadSchema.parse(JSON.parse(new TextDecoder().decode(payload)))
    } catch (error) {
      if (isNoToken(error)) return undefined
      throw error
    }
  }
}
