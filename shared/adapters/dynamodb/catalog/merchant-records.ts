import { GetCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import {
  type CatalogTables,
  listUnder,
  memberKey,
  membershipKey,
  merchantKey,
  merchantPk,
  type PageOf,
  type PageRequest,
  retrying,
  versionKey,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { nextVersion } from '#shared/adapters/dynamodb/catalog/change-merchant.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { type Item, queryPage, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { type Membership, merchantSchema } from '#shared/contracts/http/merchants.ts'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import { MEMBER_ROLES, type MemberRole, type Merchant } from '#shared/domain/merchants/merchant.ts'

export type MerchantRecords = {
  /** The merchant and its owner, or nothing. */
  readonly create: (merchant: Merchant, owner: UserId, signal?: AbortSignal) => Promise<void>
  readonly find: (merchantId: MerchantId, signal?: AbortSignal) => Promise<Merchant | undefined>
  readonly findRole: (
    merchantId: MerchantId,
    user: UserId,
    signal?: AbortSignal,
  ) => Promise<MemberRole | undefined>
  readonly listOf: (
    user: UserId,
    page: PageRequest<MerchantId>,
    signal?: AbortSignal,
  ) => Promise<PageOf<Membership>>
  readonly rename: (
    merchantId: MerchantId,
    change: (current: Merchant) => Merchant,
    signal?: AbortSignal,
  ) => Promise<Merchant | undefined>
  /** Refused while the merchant has a store, geofence, scene or offer. `check` throws when it is not this state that shall go. */
  readonly remove: (
    merchantId: MerchantId,
    check?: (current: Merchant) => void,
    signal?: AbortSignal,
  ) => Promise<'removed' | 'absent' | 'inUse'>
}

/** Renaming and removing write two items for each member, in one transaction. */
const MAX_MEMBERS = 40
const CHILDREN = ['STORE#', 'GEOFENCE#', 'SCENE#', 'OFFER#', 'REGION#'] as const

const memberSchema = z.object({ role: z.enum(MEMBER_ROLES), user: idSchema('usr') })
const membershipItemSchema = z.object({
  merchantId: idSchema('mer'),
  name: z.string(),
  role: z.enum(MEMBER_ROLES),
})

/** Merchants and who belongs to them, over the Catalog. */
export const createMerchantRecords = (tables: CatalogTables): MerchantRecords => {
  const { client, catalog } = tables

  const get = async (Key: { pk: string; sk: string }, signal?: AbortSignal): Promise<Item | undefined> => {
    const answer = await client.send(
      new GetCommand({ TableName: catalog, Key, ConsistentRead: true }),
      signal ? { abortSignal: signal } : {},
    )
    return answer.Item
  }

  const find: MerchantRecords['find'] = async (merchantId, signal) => {
    const item = await get(merchantKey(merchantId), signal)
    return item && merchantSchema.parse(item)
  }

  const membersOf = async (merchantId: MerchantId, signal?: AbortSignal) => {
    const place = { pk: merchantPk(merchantId), prefix: 'MEMBER#', limit: MAX_MEMBERS }
    const { items, more } = await listUnder(tables, place, signal)
    if (more) throw new Error(`more than ${MAX_MEMBERS} members`)
    return items.map((item) => memberSchema.parse(item))
  }

  const hasChildren = async (merchantId: MerchantId, signal?: AbortSignal): Promise<boolean> => {
    for (const prefix of CHILDREN) {
      const page = await queryPage(
        client,
        {
          TableName: catalog,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': merchantPk(merchantId), ':prefix': prefix },
          ConsistentRead: true,
          Limit: 1,
        },
        { signal },
      )
      if (page.items.length > 0) return true
    }
    return false
  }

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
    create: async (merchant, owner, signal) => {
      const role: MemberRole = 'owner'
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
          {
            Put: {
              TableName: catalog,
              Item: { ...memberKey(merchant.id, owner), kind: 'member', role, user: owner },
            },
          },
          {
            Put: {
              TableName: catalog,
              Item: {
                ...membershipKey(owner, merchant.id),
                kind: 'membership',
                merchantId: merchant.id,
                role,
                name: merchant.name,
              },
            },
          },
        ],
        retrying(signal),
      )
      if (outcome.kind !== 'done') throw new Error('an id was given out twice')
    },

    find,

    findRole: async (merchantId, user, signal) => {
      const item = await get(memberKey(merchantId, user), signal)
      return item && memberSchema.parse(item).role
    },

    listOf: async (user, { limit, after }, signal) => {
      const { items, more } = await listUnder(
        tables,
        { pk: `SUB#${user}`, prefix: 'M#', limit, after },
        signal,
      )
      const memberships = items
        .map((item) => membershipItemSchema.parse(item))
        .map(({ merchantId, name, role }): Membership => ({ id: merchantId, name, role }))
      const last = memberships.at(-1)
      return { items: memberships, ...(more && last !== undefined && { next: last.id }) }
    },

    rename: (merchantId, change, signal) =>
      optimistically(async (): Promise<Merchant | undefined | 'again'> => {
        const current = await find(merchantId, signal)
        if (current === undefined) return undefined
        const next = change(current)
        const members = await membersOf(merchantId, signal)
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
            // Its name, caps and budget are part of what deciding caches.
            nextVersion(catalog, versionKey(merchantId), 'version'),
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

    remove: (merchantId, check, signal) =>
      optimistically(async (): Promise<'removed' | 'absent' | 'inUse' | 'again'> => {
        const version = (await get(versionKey(merchantId), signal))?.['version']
        const current = await find(merchantId, signal)
        if (current === undefined) return 'absent'
        check?.(current)
        if (await hasChildren(merchantId, signal)) return 'inUse'
        const members = await membersOf(merchantId, signal)
        const outcome = await transact(
          client,
          [
            deleteVersion(merchantId, version),
            deleteAt(merchantKey(merchantId)),
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
