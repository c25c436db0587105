import * as z from 'zod'
import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import {
  type CatalogTables,
  directoryKey,
  listUnder,
  memberKey,
  membershipKey,
  merchantKey,
  type PageOf,
  type PageRequest,
  retrying,
  versionKey,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { nextVersion } from '#shared/adapters/dynamodb/catalog/change-merchant.ts'
import type { Removed } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { findThings } from '#shared/adapters/dynamodb/catalog/find-holders.ts'
import { memberItem, membershipItem, membersOf } from '#shared/adapters/dynamodb/catalog/member-records.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { getItem, type Item, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { type Membership, merchantSchema } from '#shared/contracts/http/merchants.ts'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'
import { MEMBER_ROLES, type Merchant } from '#shared/domain/merchants/merchant.ts'

export type MerchantRecords = {
  /** The merchant and its owner, who is the author, or nothing. */
  /** Answers the merchant as it is: a try of the same request may have created it before. */
  readonly create: (merchant: Merchant, author: Author, signal?: AbortSignal) => Promise<Merchant>
  readonly find: (merchantId: MerchantId, signal?: AbortSignal) => Promise<Merchant | undefined>
  readonly listOf: (
    user: UserId,
    page: PageRequest<MerchantId>,
    signal?: AbortSignal,
  ) => Promise<PageOf<Membership>>
  readonly rename: (
    merchantId: MerchantId,
    author: Author,
    change: (current: Merchant) => Merchant,
    signal?: AbortSignal,
  ) => Promise<Merchant | undefined>
  /** Refused while the merchant has a store, geofence, scene or offer. `check` throws when it is not this state that shall go. */
  readonly remove: (
    merchantId: MerchantId,
    author: Author,
    check?: (current: Merchant) => void,
    signal?: AbortSignal,
  ) => Promise<Removed>
}

const membershipItemSchema = z.object({
  merchantId: idSchema('mer'),
  name: z.string(),
  role: z.enum(MEMBER_ROLES),
  until: z.string().exactOptional(),
})

/** Merchants and who belongs to them, over the Catalog. */
export const createMerchantRecords = (tables: CatalogTables): MerchantRecords => {
  const { client, catalog } = tables

  const get = (Key: { pk: string; sk: string }, signal?: AbortSignal): Promise<Item | undefined> =>
    getItem(client, catalog, Key, signal)

  const find: MerchantRecords['find'] = async (merchantId, signal) => {
    const item = await get(merchantKey(merchantId), signal)
    return item && merchantSchema.parse(item)
  }

  /** In the operator's list of all merchants. */
  const listed = ({ id, name }: Merchant): TransactItem => ({
    Put: { TableName: catalog, Item: { ...directoryKey(id), kind: 'listedMerchant', merchantId: id, name } },
  })

  const deleteAt = (Key: Record<string, string>): TransactItem => ({ Delete: { TableName: catalog, Key } })

  // Everything new of a merchant adds to its VERSION: as long as that is the same, it is still empty.
  const deleteVersion = (merchantId: MerchantId, version: unknown): TransactItem => ({
    Delete: {
      TableName: catalog,
      Key: versionKey(merchantId),
      ...(version === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } }),
    },
  })

  return {
    create: async (merchant, author, signal) => {
      const owner = { user: author.user, role: 'owner', addedAt: merchant.createdAt } as const
      const outcome = await transact(
        client,
        [
          {
            Put: {
              TableName: catalog,
              Item: { ...merchantKey(merchant.id), kind: 'merchant', ...merchant },
              ConditionExpression: 'attribute_not_exists(pk)',
            },
          },
          listed(merchant),
          { Put: { TableName: catalog, Item: memberItem(merchant.id, owner) } },
          { Put: { TableName: catalog, Item: membershipItem(merchant.id, merchant.name, owner) } },
          auditWrite(catalog, merchant.id, author, {
            action: 'create',
            object: merchant.id,
            after: merchant.revision,
          }),
        ],
        retrying(signal),
      )
      if (outcome.kind === 'done') return merchant
      const created = await find(merchant.id, signal)
      if (created === undefined) throw new Error('neither created nor there')
      return created
    },

    find,

    listOf: async (user, { limit, after }, signal) => {
      const { items, more } = await listUnder(
        tables,
        { pk: `SUB#${user}`, prefix: 'M#', limit, after },
        signal,
      )
      const memberships = items
        .map((item) => membershipItemSchema.parse(item))
        .map(({ merchantId, ...rest }): Membership => ({ id: merchantId, ...rest }))
      const last = memberships.at(-1)
      return { items: memberships, ...(more && last !== undefined && { next: last.id }) }
    },

    rename: (merchantId, author, change, signal) =>
      optimistically(async (): Promise<Merchant | undefined | 'again'> => {
        const current = await find(merchantId, signal)
        if (current === undefined) return undefined
        const next = change(current)
        const members = await membersOf(tables, merchantId, signal)
        const outcome = await transact(
          client,
          [
            {
              Put: {
                TableName: catalog,
                Item: { ...merchantKey(merchantId), kind: 'merchant', ...next },
                ConditionExpression: 'revision = :revision',
                ExpressionAttributeValues: { ':revision': current.revision },
              },
            },
            listed(next),
            // Its name, caps and budget are part of what deciding caches.
            nextVersion(catalog, versionKey(merchantId), 'version'),
            auditWrite(catalog, merchantId, author, {
              action: 'replace',
              object: merchantId,
              before: current.revision,
              after: next.revision,
            }),
            ...members.map(
              ({ user }): TransactItem => ({
                Update: {
                  TableName: catalog,
                  Key: membershipKey(user, merchantId),
                  UpdateExpression: 'SET #name = :name',
                  ConditionExpression: 'attribute_exists(pk)',
                  ExpressionAttributeNames: { '#name': 'name' },
                  ExpressionAttributeValues: { ':name': next.name },
                },
              }),
            ),
          ],
          retrying(signal),
        )
        return outcome.kind === 'done' ? next : 'again'
      }, signal),

    remove: (merchantId, author, check, signal) =>
      optimistically(async (): Promise<Removed | 'again'> => {
        const version = (await get(versionKey(merchantId), signal))?.['version']
        const current = await find(merchantId, signal)
        if (current === undefined) return 'absent'
        check?.(current)
        const heldBy = await findThings(tables, merchantId, signal)
        if (heldBy.length > 0) return { heldBy }
        const members = await membersOf(tables, merchantId, signal)
        const outcome = await transact(
          client,
          [
            deleteVersion(merchantId, version),
            auditWrite(catalog, merchantId, author, {
              action: 'delete',
              object: merchantId,
              before: current.revision,
            }),
            deleteAt(merchantKey(merchantId)),
            deleteAt(directoryKey(merchantId)),
            ...members.flatMap(({ user }) => [
              deleteAt(memberKey(merchantId, user)),
              deleteAt(membershipKey(user, merchantId)),
            ]),
          ],
          retrying(signal),
        )
        return outcome.kind === 'done' ? 'removed' : 'again'
      }, signal),
  }
}
