import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { batchGetAll, type Item, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { messageIdFor } from '#shared/contracts/items/decision.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { messageKey, userKey } from '#shared/contracts/items/ledger.ts'
import { parseRelationship, relationshipKey } from '#shared/contracts/items/relationship.ts'
import {
  parseTrace,
  type StoredOutcome,
  type StoredTrace,
  TRACE_SHARDS,
  tracePk,
} from '#shared/contracts/items/trace.ts'
import type { Place } from '#shared/contracts/items/waiting-list.ts'
import type { MerchantId, MessageId, OfferId, UserId } from '#shared/domain/ids.ts'
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
  /**
   * The latest of a customer's decisions that found this offer sold out; `granted` where its scene spoke to the customer
   * after it. Decisions before the latest 1,000 do not count.
   */
  readonly findSoldOut: (
    user: UserId,
    offerId: OfferId,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<Place | 'granted' | undefined>
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
const LOOKED_AT = 100
const MAX_LOOKS = 10

/** The first of some outcomes, the latest first, that found an offer sold out. */
const soldOutAmong = (
  outcomes: readonly StoredOutcome[],
  user: UserId,
  offerId: OfferId,
): Place | 'granted' | undefined => {
  const found = outcomes.findIndex(({ awaits }) => awaits?.offerId === offerId)
  const { merchantId, sceneId, storeId, awaits } = outcomes[found] ?? {}
  if (merchantId === undefined || sceneId === undefined || awaits === undefined) return undefined
  const later = outcomes.slice(0, found)
  if (later.some((one) => one.result === 'granted' && one.sceneId === sceneId)) return 'granted'
  return { user, merchantId, sceneId, ...awaits, ...(storeId !== undefined && { storeId }) }
}

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
    const items: Item[] = []
    // The place itself is on the page before.
    const wanted = page.limit + (page.before === undefined ? 0 : 1)
    let start: Item | undefined
    // A Query ends after 1 MB, and decisions about many scenes are large; each brings one at least.
    do {
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
          Limit: wanted - items.length,
          ...(start && { ExclusiveStartKey: start }),
        },
        { signal },
      )
      items.push(...found.items)
      start = found.next
    } while (start !== undefined && items.length < wanted)
    return items
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

    findSoldOut: async (user, offerId, nowMs, signal) => {
      const outcomes: StoredOutcome[] = []
      let start: Item | undefined
      for (let look = 0; look < MAX_LOOKS; look += 1) {
        const page = await queryPage(
          client,
          {
            TableName: table,
            KeyConditionExpression: 'pk = :pk AND begins_with(sk, :traces)',
            ExpressionAttributeValues: { ':pk': userKey(user), ':traces': PREFIX },
            ScanIndexForward: false,
            ConsistentRead: true,
            Limit: LOOKED_AT,
            ...(start && { ExclusiveStartKey: start }),
          },
          { signal },
        )
        outcomes.push(
          ...page.items
            .filter((item) => isKept(item, nowMs))
            .flatMap((item) => parseTrace(item).outcomes)
            .filter(({ result, awaits }) => result === 'granted' || awaits?.offerId === offerId),
        )
        const found = soldOutAmong(outcomes, user, offerId)
        start = page.next
        if (found !== undefined || start === undefined) return found
      }
      return undefined
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
