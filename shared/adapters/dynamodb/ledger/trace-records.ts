import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { batchGetAll, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { messageIdFor } from '#shared/contracts/items/decision.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { messageKey, userKey } from '#shared/contracts/items/ledger.ts'
import { parseRelationship, relationshipKey } from '#shared/contracts/items/relationship.ts'
import { parseTrace, type StoredTrace, TRACE_SHARDS, tracePk } from '#shared/contracts/items/trace.ts'
import type { MerchantId, MessageId, UserId } from '#shared/domain/ids.ts'
import { CHANNELS } from '#shared/domain/messages/channel.ts'
import { MESSAGE_STATES, type MessageFate, toldReason } from '#shared/domain/messages/message.ts'

/** A trace, with the place where a list goes on after it. */
export type ListedTrace = StoredTrace & { readonly place: string }

export type TraceRecords = {
  /** A customer's decisions, the latest first; `before` = the place of the last one of the page before. */
  readonly listOf: (
    user: UserId,
    page: { readonly limit: number; readonly before?: string | undefined },
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<readonly ListedTrace[]>
  /** The decisions about a merchant's scenes, of all its customers, the latest hour first. */
  readonly listFor: (
    merchantId: MerchantId,
    page: { readonly limit: number; readonly before?: string | undefined },
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<readonly ListedTrace[]>
  /** What became of the messages that were granted in these decisions; one that is not kept any more is left out. */
  readonly fatesOf: (traces: readonly StoredTrace[], signal?: AbortSignal) => Promise<FatesOf>
  /** What became of these messages of a customer, as for `fatesOf`. */
  readonly fatesOfMessages: (
    user: UserId,
    messageIds: readonly MessageId[],
    signal?: AbortSignal,
  ) => Promise<FatesOf>
  /** Which of these customers have acted with the merchant, and so are known to it. */
  readonly knownTo: (
    merchantId: MerchantId,
    users: readonly UserId[],
    signal?: AbortSignal,
  ) => Promise<ReadonlySet<UserId>>
}

/** The fate of a message by its id. */
export type FatesOf = ReadonlyMap<MessageId, MessageFate>

const PREFIX = 'TRACE#'

const fate = z.object({
  channel: z.enum(CHANNELS),
  state: z.enum(MESSAGE_STATES),
  reason: z.string().exactOptional(),
})

const parseFate = (item: unknown): MessageFate | undefined => {
  // What a newer program wrote is not known here.
  const { data } = fate.safeParse(item)
  if (data === undefined) return undefined
  const reason = toldReason(data.state, data.reason)
  return { channel: data.channel, state: data.state, ...(reason !== undefined && { reason }) }
}

/** Why what was sent or not, over the Ledger. */
export const createTraceRecords = (client: DynamoDBDocumentClient, table: string): TraceRecords => {
  // TTL deletes late: what is over does not count any more.
  const isKept = (item: Readonly<Record<string, unknown>>, nowMs: number): boolean =>
    Number(item['ttl'] ?? Infinity) * 1000 > nowMs

  const pageOf = async (
    query: { readonly index?: string; readonly pk: string; readonly sk: string; readonly from: string },
    page: { readonly limit: number; readonly before?: string | undefined },
    value: string,
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<ListedTrace[]> => {
    const found = await queryPage(
      client,
      {
        TableName: table,
        ...(query.index === undefined ? {} : { IndexName: query.index }),
        KeyConditionExpression: `${query.pk} = :pk AND ${query.sk} BETWEEN :from AND :to`,
        ExpressionAttributeValues: {
          ':pk': value,
          ':from': query.from,
          ':to': page.before ?? `${query.from}~`,
        },
        ScanIndexForward: false,
        // The place itself is on the page before.
        Limit: page.limit + (page.before === undefined ? 0 : 1),
      },
      { signal },
    )
    return found.items
      .filter((item) => isKept(item, nowMs) && item[query.sk] !== page.before)
      .map((item) => ({ ...parseTrace(item), place: String(item[query.sk]) }))
      .slice(0, page.limit)
  }

  const readFates = async (
    keys: readonly ReturnType<typeof messageKey>[],
    signal?: AbortSignal,
  ): Promise<FatesOf> => {
    if (keys.length === 0) return new Map()
    const [items = []] = await batchGetAll(client, [{ table, keys }], { random: Math.random, signal })
    return new Map(
      items.flatMap((item) => {
        const known = parseFate(item)
        const messageId = id('msg').safeParse(item?.['messageId']).data
        return known === undefined || messageId === undefined ? [] : [[messageId, known] as const]
      }),
    )
  }

  return {
    listOf: (user, page, nowMs, signal) =>
      pageOf({ pk: 'pk', sk: 'sk', from: PREFIX }, page, userKey(user), nowMs, signal),

    listFor: async (merchantId, page, nowMs, signal) => {
      const shards = Array.from({ length: TRACE_SHARDS }, (_, shard) => tracePk(merchantId, shard))
      const query = { index: 'byMerchant', pk: 'merchantPk', sk: 'merchantSk', from: '2' }
      const pages = await Promise.all(shards.map((pk) => pageOf(query, page, pk, nowMs, signal)))
      return pages
        .flat()
        .toSorted((a, b) => (a.place < b.place ? 1 : -1))
        .slice(0, page.limit)
    },

    fatesOf: async (traces, signal) => {
      const keys = traces.flatMap(({ user, outcomes }) =>
        outcomes.flatMap(({ sceneId, occasion, result }) =>
          result === 'granted' ? [messageKey(user, messageIdFor(user, sceneId, occasion))] : [],
        ),
      )
      return await readFates(keys, signal)
    },

    fatesOfMessages: (user, messageIds, signal) =>
      readFates(
        messageIds.map((messageId) => messageKey(user, messageId)),
        signal,
      ),

    knownTo: async (merchantId, users, signal) => {
      const distinct = [...new Set(users)]
      if (distinct.length === 0) return new Set()
      const keys = distinct.map((user) => relationshipKey(user, merchantId))
      const [items = []] = await batchGetAll(client, [{ table, keys }], { random: Math.random, signal })
      return new Set(distinct.filter((_, index) => parseRelationship(items[index]).actedAt !== undefined))
    },
  }
}
