import {
  type CustomerTables,
  notErased,
  retrying,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { writeRelationship } from '#shared/adapters/dynamodb/ledger/relationship-writes.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { batchGetAll, queryPage, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { parseProfile, profileKey, userKey } from '#shared/contracts/items/ledger.ts'
import { parseRelationship, relationshipKey } from '#shared/contracts/items/relationship.ts'
import { type Block, isBlocked } from '#shared/domain/customers/relationship.ts'
import { isId, type MerchantId, type UserId } from '#shared/domain/ids.ts'

export type MyBlock = Block & { readonly merchantId: MerchantId }

export type BlockRecords = {
  /** The blocks that hold, among the next `limit` merchants that the customer has to do with. */
  readonly listOf: (
    user: UserId,
    page: { readonly limit: number; readonly after?: MerchantId | undefined },
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<{ readonly items: readonly MyBlock[]; readonly next?: MerchantId }>
  /** Says something against a block: once, until the merchant has answered, and then no more. */
  readonly appeal: (
    user: UserId,
    merchantId: MerchantId,
    text: string,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<
    { readonly kind: 'appealed'; readonly block: Block } | { readonly kind: 'none' | 'already' | 'erased' }
  >
}

const PREFIX = 'M#'

/** What merchants hold against a customer, as the customer sees it; over the Ledger. */
export const createBlockRecords = ({ client, ledger }: CustomerTables): BlockRecords => ({
  listOf: async (user, { limit, after }, nowMs, signal) => {
    const page = await queryPage(
      client,
      {
        TableName: ledger,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :merchant)',
        ExpressionAttributeValues: { ':pk': userKey(user), ':merchant': PREFIX },
        ConsistentRead: true,
        Limit: limit,
        ...(after !== undefined && { ExclusiveStartKey: relationshipKey(user, after) }),
      },
      { signal },
    )
    const items = page.items.flatMap((item): MyBlock[] => {
      const merchantId = String(item['sk']).slice(PREFIX.length)
      const { block } = parseRelationship(item).relationship
      if (block === undefined || !isBlocked({ block }, nowMs) || !isId('mer', merchantId)) return []
      return [{ ...block, merchantId }]
    })
    const last = String(page.items.at(-1)?.['sk'] ?? '').slice(PREFIX.length)
    return { items, ...(page.next !== undefined && isId('mer', last) && { next: last }) }
  },

  appeal: (user, merchantId, text, nowMs, signal) =>
    optimistically(async () => {
      const keys = [profileKey(user), relationshipKey(user, merchantId)]
      const reads = [{ table: ledger, keys, consistent: true }]
      const [[profile, item] = []] = await batchGetAll(client, reads, retrying(signal))
      if (parseProfile(profile).erased) return { kind: 'erased' as const }
      const before = parseRelationship(item)
      const { relationship } = before
      if (relationship.block === undefined || !isBlocked(relationship, nowMs))
        return { kind: 'none' as const }
      if (relationship.block.appeal !== undefined) return { kind: 'already' as const }
      const block: Block = { ...relationship.block, appeal: { state: 'open', text, atMs: nowMs } }
      const after = { ...relationship, block }
      const writes = [writeRelationship(ledger, user, merchantId, before, after), notErased(ledger, user)]
      const outcome = await transact(client, writes, retrying(signal))
      if (outcome.kind === 'done') return { kind: 'appealed' as const, block }
      return outcome.reasons[1] === 'ConditionalCheckFailed' ? { kind: 'erased' as const } : 'again'
    }, signal),
})
