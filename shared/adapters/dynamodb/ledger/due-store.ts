import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { wasWritten } from '#shared/adapters/dynamodb/condition-failure.ts'
import type { CurrentScenes } from '#shared/adapters/dynamodb/ledger/current-scenes.ts'
import { createGifts } from '#shared/adapters/dynamodb/ledger/gifts.ts'
import { createReadOccasions } from '#shared/adapters/dynamodb/ledger/plan-reader.ts'
import { createReadPlatform } from '#shared/adapters/dynamodb/ledger/platform-state.ts'
import { createRaiseEndings, type HeldGrant } from '#shared/adapters/dynamodb/ledger/raise-endings.ts'
import { createRaiseEvent } from '#shared/adapters/dynamodb/ledger/raise-event.ts'
import { createRaiseLater } from '#shared/adapters/dynamodb/ledger/raise-later.ts'
import { createRaiseOccasions } from '#shared/adapters/dynamodb/ledger/raise-occasions.ts'
import { createReplanCustomer } from '#shared/adapters/dynamodb/ledger/replan-customer.ts'
import { createReplanRecords } from '#shared/adapters/dynamodb/ledger/replan-records.ts'
import { createServeWaiters } from '#shared/adapters/dynamodb/ledger/serve-waiters.ts'
import { giveBackUnit, takeFromTally } from '#shared/adapters/dynamodb/ledger/stock-writes.ts'
import { wakeWaiters } from '#shared/adapters/dynamodb/ledger/wake-waiters.ts'
import { getItem, type Item, queryPage, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { dueKey, remindedOf, storedTallies } from '#shared/contracts/items/ledger.ts'
import { parseRelationship, type StoredRelationship } from '#shared/contracts/items/relationship.ts'
import { replanDueKey } from '#shared/contracts/items/replan.ts'
import { shardOf } from '#shared/domain/ids.ts'

const due = { pk: z.string(), sk: z.string(), duePk: z.string(), dueSk: z.string(), user: id('usr') }
const { user: _, ...ofMerchant } = due
const dueItem = z.discriminatedUnion('kind', [
  z.object({ ...due, kind: z.literal('message'), messageId: id('msg'), channel: z.enum(['push', 'sms']) }),
  z.object({ ...due, kind: z.literal('relationship'), merchantId: id('mer') }),
  z.object({
    ...due,
    kind: z.literal('grant'),
    grantId: id('grt').optional(),
    merchantId: id('mer').optional(),
    validUntil: z.string().optional(),
    timeZone: z.string().optional(),
    state: z.enum(['reserved', 'confirmed', 'redeemed', 'released']),
    offerId: id('off'),
    stockShard: z.number(),
    listedCode: z.string().optional(),
    tallies: storedTallies,
  }),
  z.object({
    ...due,
    kind: z.literal('later'),
    merchantId: id('mer'),
    sceneId: id('scn'),
    occasion: z.string().max(200),
    againMs: z.number(),
    about: remindedOf,
    storeId: id('sto').optional(),
    timeZone: z.string().optional(),
    correlationId: id('wrt').optional(),
  }),
  z.object({ ...due, kind: z.literal('gift'), sceneId: id('scn'), occasion: z.string() }),
  z.object({ ...due, kind: z.literal('customerReplan') }),
  z.object({
    ...ofMerchant,
    kind: z.literal('replan'),
    merchantId: id('mer'),
    askedAt: z.string(),
  }),
  z.object({
    ...ofMerchant,
    kind: z.literal('waiting'),
    offerId: id('off'),
    merchantId: id('mer'),
    stockShards: z.number().max(64),
    /** For how long the last look at empty stock put the next one off. */
    idleMs: z.number().optional(),
    /** How often stock that returned has asked for a look. */
    wakes: z.number().optional(),
  }),
])
type Parsed = z.output<typeof dueItem>
/** A relationship with its plan, as the index shows it: what is done about it is done on the condition that it is so. */
export type DueRelationship = Extract<Parsed, { kind: 'relationship' }> & {
  readonly stored: StoredRelationship
}
/** `unreadable`: it stands in the index, but is none of these. */
export type DueItem =
  | Exclude<Parsed, { kind: 'relationship' | 'grant' }>
  | (Extract<Parsed, { kind: 'grant' }> & { readonly held: ReturnType<typeof heldOf> })
  | DueRelationship
  | { readonly kind: 'unreadable' }
export type DueMessage = Extract<DueItem, { kind: 'message' }>
export type DueGrant = Extract<DueItem, { kind: 'grant' }>
/** A reminder that waited for an open hour. */
export type DueLater = Extract<DueItem, { kind: 'later' }>
/** A unit that was kept for an occasion on which nobody has decided. */
export type DueGift = Extract<DueItem, { kind: 'gift' }>
/** A merchant whose customers are to be planned for anew. */
export type DueReplan = Extract<DueItem, { kind: 'replan' }>
/** A customer for whom all merchants' plans are to be computed anew. */
export type DueCustomerReplan = Extract<DueItem, { kind: 'customerReplan' }>
/** An offer for which somebody waits. */
export type DueWaiting = Extract<DueItem, { kind: 'waiting' }>

const heldOf = ({ grantId, merchantId, validUntil }: Extract<Parsed, { kind: 'grant' }>) =>
  grantId === undefined || merchantId === undefined || validUntil === undefined
    ? undefined
    : { grantId, merchantId, validUntilMs: Date.parse(validUntil) }

const parseDue = (item: Item): DueItem => {
  const parsed = dueItem.safeParse(item).data
  if (parsed?.kind === 'grant') return { ...parsed, held: heldOf(parsed) }
  if (parsed?.kind !== 'relationship') return parsed ?? { kind: 'unreadable' }
  try {
    return { ...parsed, stored: parseRelationship(item) }
  } catch (error) {
    if (error instanceof z.ZodError) return { kind: 'unreadable' }
    throw error
  }
}

/** Up to 100 items, and where the next page starts. */
export type DuePage = { readonly items: readonly DueItem[]; readonly next: Item | undefined }

const PAGE = 100
const CURSOR = { pk: 'SWEEP', sk: 'CURSOR' }

export type DueStore = {
  /** What is due by `nowMs` in one shard of one hour, the oldest first. */
  readonly dueIn: (
    hour: string,
    shard: number,
    nowMs: number,
    start: Item | undefined,
    signal?: AbortSignal,
  ) => Promise<DuePage>
  /** The oldest hour that may hold something unfinished, as it was remembered. */
  readonly readCursor: (signal?: AbortSignal) => Promise<string | undefined>
  readonly writeCursor: (hour: string, signal?: AbortSignal) => Promise<void>
  /** Looks at a message or a change of plans again later; false when it has ended or moved meanwhile. */
  readonly postpone: (item: DueMessage | DueReplan, untilMs: number, signal?: AbortSignal) => Promise<boolean>
  /**
   * Gives the unit of an offer back that was not redeemed in time, with the counts of it; once, and not when it was
   * redeemed.
   */
  readonly releaseGrant: (grant: DueGrant, nowMs: number, signal?: AbortSignal) => Promise<void>
  /** Reminds of a coupon before it ends; how many occasions were raised. */
  readonly raiseEndings: (grant: HeldGrant, nowMs: number, signal?: AbortSignal) => Promise<number>
  /** Gives back the unit that was kept for an occasion on which nobody has decided; once. */
  readonly releaseGift: (gift: DueGift, nowMs: number, signal?: AbortSignal) => Promise<void>
  /**
   * Turns the occasions of a plan that are due into one event and moves the relationship to its next moment, together;
   * an erased customer's are dropped.
   *
   * @returns how many occasions were raised
   */
  readonly raiseOccasions: (
    relationship: DueRelationship,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<number>
  /** Raises a reminder again that came outside the open hours. */
  readonly raiseLater: (later: DueLater, nowMs: number, signal?: AbortSignal) => Promise<void>
  /** Moves a customer to the next occasion with each merchant; safe to repeat. */
  readonly replanCustomer: (item: DueCustomerReplan, nowMs: number, signal?: AbortSignal) => Promise<void>
  /**
   * Calls up who waits longest, as many as units are free, and looks again while anybody waits: in a minute, and less and less
   * often, up to once an hour, while nothing is free.
   */
  readonly serveWaiters: (waiting: DueWaiting, nowMs: number, signal?: AbortSignal) => Promise<void>
}

/** The `due` index of the Ledger. */
export const createDueStore = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
  currentScenes: CurrentScenes,
): DueStore => {
  const options = (signal?: AbortSignal) => (signal ? { abortSignal: signal } : {})

  /** Takes an item out of the index that nothing is to be done about any more. */
  const forget = async (
    { pk, sk, dueSk }: { readonly pk: string; readonly sk: string; readonly dueSk: string },
    signal?: AbortSignal,
  ): Promise<void> => {
    await wasWritten(
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: { pk, sk },
          ConditionExpression: 'dueSk = :seen',
          UpdateExpression: 'REMOVE duePk, dueSk',
          ExpressionAttributeValues: { ':seen': dueSk },
        }),
        options(signal),
      ),
    )
  }

  const raise = createRaiseEvent(client, table)
  const gifts = createGifts(client, table)
  const readOccasions = createReadOccasions(client, table, currentScenes)

  return {
    dueIn: async (hour, shard, nowMs, start, signal) => {
      const page = await queryPage(
        client,
        {
          TableName: table,
          IndexName: 'due',
          KeyConditionExpression: 'duePk = :pk AND dueSk <= :now',
          // '~' sorts after every id: all that is due in this very millisecond is in.
          ExpressionAttributeValues: {
            ':pk': `DUE#${hour}#${shard}`,
            ':now': `${new Date(nowMs).toISOString()}~`,
          },
          Limit: PAGE,
          ...(start ? { ExclusiveStartKey: start } : {}),
        },
        { signal },
      )
      return { items: page.items.map(parseDue), next: page.next }
    },

    readCursor: async (signal) => {
      const Item = await getItem(client, table, CURSOR, signal)
      return z.object({ hour: z.string() }).optional().parse(Item)?.hour
    },

    writeCursor: async (hour, signal) => {
      await client.send(
        new PutCommand({ TableName: table, Item: { ...CURSOR, kind: 'cursor', hour } }),
        options(signal),
      )
    },

    postpone: async (item, untilMs, signal) => {
      const { pk, sk, dueSk } = item
      const next =
        item.kind === 'replan'
          ? replanDueKey(item.merchantId, untilMs, dueShards)
          : dueKey(untilMs, item.messageId, shardOf(item.messageId, dueShards))
      return await wasWritten(
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: { pk, sk },
            ConditionExpression: 'dueSk = :seen',
            UpdateExpression: 'SET duePk = :pk, dueSk = :sk',
            ExpressionAttributeValues: { ':seen': dueSk, ':pk': next.duePk, ':sk': next.dueSk },
          }),
          options(signal),
        ),
      )
    },

    releaseGrant: async (grant, nowMs, signal) => {
      const { pk, sk, dueSk, state, offerId, stockShard, listedCode, tallies } = grant
      if (state !== 'reserved') {
        await forget({ pk, sk, dueSk }, signal)
        return
      }
      const release = [
        {
          Update: {
            TableName: table,
            Key: { pk, sk },
            ConditionExpression: '#state = :reserved AND dueSk = :seen',
            UpdateExpression: 'SET #state = :released REMOVE duePk, dueSk',
            ExpressionAttributeNames: { '#state': 'state' },
            ExpressionAttributeValues: { ':reserved': 'reserved', ':released': 'released', ':seen': dueSk },
          },
        },
        giveBackUnit(table, { offerId, stockShard, listedCode }),
      ]
      let counts = tallies.map((tally) => takeFromTally(table, tally))
      for (;;) {
        const woken = await wakeWaiters(client, table, offerId, nowMs, signal)
        const outcome = await transact(client, [...release, ...counts, ...woken], {
          random: Math.random,
          signal,
        })
        if (outcome.kind === 'done') return
        const isGone = (index: number) => outcome.reasons[index] === 'ConditionalCheckFailed'
        const left = counts.filter((_, index) => !isGone(release.length + index))
        // Redeemed or released meanwhile, or its offer is gone: nothing is left to give back.
        if (left.length === counts.length || isGone(0) || isGone(1)) return forget({ pk, sk, dueSk }, signal)
        // A count that is gone, as an erased customer's, keeps no unit back.
        counts = left
      }
    },

    raiseEndings: createRaiseEndings({ client, table, dueShards }, currentScenes, raise, forget),

    releaseGift: ({ user, sceneId, occasion }, nowMs, signal) =>
      gifts.release(user, { sceneId, occasion }, nowMs, signal),

    replanCustomer: createReplanCustomer(
      { client, table },
      createReplanRecords(client, table, dueShards, readOccasions, gifts, async () => false),
    ),

    raiseOccasions: createRaiseOccasions({ client, table, dueShards }, readOccasions, gifts, raise, forget),

    raiseLater: createRaiseLater(table, raise, forget),

    serveWaiters: createServeWaiters(
      client,
      table,
      dueShards,
      raise,
      currentScenes,
      createReadPlatform(client, table),
    ),
  }
}
