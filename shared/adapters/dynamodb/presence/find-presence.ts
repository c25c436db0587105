import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { parsePresence, type StoredPresence } from '#shared/contracts/items/presence.ts'
import type { UserId } from '#shared/domain/ids.ts'

/** A customer's presence as it is stored now; no fix is folded in and no geofence looked up. */
export type FindPresence = (user: UserId, signal?: AbortSignal) => Promise<StoredPresence>

export const createFindPresence =
  (client: DynamoDBDocumentClient, table: string): FindPresence =>
  async (user, signal) => {
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: { pk: `U#${user}` }, ConsistentRead: true }),
      signal ? { abortSignal: signal } : {},
    )
    return parsePresence(Item)
  }
