import { DeleteCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { isConditionFailure } from '#shared/adapters/dynamodb/condition-failure.ts'
import type { CustomerTables } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { userKey } from '#shared/contracts/items/ledger.ts'
import { WAITS, waitKey } from '#shared/contracts/items/waiting-list.ts'
import { isId, type OfferId, type UserId } from '#shared/domain/ids.ts'

const wait = z.object({
  offerId: id('off'),
  merchantId: id('mer'),
  storeId: id('sto').exactOptional(),
  /** The place in the queue: `<when>#<user>`. Whoever was called up has none. */
  merchantSk: z.string(),
})
export type MyPlace = Omit<z.output<typeof wait>, 'merchantSk'> & { readonly since: string }

export type WaitRecords = {
  /** What the customer waits for, in the order of the offers' ids; a page may be short while there are more. */
  readonly listOf: (
    user: UserId,
    page: { readonly limit: number; readonly after?: OfferId | undefined },
    signal?: AbortSignal,
  ) => Promise<{ readonly items: readonly MyPlace[]; readonly next?: OfferId }>
  /** Gives up a place; `absent` for somebody who does not wait, or was called up already. */
  readonly leave: (user: UserId, offerId: OfferId, signal?: AbortSignal) => Promise<'left' | 'absent'>
}

/** A customer's places in waiting lists, over the Ledger. Deciding takes them, the minute schedule serves them. */
export const createWaitRecords = ({ client, ledger }: CustomerTables): WaitRecords => ({
  listOf: async (user, { limit, after }, signal) => {
    const page = await queryPage(
      client,
      {
        TableName: ledger,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :waits)',
        ExpressionAttributeValues: { ':pk': userKey(user), ':waits': WAITS },
        ConsistentRead: true,
        Limit: limit,
        ...(after !== undefined && { ExclusiveStartKey: waitKey(user, after) }),
      },
      { signal },
    )
    const items = page.items
      .filter((item) => item['merchantSk'] !== undefined)
      .map((item): MyPlace => {
        const { merchantSk, ...place } = wait.parse(item)
        return { ...place, since: merchantSk.slice(0, merchantSk.indexOf('#')) }
      })
    const last = String(page.items.at(-1)?.['sk'] ?? '').slice(WAITS.length)
    return { items, ...(page.next !== undefined && isId('off', last) && { next: last }) }
  },

  leave: async (user, offerId, signal) => {
    try {
      await client.send(
        new DeleteCommand({
          TableName: ledger,
          Key: waitKey(user, offerId),
          // Calling up takes the place away in one transaction with its event: only one of the two happens.
          ConditionExpression: 'attribute_exists(merchantSk)',
        }),
        signal ? { abortSignal: signal } : {},
      )
      return 'left'
    } catch (error) {
      if (!isConditionFailure(error)) throw error
      return 'absent'
    }
  },
})
