import { expect, it } from 'vitest'
import { createTraceRecords } from '#shared/adapters/dynamodb/ledger/trace-records.ts'
import { decisionRefOf } from '#shared/contracts/items/decision.ts'
import { traceItems } from '#shared/contracts/items/trace.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { anEnter, aScene, CAFE, MINUTE, named, T0 } from '#test/support/builders.ts'
import { createTables } from '#test/support/engine.ts'

const tables = await createTables()
const stored = storedIn(tables)
const traces = createTraceRecords(tables.client, tables.ledger)

/** So large that a Query reads a few of them: it ends after 1 MB. */
const LARGE = { scenes: 'x'.repeat(60_000) }
const MANY = 40

it('decisions that are large are listed whole, for their customer and their merchant', async () => {
  const users = ['anna', 'ben'].map((name) => named('usr', name))
  const all = Array.from({ length: MANY }, (_, index) => {
    const user = users[index % 2] ?? named('usr', 'anna')
    const trigger = anEnter({ user, atMs: T0 + index * MINUTE, visitId: named('vis', `${index}`) })
    const outcome = {
      scene: aScene('a'),
      trigger,
      kind: 'suppressed',
      reason: 'hours',
      compared: LARGE,
    } as const
    return traceItems(decisionRefOf(user, [trigger], 0), { outcomes: [outcome] }, undefined, trigger.atMs)
      .whole
  })
  await stored.putLedger(...all)
  const mine = await traces.listOf(named('usr', 'anna'), { limit: 100 }, T0)
  expect(mine.map(({ decidedAt }) => decidedAt)).toEqual(
    all
      .filter(({ user }) => user === named('usr', 'anna'))
      .map(({ decidedAt }) => decidedAt)
      .toReversed(),
  )
  const first = await traces.listFor(CAFE, { limit: 15 }, T0)
  const second = await traces.listFor(CAFE, { limit: 100, before: first.at(-1)?.place }, T0)
  expect(first).toHaveLength(15)
  const places = [...first, ...second].map(({ place }) => place)
  expect(places).toEqual(
    all
      .map(({ merchantSk }) => String(merchantSk))
      .toSorted()
      .toReversed(),
  )
})
