import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  generateKeyPair,
  jwtVerify,
  SignJWT,
} from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import type { PeerStore } from '#local/cloud/peer-store.ts'
import { createTokenSigner, type TokenSigner } from '#local/peers/tokens.ts'
import { createMemoryStore } from './memory-store.ts'

const ISSUER = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_local'
const EXPECTED = { issuer: ISSUER, audiences: ['app', 'console'] }
const ASKED = { issuer: ISSUER, clientId: 'app', sub: 'maria', scopes: ['beckon/customer', 'beckon/till'] }

let store: PeerStore
let signer: TokenSigner
let atMs: number

beforeEach(async () => {
  store = createMemoryStore()
  atMs = Date.UTC(2026, 4, 1)
  signer = await createTokenSigner({ store, nowMs: () => atMs })
})

describe('issue', () => {
  it('makes an access token as Cognito does', async () => {
    const token = await signer.issue(ASKED)
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', kid: signer.jwks().keys[0]?.kid })
    expect(decodeJwt(token)).toEqual({
      iss: ISSUER,
      sub: 'maria',
      client_id: 'app',
      token_use: 'access',
      scope: 'beckon/customer beckon/till',
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      auth_time: atMs / 1_000,
      iat: atMs / 1_000,
      exp: atMs / 1_000 + 3_600,
    })
  })

  it('is checked by anyone who has the JWKS, which holds no private part', async () => {
    const { keys } = signer.jwks()
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']])
    const { payload } = await jwtVerify(await signer.issue(ASKED), createLocalJWKSet({ keys }), {
      issuer: ISSUER,
      currentDate: new Date(atMs),
    })
    expect(payload.sub).toBe('maria')
  })

  it('lives a day at most', async () => {
    await expect(signer.issue({ ...ASKED, expiresInS: 86_401 })).rejects.toThrow(RangeError)
  })
})

describe('verify', () => {
  it('answers the claims, scopes parted', async () => {
    expect(await signer.verify(await signer.issue(ASKED), EXPECTED)).toMatchObject({
      sub: 'maria',
      client_id: 'app',
      scopes: ['beckon/customer', 'beckon/till'],
    })
    expect(await signer.verify(await signer.issue({ ...ASKED, scopes: [] }), EXPECTED)).toMatchObject({
      scopes: [],
    })
  })

  it('takes a token until its last second and not after', async () => {
    const token = await signer.issue({ ...ASKED, expiresInS: 60 })
    atMs += 59_000
    await expect(signer.verify(token, EXPECTED)).resolves.toHaveProperty('sub', 'maria')
    atMs += 1_000
    await expect(signer.verify(token, EXPECTED)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' })
    await expect(
      signer.verify(await signer.issue({ ...ASKED, expiresInS: -1 }), EXPECTED),
    ).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' })
  })

  it('takes tokens of an earlier run with the same store', async () => {
    const token = await signer.issue(ASKED)
    const later = await createTokenSigner({ store, nowMs: () => atMs })
    await expect(later.verify(token, EXPECTED)).resolves.toHaveProperty('sub', 'maria')
  })

  it.each([
    ['another issuer', () => signer.issue({ ...ASKED, issuer: 'https://elsewhere.example' })],
    ['another client', () => signer.issue({ ...ASKED, clientId: 'stranger' })],
    [
      'a key of its own',
      async () => (await createTokenSigner({ store: createMemoryStore(), nowMs: () => atMs })).issue(ASKED),
    ],
    [
      'a changed payload',
      async () => {
        const [header, , signature] = (await signer.issue(ASKED)).split('.')
        const [, payload] = (await signer.issue({ ...ASKED, sub: 'eve' })).split('.')
        return [header, payload, signature].join('.')
      },
    ],
    [
      'no signature',
      async () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await signer.issue(ASKED)).split('.')[1]}.`,
    ],
    [
      'another algorithm',
      async () => {
        const { privateKey } = await generateKeyPair('PS256')
        return new SignJWT({ client_id: 'app' })
          .setProtectedHeader({ alg: 'PS256' })
          .setIssuer(ISSUER)
          .setExpirationTime('1h')
          .sign(privateKey)
      },
    ],
    [
      'a birth in the future',
      async () => {
        atMs += 3_600_000
        const token = await signer.issue(ASKED)
        atMs -= 3_600_000
        return token
      },
    ],
    ['no form', async () => 'not.a.token'],
    ['endless length', async () => 'x'.repeat(8_193)],
  ])('refuses a token with %s', async (_, make) => {
    await expect(signer.verify(await make(), EXPECTED)).rejects.toThrow()
  })
})
