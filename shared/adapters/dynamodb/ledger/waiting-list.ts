import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { getItem } from '#shared/adapters/dynamodb/transactions.ts'
import { dueKey } from '#shared/contracts/items/ledger.ts'
import { waitingKey } from '#shared/contracts/items/waiting-list.ts'
import { type MerchantId, type OfferId, shardOf } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { Outcome } from '#shared/domain/scenes/decide.ts'
import type { MerchantFacts } from '#shared/domain/scenes/facts.ts'

export type WaitingList = {
  /** Does somebody wait for this offer? Then what comes back is theirs first. */
  readonly hasWaiters: (offerId: OfferId, signal?: AbortSignal) => Promise<boolean>
  /** After a decision left somebody waiting: has the minute schedule look at the offer's stock. */
  readonly note: (
    outcomes: readonly Outcome[],
    merchants: ReadonlyMap<MerchantId, MerchantFacts>,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<void>
}

const LOOK_AFTER_MS = 60_000

/** Has the minute schedule look at an offer's stock, and go on looking while people come. */
export const markWaiting = (
  table: string,
  offer: Pick<Offer, 'id' | 'merchantId' | 'stockShards'>,
  dueShards: number,
  nowMs: number,
) => {
  const due = dueKey(nowMs + LOOK_AFTER_MS, offer.id, shardOf(offer.id, dueShards))
  return {
    TableName: table,
    Key: waitingKey(offer.id),
    UpdateExpression:
      'SET kind = :kind, offerId = :offer, merchantId = :merchant, stockShards = :shards, notedAtMs = :now, duePk = if_not_exists(duePk, :pk), dueSk = if_not_exists(dueSk, :sk)',
    ExpressionAttributeValues: {
      ':kind': 'waiting',
      ':offer': offer.id,
      ':merchant': offer.merchantId,
      ':shards': offer.stockShards,
      ':now': nowMs,
      ':pk': due.duePk,
      ':sk': due.dueSk,
    },
  }
}

/** A popular offer that is sold out leaves many waiting at once; one mark is enough for them all. */
const NOTE_EVERY_MS = 30_000
const MAX_REMEMBERED = 1_000

const soldOutWithList = (
  outcomes: readonly Outcome[],
  merchants: ReadonlyMap<MerchantId, MerchantFacts>,
): Offer[] =>
  outcomes.flatMap((outcome) => {
    if (outcome.kind !== 'suppressed' || outcome.awaits === undefined) return []
    const offer = merchants.get(outcome.scene.merchantId)?.offers.get(outcome.awaits)
    return offer?.hasWaitingList ? [offer] : []
  })

/** The mark of an offer for which somebody waits. */
export const createWaitingList = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
): WaitingList => {
  const noted = new Map<OfferId, number>()

  const mark = async (offer: Offer, nowMs: number, signal?: AbortSignal): Promise<void> => {
    await client.send(
      new UpdateCommand(markWaiting(table, offer, dueShards, nowMs)),
      signal ? { abortSignal: signal } : {},
    )
  }

  return {
    hasWaiters: async (offerId, signal) => {
      const Item = await getItem(client, table, waitingKey(offerId), signal)
      return Item?.['duePk'] !== undefined
    },

    note: async (outcomes, merchants, nowMs, signal) => {
      for (const offer of soldOutWithList(outcomes, merchants)) {
        const lastMs = noted.get(offer.id)
        if (lastMs !== undefined && Math.abs(nowMs - lastMs) < NOTE_EVERY_MS) continue
        await mark(offer, nowMs, signal)
        if (noted.size >= MAX_REMEMBERED) noted.clear()
        noted.set(offer.id, nowMs)
      }
    },
  }
}
