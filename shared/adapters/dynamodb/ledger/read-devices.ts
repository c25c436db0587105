import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type Item, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { type Device, parseDevices, userKey } from '#shared/contracts/items/ledger.ts'
import type { UserId } from '#shared/domain/ids.ts'

/** More than a customer may register. */
const MAX_DEVICES = 20

/** The phones of a customer, as they are stored. */
export const queryDevices = async (
  client: DynamoDBDocumentClient,
  table: string,
  user: UserId,
  signal?: AbortSignal,
): Promise<readonly Item[]> => {
  const page = await queryPage(
    client,
    {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :device)',
      ExpressionAttributeValues: { ':pk': userKey(user), ':device': 'DEVICE#' },
      ConsistentRead: true,
      Limit: MAX_DEVICES,
    },
    { signal },
  )
  return page.items
}

/** The phones of a customer that push may reach, the freshest first. */
export const readDevices = async (
  client: DynamoDBDocumentClient,
  table: string,
  user: UserId,
  signal?: AbortSignal,
): Promise<Device[]> =>
  parseDevices(await queryDevices(client, table, user, signal)).filter(({ enabled }) => enabled)
