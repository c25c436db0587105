import * as z from 'zod'

/** Where the public keys are; every function that reads the Catalog may read them. */
export const SIGNING_KEYS_PK = 'SIGNING-KEYS'
/** Where the private halves are: a partition of its own, so that IAM keeps all but the one who signs out of it. */
export const SIGNING_SECRETS_PK = 'SIGNING-SECRETS'

const PREFIX = 'KEY#'
export const publicKeyKey = (kid: string) => ({ pk: SIGNING_KEYS_PK, sk: `${PREFIX}${kid}` })
export const secretKeyKey = (kid: string) => ({ pk: SIGNING_SECRETS_PK, sk: `${PREFIX}${kid}` })
/** Names the newest key, so that two who rotate at once make one. */
export const newestKeyKey = { pk: SIGNING_KEYS_PK, sk: 'NEWEST' }

/** An Ed25519 key (RFC 8037). */
const publicJwkSchema = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().min(43).max(43),
})
export type PublicJwk = z.output<typeof publicJwkSchema>
export const privateJwkSchema = publicJwkSchema.extend({ d: z.string().min(43).max(43) })
export type PrivateJwk = z.output<typeof privateJwkSchema>

const signingKeySchema = z.object({
  kid: z.string().min(1).max(40),
  createdAtMs: z.number(),
  notBeforeMs: z.number(),
  jwk: publicJwkSchema,
})
/** A public key; times in ms since the epoch. */
export type StoredSigningKey = z.output<typeof signingKeySchema>

export const parseSigningKey = (item: unknown): StoredSigningKey => signingKeySchema.parse(item)

const secretSchema = z.object({ jwk: privateJwkSchema })
export const parseSecret = (item: unknown): PrivateJwk => secretSchema.parse(item).jwk

export const signingKeyItem = (key: StoredSigningKey) => ({
  ...publicKeyKey(key.kid),
  kind: 'signingKey',
  ...key,
})
export const secretItem = (kid: string, jwk: PrivateJwk) => ({
  ...secretKeyKey(kid),
  kind: 'signingSecret',
  kid,
  jwk,
})
