import { describe, expect, test } from 'vitest'
import { tokenExpiryMs, usedAt } from '#shared/domain/offers/redemption-token.ts'
import { nextKeyAt, signingKeyAt } from '#shared/domain/offers/signing-key.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const claims = { issuedAtMs: 100 * DAY, expiresAtMs: 100 * DAY + 10 * MINUTE }
const later = claims.expiresAtMs + DAY

test('a token ends with what it redeems', () => {
  expect(tokenExpiryMs(0, 60_000)).toBe(60_000)
  expect(tokenExpiryMs(0, DAY)).toBe(600_000)
})

describe('the time that a till reports', () => {
  test.each([
    ['inside the life', 4, { kind: 'at', atMs: claims.issuedAtMs + 4 * MINUTE }],
    ['by a clock nine minutes slow', -9, { kind: 'at', atMs: claims.issuedAtMs }],
    ['by a clock nine minutes fast', 19, { kind: 'at', atMs: claims.expiresAtMs - 1 }],
    ['eleven minutes before', -11, { kind: 'outside' }],
    ['eleven minutes after', 21, { kind: 'outside' }],
  ])('%s', (_, minutes, expected) => {
    expect(usedAt(claims, claims.issuedAtMs + minutes * MINUTE, later)).toEqual(expected)
  })

  test('is never in the future', () => {
    const now = claims.issuedAtMs + MINUTE
    expect(usedAt(claims, claims.issuedAtMs + 5 * MINUTE, now)).toEqual({ kind: 'at', atMs: now })
  })

  test('comes within a week', () => {
    const at = claims.issuedAtMs
    expect(usedAt(claims, at, claims.expiresAtMs + 7 * DAY).kind).toBe('at')
    expect(usedAt(claims, at, claims.expiresAtMs + 7 * DAY + 1).kind).toBe('tooLate')
  })
})

describe('keys', () => {
  const keys = [
    { kid: 'b', notBeforeMs: 10 },
    { kid: 'a', notBeforeMs: 0 },
  ]

  test('sign from their time on', () => {
    expect(signingKeyAt(keys, -1)).toBeUndefined()
    expect(signingKeyAt(keys, 9)?.kid).toBe('a')
    expect(signingKeyAt(keys, 10)?.kid).toBe('b')
  })

  test('are made a day before they sign; the first one at once, and after an outage with a day to be known', () => {
    const first = [{ kid: 'a', notBeforeMs: 0 }]
    expect(nextKeyAt([], 30, 7)).toBe(7)
    expect(nextKeyAt(first, 30, 29 * DAY - 1)).toBeUndefined()
    expect(nextKeyAt(first, 30, 29 * DAY)).toBe(30 * DAY)
    expect(nextKeyAt(first, 30, 40 * DAY)).toBe(41 * DAY)
  })
})
