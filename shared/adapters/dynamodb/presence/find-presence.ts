import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { getItem } from '#shared/adapters/dynamodb/transactions.ts'
import { parsePresence, type StoredPresence } from '#shared/contracts/items/presence.ts'
import type { UserId } from '#shared/domain/ids.ts'

/** A customer's presence as it is stored now; no fix is folded in and no geofence looked up. */
export type FindPresence = (user: UserId, signal?: AbortSignal) => Promise<StoredPresence>

export const createFindPresence =
  (client: DynamoDBDocumentClient, table: string): FindPresence =>
  async (user, signal) => {
    const Item = await getItem(client, table, { pk: `U#${user}` }, signal)
    return parsePresence(Item)
  }
