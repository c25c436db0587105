import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { moveUnit } from '#shared/adapters/dynamodb/ledger/stock-writes.ts'
import { type Item, queryPage, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { userKey } from '#shared/contracts/items/ledger.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { ClosedVisit } from '#shared/domain/presence/visit.ts'

/** How a grant came to be used before it was redeemed. */
export type ConfirmedBy = 'opened' | 'claimed' | 'visited'

const reservedSchema = z.object({
  grantId: id('grt'),
  merchantId: id('mer'),
  state: z.enum(['reserved', 'confirmed', 'redeemed', 'released']),
  grantedAt: z.string(),
  offerId: id('off').optional(),
  stockShard: z.number().optional(),
})
export type Reserved = z.output<typeof reservedSchema>

const PAGE = 100
/** More than the caps let anybody be given in the 13 months that grants are kept. */
const MAX_PAGES = 20

export type ConfirmVisited = (
  user: UserId,
  visits: readonly Pick<ClosedVisit, 'merchantId' | 'enteredAtMs' | 'lastInsideAtMs'>[],
  nowMs: number,
  signal?: AbortSignal,
) => Promise<void>

/** A reserved unit becomes a confirmed one, once; refused when it was redeemed, released or confirmed before. */
export const confirmWrites = (
  table: string,
  user: UserId,
  { grantId, offerId, stockShard }: Pick<Reserved, 'grantId' | 'offerId' | 'stockShard'>,
  by: ConfirmedBy,
  nowMs: number,
): TransactItem[] => [
  {
    Update: {
      TableName: table,
      Key: { pk: userKey(user), sk: `GRANT#${grantId}` },
      ConditionExpression: '#state = :reserved',
      UpdateExpression: 'SET #state = :confirmed, confirmedBy = :by, confirmedAt = :now',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: {
        ':reserved': 'reserved',
        ':confirmed': 'confirmed',
        ':by': by,
        ':now': new Date(nowMs).toISOString(),
      },
    },
  },
  ...(offerId === undefined || stockShard === undefined
    ? []
    : [moveUnit(table, offerId, stockShard, { from: 'reserved', to: 'confirmed' })]),
]

/** Confirms what customers hold. */
export const createConfirmGrants = (client: DynamoDBDocumentClient, table: string) => {
  const confirm = async (
    user: UserId,
    grant: Pick<Reserved, 'grantId' | 'offerId' | 'stockShard'>,
    by: ConfirmedBy,
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<boolean> => {
    const writes = confirmWrites(table, user, grant, by, nowMs)
    const outcome = await transact(client, writes, { random: Math.random, signal })
    return outcome.kind === 'done'
  }

  const reservedOf = async (user: UserId, signal?: AbortSignal): Promise<Reserved[]> => {
    const found: Item[] = []
    let start: Item | undefined
    for (let count = 0; count < MAX_PAGES; count++) {
      const page = await queryPage(
        client,
        {
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :grant)',
          FilterExpression: '#state = :reserved',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':pk': userKey(user), ':grant': 'GRANT#', ':reserved': 'reserved' },
          Limit: PAGE,
          ...(start && { ExclusiveStartKey: start }),
        },
        { signal },
      )
      found.push(...page.items)
      start = page.next
      if (start === undefined) break
    }
    return found.map((item) => reservedSchema.parse(item))
  }

  const isFollowed = (
    { merchantId, grantedAt }: { readonly merchantId: MerchantId; readonly grantedAt: string },
    visits: Parameters<ConfirmVisited>[1],
  ): boolean =>
    visits.some((visit) => visit.merchantId === merchantId && visit.lastInsideAtMs > Date.parse(grantedAt))

  /** The grants whose merchant the customer was with after they were given; their ids tell nothing of time. */
  const confirmVisited: ConfirmVisited = async (user, visits, nowMs, signal) => {
    if (visits.length === 0) return
    const reserved = await reservedOf(user, signal)
    for (const grant of reserved) {
      if (grant.offerId !== undefined && isFollowed(grant, visits))
        await confirm(user, grant, 'visited', nowMs, signal)
    }
  }

  return { confirm, confirmVisited }
}
