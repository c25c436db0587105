import { DeleteCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { isConditionFailure } from '#shared/adapters/dynamodb/condition-failure.ts'
import {
  type CustomerTables,
  type Erased,
  notErased,
  retrying,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { markWaiting } from '#shared/adapters/dynamodb/ledger/waiting-list.ts'
import { getItem, type Item, queryPage, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { userKey } from '#shared/contracts/items/ledger.ts'
import { type Place, placeItem, WAITS, waitKey, waitsSince } from '#shared/contracts/items/waiting-list.ts'
import { isId, type OfferId, type UserId } from '#shared/domain/ids.ts'

const wait = z.object({
  offerId: id('off'),
  merchantId: id('mer'),
  storeId: id('sto').exactOptional(),
  /** The place in the queue: `<when>#<user>`. Whoever was called up has none. */
  merchantSk: z.string(),
})
export type MyPlace = Omit<z.output<typeof wait>, 'merchantSk'> & { readonly since: string }

/** `calledUp`: units returned, and the customer was or is being asked whether to have one. */
export type Standing = MyPlace | 'calledUp'

export type WaitRecords = {
  /** Where the customer stands in the queue for an offer. */
  readonly find: (user: UserId, offerId: OfferId, signal?: AbortSignal) => Promise<Standing | undefined>
  /** Takes a place behind all who stand there; whoever stands there already keeps the own. */
  readonly join: (
    place: Place,
    stockShards: number,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<Standing | Erased>
  /** What the customer waits for, in the order of the offers' ids; a page may be short while there are more. */
  readonly listOf: (
    user: UserId,
    page: { readonly limit: number; readonly after?: OfferId | undefined },
    signal?: AbortSignal,
  ) => Promise<{ readonly items: readonly MyPlace[]; readonly next?: OfferId }>
  /** Gives up a place; `absent` for somebody who does not wait, or was called up already. */
  readonly leave: (user: UserId, offerId: OfferId, signal?: AbortSignal) => Promise<'left' | 'absent'>
}

const placeOf = (item: Item): MyPlace => {
  const { merchantSk, ...place } = wait.parse(item)
  return { ...place, since: waitsSince(merchantSk) }
}

const standingOf = (item: Item): Standing => (item['merchantSk'] === undefined ? 'calledUp' : placeOf(item))

/**
 * A customer's places in waiting lists, over the Ledger. Deciding takes them, the minute schedule serves them.
 *
 * @param dueShards over how many partitions the index `due` is spread
 */
export const createWaitRecords = ({ client, ledger }: CustomerTables, dueShards: number): WaitRecords => ({
  find: async (user, offerId, signal) => {
    const Item = await getItem(client, ledger, waitKey(user, offerId), signal)
    return Item && standingOf(Item)
  },

  join: async (place, stockShards, nowMs, signal) => {
    const item = placeItem(place, nowMs)
    const offer = { id: place.offerId, merchantId: place.merchantId, stockShards }
    const outcome = await transact(
      client,
      [
        {
          Put: {
            TableName: ledger,
            Item: item,
            // Deciding, another request, or being called up was faster.
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
        { Update: markWaiting(ledger, offer, dueShards, nowMs) },
        notErased(ledger, place.user),
      ],
      retrying(signal),
    )
    if (outcome.kind === 'done') return placeOf(item)
    const [known] = outcome.items
    return known === undefined ? 'erased' : standingOf(known)
  },

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
    const items = page.items.filter((item) => item['merchantSk'] !== undefined).map(placeOf)
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
