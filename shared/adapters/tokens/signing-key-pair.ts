import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import type { NewKeyPair } from '#shared/adapters/dynamodb/catalog/signing-keys.ts'
import { privateJwkSchema } from '#shared/contracts/items/signing-key.ts'

/** Makes a pair of Ed25519 keys with a name of its own. */
export const newKeyPair: NewKeyPair = async () => {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const jwk = privateJwkSchema.parse(await exportJWK(privateKey))
  return { kid: randomBytes(6).toString('base64url'), jwk }
}
