import { describe, expect, it } from 'vitest'
import { createMessageStore } from '#shared/adapters/dynamodb/ledger/message-store.ts'
import { messageItem } from '#shared/contracts/items/decision.ts'
import type { StoredMessage } from '#shared/contracts/items/ledger.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { aGrant, anEnter, aScene, MINUTE, named, T0 } from '#test/support/builders.ts'
import { createTables } from '#test/support/engine.ts'

const tables = await createTables()
const stored = storedIn(tables)
const store = createMessageStore(tables.client, tables.ledger, 1)

const leave = async (name: string, rest: object = {}): Promise<StoredMessage> => {
  const user = named('usr', name)
  const candidate = { scene: aScene('greet'), trigger: anEnter({ user }) }
  const grant = aGrant(candidate)
  await stored.putLedger({ ...messageItem(grant, T0, 1), ...rest })
  const { message } = await store.read(user, grant.messageId)
  if (message === undefined || message === 'unreadable') throw new Error('no message')
  return message
}

describe('the lease of a message', () => {
  it('is given to one of two who read it waiting', async () => {
    const message = await leave('waiting')
    const taken = await Promise.all([
      store.lease(message, T0 + MINUTE),
      store.lease(message, T0 + 2 * MINUTE),
    ])
    expect(taken.filter(Boolean)).toHaveLength(1)
  })

  it('is given to one of two who read it abandoned', async () => {
    const message = await leave('abandoned', { state: 'sending', leaseUntilMs: T0 - 1 })
    expect(await store.lease(message, T0 + MINUTE)).toBe(true)
    expect(await store.lease(message, T0 + 2 * MINUTE)).toBe(false)
  })

  it('is refused to whoever read it as a push and finds it an SMS', async () => {
    const message = await leave('switched', { state: 'sending', leaseUntilMs: T0 - 1 })
    expect(await store.handToSms(message, T0)).toBe(true)
    expect(await store.lease(message, T0 + MINUTE)).toBe(false)
  })

  it('remembers an attempt that was left half way', async () => {
    const fresh = await leave('fresh')
    await store.lease(fresh, T0 + MINUTE)
    const read = async () => (await store.read(fresh.user, fresh.messageId)).message
    const left = await read()
    expect(left).toMatchObject({ state: 'sending', mayHaveLeft: false })
    if (left === undefined || left === 'unreadable') throw new Error('no message')
    await store.lease(left, T0 + 2 * MINUTE)
    expect(await read()).toMatchObject({ state: 'sending', mayHaveLeft: true, attempts: 2 })
  })
})
