import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { notErased } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { type Item, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { expiryOf, userKey } from '#shared/contracts/items/ledger.ts'
import type { UserId } from '#shared/domain/ids.ts'

/** An event as it is raised: the stream carries it to a decision. */
export type RaisedEvent = Item & {
  readonly user: UserId
  /** Names the event among the customer's. */
  readonly name: string
  readonly triggerKind: 'due' | 'restock'
}

/** `gone`: what it was to be raised from is no longer as it was read. */
export type Raised = 'raised' | 'gone' | 'erased'

export type RaiseEvent = (
  from: TransactItem,
  event: RaisedEvent,
  nowMs: number,
  signal?: AbortSignal,
) => Promise<Raised>

/** Turns something that is due into an event, once: together with the change of what it comes from. */
export const createRaiseEvent =
  (client: DynamoDBDocumentClient, table: string): RaiseEvent =>
  async (from, { name, ...event }, nowMs, signal) => {
    const Item = {
      pk: userKey(event.user),
      sk: `EVENT#${name}`,
      kind: 'event',
      ...event,
      ttl: expiryOf(nowMs),
    }
    const outcome = await transact(
      client,
      [from, { Put: { TableName: table, Item } }, notErased(table, event.user)],
      { random: Math.random, signal },
    )
    if (outcome.kind === 'done') return 'raised'
    return outcome.reasons[2] === 'ConditionalCheckFailed' ? 'erased' : 'gone'
  }
