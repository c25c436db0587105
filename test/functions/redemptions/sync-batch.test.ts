import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_SYNCED, syncResponseSchema } from '#shared/contracts/http/redemptions.ts'
import { proveCounters } from '#shared/contracts/items/recount.ts'
import {
  clock,
  granted,
  iso,
  MINUTE,
  reportOf,
  rotate,
  stockOf,
  syncBody,
  tables,
  tokenOf,
} from '#test/functions/redemptions/world.ts'
import { withWrites } from '#test/support/write-log.ts'

/** BECKON_FUZZ_SEED repeats a run. */
const SEED = Number(process.env['BECKON_FUZZ_SEED'] ?? Math.floor(Math.random() * 0x7fffffff))

await rotate(clock.nowMs)

/** What JSON there is. What is no JSON text, or too deep for one of ours, is no batch. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 5 }),
  fc.constantFrom<unknown>(null, [], {}, '', 'x'.repeat(2000), { toString: 1, length: 1e9 }),
  fc.constant(JSON.parse('{"__proto__":{"requestId":"p"}}') as unknown),
)

/** Of the right form, and of no key of ours. */
const nobodys = (requestId: string) => reportOf(requestId, 'a.b.c', clock.nowMs)
const without = (member: string, requestId: string): object =>
  Object.fromEntries(Object.entries(nobodys(requestId)).filter(([name]) => name !== member))

const post = async (redemptions: readonly unknown[]) => {
  const { status, body } = await syncBody('owner', { till: 'Till 1', redemptions })
  expect(status, JSON.stringify(body)).toBe(200)
  return syncResponseSchema.parse(body).results
}
/** What a customer took with a token, as the till will report it. */
const bought = async (requestId: string, subject = 'alice') => {
  const { grantId, offerId } = await granted({ subject })
  return { offerId, report: reportOf(requestId, await tokenOf(grantId, subject), clock.nowMs) }
}
const redeemedCount = async () =>
  (await tables.allOf(tables.ledger)).filter(({ kind, state }) => kind === 'grant' && state === 'redeemed')
    .length

test.each([
  ['without a token', without('token', 'm-1'), 'm-1', '/token', 'missing: a string'],
  ['with a token that is none', { ...nobodys('m-1'), token: 'abc' }, 'm-1', '/token', 'not a compact JWS'],
  [
    'with a time that is none',
    { ...nobodys('m-1'), redeemedAt: '10:02' },
    'm-1',
    '/redeemedAt',
    'not an RFC 3339 time with Z or an offset',
  ],
  ['with an unknown member', { ...nobodys('m-1'), tip: 2 }, 'm-1', '/tip', 'unknown member'],
  [
    'with a member of another type',
    { ...nobodys('m-1'), storeId: 7 },
    'm-1',
    '/storeId',
    'a string, not a number',
  ],
  ['without a name', without('requestId', ''), undefined, '/requestId', 'missing: a string'],
  [
    'with a name that is a number',
    { ...nobodys(''), requestId: 5 },
    undefined,
    '/requestId',
    'a string, not a number',
  ],
  [
    'with a name that is too long',
    nobodys('x'.repeat(65)),
    undefined,
    '/requestId',
    '1 to 64 visible ASCII characters',
  ],
  ['that is null', null, undefined, '', 'an object, not null'],
  ['that is a text', 'm-1', undefined, '', 'an object, not a string'],
  ['that is a list', [nobodys('m-1')], undefined, '', 'an object, not a list'],
])('one %s is told by its place, and the others are taken', async (_, bad, requestId, pointer, detail) => {
  const [before, after] = [await bought('n-1'), await bought('n-2')]
  const results = await post([before.report, bad, after.report])
  expect(results).toMatchObject([
    { requestId: 'n-1', result: 'redeemed' },
    { result: 'refused' },
    { requestId: 'n-2', result: 'redeemed' },
  ])
  expect(results[1]).toEqual({
    index: 1,
    ...(requestId !== undefined && { requestId }),
    result: 'refused',
    reason: 'malformed',
    errors: [{ pointer: `/redemptions/1${pointer}`, detail }],
  })
})

test('one among a hundred leaves ninety-nine redeemed, and a batch that is sent again is answered the same', async () => {
  const all = await Promise.all(
    Array.from({ length: MAX_SYNCED }, (_, at) => bought(`h-${at}`, `customer-${at}`)),
  )
  const batch = all.map(({ report }, at) => (at === 41 ? { ...report, redeemedAt: 'noon' } : report))
  const before = await redeemedCount()
  const first = await post(batch)
  expect(Object.groupBy(first, ({ result }) => result)).toMatchObject({
    redeemed: { length: 99 },
    refused: [{ index: 41, requestId: 'h-41', reason: 'malformed' }],
  })
  expect(await redeemedCount()).toBe(before + 99)
  const { result: again, writes } = await withWrites(() => post(batch))
  expect(again).toEqual(
    first.map((one) => (one.result === 'redeemed' ? { ...one, result: 'repeated' } : one)),
  )
  expect(writes).toEqual([])
  expect(await post(batch)).toEqual(again)
  expect(proveCounters(await tables.allOf(tables.ledger), clock.nowMs).differences).toEqual([])
  // Put right, it is taken under the same name.
  expect(await post([all[41]?.report])).toMatchObject([{ requestId: 'h-41', result: 'redeemed' }])
})

test('two of one grant with the same name are one redemption, the earlier', async () => {
  const { report, offerId } = await bought('s-1')
  const later = { ...report, redeemedAt: iso(clock.nowMs + MINUTE) }
  clock.advance(2 * MINUTE)
  const results = await post([later, report])
  expect(results).toMatchObject([
    { requestId: 's-1', result: 'repeated', redemption: { redeemedAt: report.redeemedAt } },
    { requestId: 's-1', result: 'redeemed', redemption: { redeemedAt: report.redeemedAt } },
  ])
  expect(await stockOf(offerId)).toMatchObject({ free: 9, confirmed: 1 })
})

test('two of different grants with the same name both count, in one batch as in two', async () => {
  const [one, other, third] = [await bought('t-1'), await bought('t-1'), await bought('t-1')]
  const malformed = { ...third.report, token: 5 }
  expect(await post([one.report, malformed, other.report])).toMatchObject([
    { requestId: 't-1', result: 'redeemed' },
    { requestId: 't-1', result: 'refused', reason: 'malformed' },
    { requestId: 't-1', result: 'redeemed' },
  ])
  expect(await post([third.report])).toMatchObject([{ requestId: 't-1', result: 'redeemed' }])
  expect((await post([other.report, one.report])).map(({ result }) => result)).toEqual([
    'repeated',
    'repeated',
  ])
})

test('what is wrong around the redemptions refuses them all, and nothing is stored', async () => {
  const { report } = await bought('w-1')
  const many = Array.from({ length: MAX_SYNCED + 1 }, () => report)
  const bodies: readonly [unknown, string][] = [
    [{ redemptions: [] }, '/redemptions'],
    [{ redemptions: many }, '/redemptions'],
    [{ redemptions: report }, '/redemptions'],
    [{ redemptions: [report], till: '' }, '/till'],
    [{ redemptions: [report], shop: 1 }, '/shop'],
    [[report], ''],
  ]
  for (const [body, pointer] of bodies) {
    const { result, writes } = await withWrites(() => syncBody('owner', body))
    expect([result.status, result.body.errors[0].pointer, writes]).toEqual([400, pointer, []])
  }
})

test(`whatever stands in a batch, each is answered in its place, and nothing of it is stored (seed ${SEED})`, async () => {
  const items = fc.oneof(
    anything,
    fc.stringMatching(/^[a-z]{1,8}$/).map(nobodys),
    fc.record({ requestId: fc.oneof(fc.string({ maxLength: 80 }), anything), token: anything }),
    // Of a member whose name is long the pointer is cut.
    fc.string({ minLength: 300, maxLength: 500 }).map((name) => ({ ...nobodys('long'), [name]: 1 })),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(items, { minLength: 1, maxLength: MAX_SYNCED }), async (batch) => {
      // As they are on the wire.
      const sent: readonly unknown[] = JSON.parse(JSON.stringify(batch))
      const { result: results, writes } = await withWrites(() => post(sent))
      expect(writes).toEqual([])
      expect(results).toHaveLength(sent.length)
      for (const [at, one] of results.entries()) {
        if (!('reason' in one)) throw new Error(`${one.result} at ${at}`)
        if (one.reason === 'malformed') expect(one.index).toBe(at)
        else expect(sent[at]).toMatchObject({ requestId: one.requestId })
      }
    }),
    { numRuns: 200, seed: SEED },
  )
})
