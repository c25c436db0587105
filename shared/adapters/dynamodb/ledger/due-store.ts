import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { isConditionFailure } from '#shared/adapters/dynamodb/condition-failure.ts'
import { queryPage, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { dueKey, profileKey, RETENTION_S, userKey } from '#shared/contracts/items/ledger.ts'
import { shardOf } from '#shared/domain/ids.ts'

const due = { pk: z.string(), sk: z.string(), duePk: z.string(), dueSk: z.string(), user: id('usr') }
const dueItem = z.discriminatedUnion('kind', [
  z.object({ ...due, kind: z.literal('message'), messageId: id('msg'), channel: z.enum(['push', 'sms']) }),
  z.object({
    ...due,
    kind: z.literal('relationship'),
    merchantId: id('mer'),
    lastVisitAtMs: z.number(),
    timeZone: z.string().optional(),
    dueDays: z.array(z.number()).max(20),
  }),
])
/** `unreadable`: it stands in the index, but is neither. */
export type DueItem = z.output<typeof dueItem> | { readonly kind: 'unreadable' }
export type DueMessage = Extract<DueItem, { kind: 'message' }>
export type DueRelationship = Extract<DueItem, { kind: 'relationship' }>

const DAY_MS = 86_400_000
const PAGE = 100
const CURSOR = { pk: 'SWEEP', sk: 'CURSOR' }

export type DueStore = {
  /** What is due by `nowMs` in one shard of one hour, the oldest first, at most 100. */
  readonly dueIn: (hour: string, shard: number, nowMs: number, signal?: AbortSignal) => Promise<DueItem[]>
  /** The oldest hour that may hold something unfinished, as it was remembered. */
  readonly readCursor: (signal?: AbortSignal) => Promise<string | undefined>
  readonly writeCursor: (hour: string, signal?: AbortSignal) => Promise<void>
  /** Looks at a message again later; false when it has ended or moved meanwhile. */
  readonly postpone: (message: DueMessage, untilMs: number, signal?: AbortSignal) => Promise<boolean>
  /** Turns a due occasion into an event and plans the next one, together. */
  readonly raiseOccasion: (
    relationship: DueRelationship,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<void>
}

/** The `due` index of the Ledger. */
export const createDueStore = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
): DueStore => {
  const options = (signal?: AbortSignal) => (signal ? { abortSignal: signal } : {})

  const nextPlan = ({ user, merchantId, lastVisitAtMs, dueDays }: DueRelationship, nowMs: number) => {
    const [, next, ...later] = dueDays
    if (next === undefined) return undefined
    // Not in an hour that the sweep has left, when the next day has passed, too.
    const atMs = Math.max(nowMs, lastVisitAtMs + next * DAY_MS)
    const key = dueKey(atMs, `${user}#${merchantId}`, shardOf(user, dueShards))
    return { ...key, dueDays: [next, ...later] }
  }

  return {
    dueIn: async (hour, shard, nowMs, signal) => {
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
        },
        { signal },
      )
      return page.items.map((item) => dueItem.safeParse(item).data ?? { kind: 'unreadable' })
    },

    readCursor: async (signal) => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: CURSOR, ConsistentRead: true }),
        options(signal),
      )
      return z.object({ hour: z.string() }).optional().parse(Item)?.hour
    },

    writeCursor: async (hour, signal) => {
      await client.send(
        new PutCommand({ TableName: table, Item: { ...CURSOR, kind: 'cursor', hour } }),
        options(signal),
      )
    },

    postpone: async ({ pk, sk, dueSk, messageId }, untilMs, signal) => {
      const next = dueKey(untilMs, messageId, shardOf(messageId, dueShards))
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: { pk, sk },
            ConditionExpression: 'dueSk = :seen',
            UpdateExpression: 'SET duePk = :pk, dueSk = :sk',
            ExpressionAttributeValues: { ':seen': dueSk, ':pk': next.duePk, ':sk': next.dueSk },
          }),
          options(signal),
        )
        return true
      } catch (error) {
        if (isConditionFailure(error)) return false
        throw error
      }
    },

    raiseOccasion: async (relationship, nowMs, signal) => {
      const { pk, sk, dueSk, user, merchantId, lastVisitAtMs, timeZone, dueDays } = relationship
      const days = dueDays[0]
      if (days === undefined) return
      const dueAtMs = lastVisitAtMs + days * DAY_MS
      const occasion = `due:${merchantId}:${days}:${lastVisitAtMs}`
      const plan = nextPlan(relationship, nowMs)
      await transact(
        client,
        [
          {
            Update: {
              TableName: table,
              Key: { pk, sk },
              ConditionExpression: 'dueSk = :seen',
              UpdateExpression: plan
                ? 'SET duePk = :pk, dueSk = :sk, dueDays = :days ADD version :one'
                : 'REMOVE duePk, dueSk, dueDays ADD version :one',
              ExpressionAttributeValues: {
                ':seen': dueSk,
                ':one': 1,
                ...(plan ? { ':pk': plan.duePk, ':sk': plan.dueSk, ':days': plan.dueDays } : {}),
              },
            },
          },
          {
            Put: {
              TableName: table,
              Item: {
                pk: userKey(user),
                sk: `EVENT#${occasion}`,
                kind: 'event',
                triggerKind: 'due',
                user,
                merchantId,
                dueAtMs,
                daysSinceLastVisit: days,
                occasion,
                ...(timeZone === undefined ? {} : { timeZone }),
                ttl: Math.floor(nowMs / 1000) + RETENTION_S,
              },
            },
          },
          {
            ConditionCheck: {
              TableName: table,
              Key: profileKey(user),
              ConditionExpression: 'attribute_not_exists(tombstone)',
            },
          },
        ],
        { random: Math.random, signal },
      )
    },
  }
}
