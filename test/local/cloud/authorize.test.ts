import { createHmac } from 'node:crypto'
import { exportSPKI, generateKeyPair, importJWK, importPKCS8, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { authorize } from '#local/cloud/api/authorize.ts'
import { createTokenSigner } from '#local/peers/tokens.ts'
import { createMemoryStore } from '../peers/memory-store.ts'

const ISSUER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_local'
const ROUTE = {
  routeKey: 'GET /v1/me',
  functionName: 'customer-api',
  authorizer: { issuer: ISSUER, audiences: ['app', 'console'], scopes: ['beckon/customer'] },
}
const NOW_S = Math.floor(Date.UTC(2026, 4, 1) / 1000)

const store = createMemoryStore()
const signer = await createTokenSigner({ store, nowMs: () => NOW_S * 1000 })
const { pkcs8 } = JSON.parse(store.get('signing-key') ?? '') as { pkcs8: string }
const ownKey = await importPKCS8(pkcs8, 'RS256')
const [jwk = {}] = signer.jwks().keys
const header = { alg: 'RS256', kid: String(jwk.kid) }
const GOOD = {
  iss: ISSUER,
  sub: 'maria',
  client_id: 'app',
  token_use: 'access',
  scope: 'beckon/customer',
  iat: NOW_S,
  exp: NOW_S + 3600,
}

const signed = (claims: Record<string, unknown>, key: Parameters<SignJWT['sign']>[0] = ownKey) =>
  new SignJWT({ ...GOOD, ...claims }).setProtectedHeader(header).sign(key)
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const kindOf = async (token: string) => (await authorize(signer, ROUTE, `Bearer ${token}`)).kind

/** The public key as an attacker has it: in PEM, or as it is listed. */
const publicKey = (await importJWK(jwk, 'RS256')) as Parameters<typeof exportSPKI>[0]
const publicPem = await exportSPKI(publicKey)
const hs256With = (secret: string): string => {
  const text = `${part({ alg: 'HS256', kid: header.kid, typ: 'JWT' })}.${part(GOOD)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

describe('the authorizer', () => {
  test('lets a good token in', async () => {
    expect(await kindOf(await signed({}))).toBe('allowed')
    expect(await kindOf(await signed({ aud: ['game', 'console'], client_id: undefined }))).toBe('allowed')
  })

  test.each([
    ['another issuer', { iss: 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other' }],
    ['no issuer', { iss: undefined }],
    ['another client', { client_id: 'game' }],
    ['another audience, whatever the client', { aud: 'game' }],
    ['no audience at all', { client_id: undefined }],
    ['an end that is over', { exp: NOW_S - 1 }],
    ['no end', { exp: undefined }],
    ['a beginning still to come', { nbf: NOW_S + 60 }],
    ['an issue in the future', { iat: NOW_S + 60 }],
  ])('refuses one with %s', async (_, claims) => {
    expect(await kindOf(await signed(claims))).toBe('unauthorized')
  })

  test('refuses one signed with another key', async () => {
    const { privateKey } = await generateKeyPair('RS256')
    expect(await kindOf(await signed({}, privateKey))).toBe('unauthorized')
  })

  test('refuses one that nobody signed', async () => {
    for (const alg of ['none', 'None', 'nOnE']) {
      expect(await kindOf(`${part({ alg, typ: 'JWT' })}.${part(GOOD)}.`)).toBe('unauthorized')
    }
  })

  test('refuses one signed with the public key as a secret (HS256)', async () => {
    for (const secret of [publicPem, publicPem.trim(), JSON.stringify(jwk), String(jwk.n)]) {
      expect(await kindOf(hs256With(secret))).toBe('unauthorized')
    }
  })

  test('refuses one whose claims were exchanged', async () => {
    const [head, , signature] = (await signed({})).split('.')
    expect(await kindOf(`${head}.${part({ ...GOOD, sub: 'otto' })}.${signature}`)).toBe('unauthorized')
  })

  test('knows a caller without the scope, and forbids', async () => {
    expect(await kindOf(await signed({ scope: 'beckon/till' }))).toBe('forbidden')
    expect(await kindOf(await signed({ scope: 'customer' }))).toBe('forbidden')
  })
})
