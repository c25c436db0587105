import * as z from 'zod'
import { type Erased, notErased, retrying } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import type { ProfileTables } from '#shared/adapters/dynamodb/customers/profile-records.ts'
import {
  batchGetAll,
  getItem,
  type Item,
  queryPage,
  transact,
} from '#shared/adapters/dynamodb/transactions.ts'
import { profileKey, userKey } from '#shared/contracts/items/ledger.ts'
import { parsePresence, type StoredPresence } from '#shared/contracts/items/presence.ts'
import type { JobId, UserId } from '#shared/domain/ids.ts'

/** When an export was opened and until when it can be read; ms since the epoch. */
type Open = { readonly createdAtMs: number; readonly expiresAtMs: number }

export type CustomerExports = {
  /** Opens an export; that it was is an item of the customer, which the export holds, too. */
  readonly open: (
    user: UserId,
    exportId: JobId,
    span: Open,
    signal?: AbortSignal,
  ) => Promise<'opened' | Erased>
  readonly stateOf: (
    user: UserId,
    exportId: JobId,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'open' | 'absent' | Erased>
  readonly readPresence: (user: UserId, signal?: AbortSignal) => Promise<StoredPresence>
  /** A page of all that the Ledger keeps under the customer; `after` = the `next` of the page before. */
  readonly readItems: (
    user: UserId,
    page: { readonly limit: number; readonly after?: string },
    signal?: AbortSignal,
  ) => Promise<{ readonly items: readonly Item[]; readonly next?: string }>
}

const exportKey = (user: UserId, exportId: JobId) => ({ pk: userKey(user), sk: `EXPORT#${exportId}` })
const stored = z.object({ expiresAtMs: z.number() })

/** Over Ledger and Presence. Nothing is copied: an export is read page by page. */
export const createCustomerExports = ({ client, ledger, presence }: ProfileTables): CustomerExports => ({
  open: async (user, exportId, { createdAtMs, expiresAtMs }, signal) => {
    const Item = {
      ...exportKey(user, exportId),
      kind: 'customerExport',
      user,
      exportId,
      createdAt: new Date(createdAtMs).toISOString(),
      expiresAtMs,
      ttl: Math.ceil(expiresAtMs / 1000),
    }
    const put = { Put: { TableName: ledger, Item } }
    const outcome = await transact(client, [notErased(ledger, user), put], retrying(signal))
    return outcome.kind === 'done' ? 'opened' : 'erased'
  },

  stateOf: async (user, exportId, nowMs, signal) => {
    const keys = [profileKey(user), exportKey(user, exportId)]
    const read = [{ table: ledger, keys, consistent: true }]
    const [[profile, item] = []] = await batchGetAll(client, read, retrying(signal))
    if (profile?.['tombstone'] === true) return 'erased'
    return item !== undefined && stored.parse(item).expiresAtMs > nowMs ? 'open' : 'absent'
  },

  readPresence: async (user, signal) => {
    const Item = await getItem(client, presence, { pk: userKey(user) }, signal)
    return parsePresence(Item)
  },

  readItems: async (user, { limit, after }, signal) => {
    const pk = userKey(user)
    const page = await queryPage(
      client,
      {
        TableName: ledger,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': pk },
        ConsistentRead: true,
        Limit: limit,
        ...(after !== undefined && { ExclusiveStartKey: { pk, sk: after } }),
      },
      { signal },
    )
    return { items: page.items, ...(page.next && { next: String(page.next['sk']) }) }
  },
})
