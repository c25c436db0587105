import { expect, test } from 'vitest'
import {
  askToken,
  clock,
  DAY,
  granted,
  keySet,
  redeem,
  rotate,
  tables,
  tokenOf,
} from '#test/functions/redemptions/world.ts'

const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8')).kid
const signingItems = async () =>
  (await tables.allOf(tables.catalog)).filter(({ pk }) => String(pk).startsWith('SIGNING-'))

test('before there is a key, an app is asked to try again', async () => {
  const { grantId } = await granted()
  const { status, headers } = await askToken(grantId)
  expect([status, headers['retry-after']]).toEqual([503, '1'])
})

test('keys follow each other; tokens in flight stay valid, and two who rotate at once make one key', async () => {
  const first = await rotate(clock.nowMs)
  expect(await rotate(clock.nowMs)).toBeUndefined()
  const { grantId } = await granted({ validityS: 60 * 86_400 })
  clock.advance(10_000)
  expect(kidOf(await tokenOf(grantId))).toBe(first)

  // A day before the first one's time is over the next is published, by one of twenty.
  clock.advance(29 * DAY)
  const made = await Promise.all(Array.from({ length: 20 }, () => rotate(clock.nowMs)))
  const [second, ...others] = made.filter((kid) => kid !== undefined)
  expect(others).toEqual([])
  expect((await keySet()).keys.map(({ kid }: { kid: string }) => kid).toSorted()).toEqual(
    [first, second].toSorted(),
  )
  expect(kidOf(await tokenOf(grantId))).toBe(first)

  clock.advance(DAY - 10_000)
  const inFlight = await tokenOf(grantId)
  clock.advance(60_000)
  // One container signs with what it read within five minutes, another with the new key: both are right.
  expect([first, second]).toContain(kidOf(inFlight))
  clock.advance(5 * 60_000)
  expect(kidOf(await tokenOf(grantId))).toBe(second)
  expect((await redeem({ token: inFlight })).status).toBe(200)
})

test('the private half of a key goes soon after it was replaced, the public one when no till can report its tokens', async () => {
  const items = await signingItems()
  const ttlsOf = (part: string) =>
    items.flatMap(({ pk, ttl }) => (pk === part && ttl !== undefined ? [Number(ttl)] : []))
  const replacedS = Math.min(...ttlsOf('SIGNING-SECRETS')) - 3600
  expect(ttlsOf('SIGNING-SECRETS')).toEqual([replacedS + 3600])
  const [publicS = 0] = ttlsOf('SIGNING-KEYS')
  expect(publicS).toBeGreaterThan(replacedS + 7 * 86_400)
  expect(publicS).toBeLessThan(replacedS + 8 * 86_400)
})

test('private halves are in no public item and in no answer', async () => {
  const items = await signingItems()
  for (const { pk, jwk } of items)
    expect([pk, typeof jwk === 'object' && jwk !== null && 'd' in jwk]).toEqual([
      pk,
      pk === 'SIGNING-SECRETS',
    ])
  expect(JSON.stringify(await keySet())).not.toContain('"d"')
})
