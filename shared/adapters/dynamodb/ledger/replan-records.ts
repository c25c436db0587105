import { DeleteCommand, type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { isConditionFailure, wasWritten } from '#shared/adapters/dynamodb/condition-failure.ts'
import type { Gifts } from '#shared/adapters/dynamodb/ledger/gifts.ts'
import type { PlanCoupons } from '#shared/adapters/dynamodb/ledger/plan-coupons.ts'
import type { ReadOccasions } from '#shared/adapters/dynamodb/ledger/plan-reader.ts'
import { asRead } from '#shared/adapters/dynamodb/ledger/relationship-writes.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { getItem, type Item, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import {
  CUSTOMER_SHARDS,
  customerIndexPk,
  parseRelationship,
  planAttributes,
  relationshipKey,
} from '#shared/contracts/items/relationship.ts'
import { parseReplan, type ReplanCursor, replanDueKey, replanKey } from '#shared/contracts/items/replan.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import { firstMomentMs, voidGifts } from '#shared/domain/scenes/next-occasions.ts'

export type ReplanRecords = {
  /** Where going through a merchant's customers stands; undefined when there is nothing to do, or a later change asks. */
  readonly find: (
    merchantId: MerchantId,
    askedAt: string,
    signal?: AbortSignal,
  ) => Promise<{ readonly cursor: ReplanCursor } | undefined>
  /** Some of the merchant's customers, and where the next are; absent: these were the last. */
  readonly customersFrom: (
    merchantId: MerchantId,
    cursor: ReplanCursor,
    signal?: AbortSignal,
  ) => Promise<{ readonly customers: readonly Customer[]; readonly next?: ReplanCursor }>
  /**
   * Moves a customer to the next occasion by the plans as they are, and what the customer holds to its first reminder.
   *
   * @returns whether anything was to be moved
   */
  readonly replan: (customer: Customer, nowMs: number, signal?: AbortSignal) => Promise<boolean>
  /** Goes on there in a minute. */
  readonly stopAt: (
    merchantId: MerchantId,
    askedAt: string,
    cursor: ReplanCursor,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<void>
  readonly end: (merchantId: MerchantId, askedAt: string, signal?: AbortSignal) => Promise<void>
}

/** A customer of a merchant, as the index shows the relationship. */
export type Customer = { readonly user: UserId; readonly merchantId: MerchantId; readonly item: Item }

const PAGE = 100
const customerSchema = z.object({ user: id('usr'), merchantId: id('mer') })

/** Going through a merchant's customers after its visit plans changed. */
export const createReplanRecords = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
  readOccasions: ReadOccasions,
  gifts: Gifts,
  planCoupons: PlanCoupons,
): ReplanRecords => {
  const options = (signal?: AbortSignal) => (signal ? { abortSignal: signal } : {})

  /** What a later change has asked for stays. */
  const unlessAskedAgain = async (work: Promise<unknown>): Promise<void> => {
    await wasWritten(work)
  }

  const readAgain = async (
    { user, merchantId }: Customer,
    signal?: AbortSignal,
  ): Promise<Item | undefined> => {
    const Key = relationshipKey(user, merchantId)
    const Item = await getItem(client, table, Key, signal)
    return Item
  }

  const replanAs = async (customer: Customer, item: Item, nowMs: number, signal?: AbortSignal) => {
    const { user, merchantId } = customer
    const stored = parseRelationship(item)
    const { dueMs } = stored.plan
    // What is due by now the sweep looks at, by the plans as they are.
    if (dueMs !== undefined && dueMs <= nowMs) return false
    const { occasions } = await readOccasions(user, merchantId, stored, nowMs, signal)
    const given = voidGifts(occasions, stored.plan.handled)
    for (const name of given.void) await gifts.release(user, name, nowMs, signal)
    const nextMs = firstMomentMs(occasions, { ...stored.plan, handled: given.handled }, nowMs)
    const changed = given.void.length > 0 ? { handled: given.handled } : {}
    const { sets, removes, values } = planAttributes(
      user,
      merchantId,
      stored.plan,
      { nextMs, ...changed },
      { nowMs, dueShards },
    )
    if (values[':dueSk'] === item['dueSk'] && given.void.length === 0) return false
    const { condition, values: read } = asRead(stored)
    const change = [
      ...(sets.length > 0 ? [`SET ${sets.join(', ')}`] : []),
      ...(removes.length > 0 ? [`REMOVE ${removes.join(', ')}`] : []),
    ]
    await client.send(
      new UpdateCommand({
        TableName: table,
        Key: relationshipKey(user, merchantId),
        ConditionExpression: `attribute_exists(pk) AND ${condition}`,
        UpdateExpression: `${change.join(' ')} ADD version :one`,
        ExpressionAttributeValues: { ...read, ...values, ':one': 1 },
      }),
      options(signal),
    )
    return true
  }

  return {
    find: async (merchantId, askedAt, signal) => {
      const Item = await getItem(client, table, replanKey(merchantId), signal)
      if (Item === undefined) return undefined
      const { askedAt: latest, cursor = { shard: 0 } } = parseReplan(Item)
      return latest === askedAt ? { cursor } : undefined
    },

    customersFrom: async (merchantId, { shard, start }, signal) => {
      const page = await queryPage(
        client,
        {
          TableName: table,
          IndexName: 'byMerchant',
          KeyConditionExpression: 'merchantPk = :pk',
          ExpressionAttributeValues: { ':pk': customerIndexPk(merchantId, shard) },
          Limit: PAGE,
          ...(start && { ExclusiveStartKey: start }),
        },
        { signal },
      )
      const customers = page.items.map((item) => ({ ...customerSchema.parse(item), item }))
      const next =
        page.next === undefined
          ? { shard: shard + 1 }
          : { shard, start: z.record(z.string(), z.string()).parse(page.next) }
      return { customers, ...(next.shard < CUSTOMER_SHARDS && { next }) }
    },

    replan: async (customer, nowMs, signal) => {
      let seen: Item | undefined = customer.item
      const { timeZone } = parseRelationship(customer.item).relationship
      const planned = await planCoupons(customer.user, customer.merchantId, timeZone, nowMs, signal)
      const moved = await optimistically(async (): Promise<boolean | 'again'> => {
        if (seen === undefined) return false
        try {
          return await replanAs(customer, seen, nowMs, signal)
        } catch (error) {
          if (!isConditionFailure(error)) throw error
          // A visit or a sweep came first, or the index was behind.
          seen = await readAgain(customer, signal)
          return 'again'
        }
      }, signal)
      return moved || planned
    },

    stopAt: (merchantId, askedAt, cursor, nowMs, signal) => {
      const { duePk, dueSk } = replanDueKey(merchantId, nowMs, dueShards)
      return unlessAskedAgain(
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: replanKey(merchantId),
            ConditionExpression: 'askedAt = :asked',
            UpdateExpression: 'SET #cursor = :cursor, duePk = :pk, dueSk = :sk',
            ExpressionAttributeNames: { '#cursor': 'cursor' },
            ExpressionAttributeValues: { ':asked': askedAt, ':cursor': cursor, ':pk': duePk, ':sk': dueSk },
          }),
          options(signal),
        ),
      )
    },

    end: (merchantId, askedAt, signal) =>
      unlessAskedAgain(
        client.send(
          new DeleteCommand({
            TableName: table,
            Key: replanKey(merchantId),
            ConditionExpression: 'askedAt = :asked',
            ExpressionAttributeValues: { ':asked': askedAt },
          }),
          options(signal),
        ),
      ),
  }
}
