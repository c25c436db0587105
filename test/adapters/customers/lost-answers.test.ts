import { expect, test } from 'vitest'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createEventRecords } from '#shared/adapters/dynamodb/customers/event-records.ts'
import { createGrantRecords } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import { transact } from '#shared/adapters/dynamodb/transactions.ts'
import { hashId } from '#shared/domain/ids.ts'
import { createTables } from '#test/support/engine.ts'
import { giveGrant } from '#test/support/grants.ts'

const tables = await createTables()
const NOW = Date.UTC(2026, 10, 22, 10)
const user = hashId('usr', 'anna')
const merchantId = hashId('mer', 'blue door')

/** A client whose first transaction is committed, but whose answer never arrives. */
const forgetful = () => {
  const client = createDocumentClient()
  let lost = false
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args)
      if (lost || context.commandName !== 'TransactWriteItemsCommand') return answer
      lost = true
      throw Object.assign(new Error('no answer'), { name: 'TimeoutError' })
    },
    { step: 'initialize', name: 'loseFirstAnswer' },
  )
  return { client, hasLost: () => lost }
}

test('a transaction whose answer was lost is done once', async () => {
  const { client, hasLost } = forgetful()
  const add = {
    Update: {
      TableName: tables.ledger,
      Key: { pk: 'COUNT', sk: 'ONE' },
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': 1 },
    },
  }
  expect(await transact(client, [add], { random: () => 0 })).toEqual({ kind: 'done' })
  expect(hasLost()).toBe(true)
  const [item] = (await tables.allOf(tables.ledger)).filter(({ pk }) => pk === 'COUNT')
  expect(item?.['n']).toBe(1)
})

test('a redemption whose answer was lost is a redemption, not a repetition', async () => {
  const offerId = hashId('off', 'coffee')
  const stock = { pk: `OFFER#${offerId}#0`, sk: 'STOCK', kind: 'stock', free: 5, reserved: 0, confirmed: 0 }
  await transact(tables.client, [{ Put: { TableName: tables.ledger, Item: stock } }], { random: () => 0 })
  await giveGrant(tables.client, tables.ledger, {
    user,
    merchantId,
    offerId,
    code: 'ABCDEFGHJK',
    grantedAtMs: NOW,
  })
  const { client, hasLost } = forgetful()
  const grants = createGrantRecords({ client, ledger: tables.ledger }, 1)
  const shown = { kind: 'code', code: 'ABCDEFGHJK' } as const
  const redeemed = await grants.redeem({ shown, merchantId, member: user }, NOW + 1000)
  expect(redeemed).toMatchObject({ kind: 'redeemed', grant: { state: 'redeemed' } })
  expect(hasLost()).toBe(true)
  const [after] = (await tables.allOf(tables.ledger)).filter(({ pk }) => pk === stock.pk)
  expect(after).toEqual({ ...stock, free: 4, reserved: 0, confirmed: 1 })
})

test('events whose answer was lost count as new, once', async () => {
  const { client, hasLost } = forgetful()
  const events = createEventRecords({ client, ledger: tables.ledger }, 1)
  const event = {
    eventId: 'e-1',
    type: 'qr_scan',
    at: new Date(NOW).toISOString(),
    merchantId,
  } as const
  expect(await events.save(user, [event], NOW)).toBe(1)
  expect(hasLost()).toBe(true)
  expect(await events.save(user, [event], NOW)).toBe(0)
})
