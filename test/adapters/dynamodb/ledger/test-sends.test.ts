import { expect, test } from 'vitest'
import { createTestSends, MAX_TEST_SENDS_PER_DAY } from '#shared/adapters/dynamodb/ledger/test-sends.ts'
import { newId } from '#shared/runtime/ids.ts'
import { aScene, named } from '#test/support/builders.ts'
import { createTables } from '#test/support/engine.ts'

const tables = await createTables()
const { store } = createTestSends(tables.client, tables.ledger, 1)
const NOW_MS = Date.UTC(2026, 10, 22, 10)
const content = { push: { title: 'Hello', body: 'Come in' } }

test('the tries of one request store and count one message, also as the last of the day', async () => {
  const user = named('usr', 'tester')
  const send = (messageId = newId('msg')) => store(user, messageId, aScene('tested'), 'push', content, NOW_MS)
  const messageId = newId('msg')
  expect(await send(messageId)).toBe('stored')
  expect(await send(messageId)).toBe('known')
  for (let sent = 1; sent < MAX_TEST_SENDS_PER_DAY; sent += 1) expect(await send()).toBe('stored')
  expect(await send()).toBe('tooMany')
  expect(await send(messageId)).toBe('known')
  const items = await tables.allOf(tables.ledger)
  expect(items.filter(({ kind }) => kind === 'message')).toHaveLength(MAX_TEST_SENDS_PER_DAY)
})
