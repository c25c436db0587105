import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import {
  type CatalogTables,
  merchantKey,
  retrying,
  versionKey,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { transact } from '#shared/adapters/dynamodb/transactions.ts'
import { type PlatformState, parsePlatformState, platformKey } from '#shared/contracts/items/platform.ts'
import type { MerchantId } from '#shared/domain/ids.ts'

export type PlatformRecords = {
  readonly read: (signal?: AbortSignal) => Promise<PlatformState>
  readonly switch: (
    killed: boolean,
    reason: string | undefined,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<PlatformState>
  /** Stands where deciding reads a merchant's version each time, so it counts at once. */
  readonly suspend: (
    merchantId: MerchantId,
    suspension: { readonly at: string; readonly reason?: string } | undefined,
    signal?: AbortSignal,
  ) => Promise<'saved' | 'absent'>
}

/** What the operator holds in its hand. */
export const createPlatformRecords = ({ client, catalog, ledger }: CatalogTables): PlatformRecords => ({
  read: async (signal) => {
    const { Item } = await client.send(
      new GetCommand({ TableName: ledger, Key: platformKey, ConsistentRead: true }),
      signal ? { abortSignal: signal } : {},
    )
    return parsePlatformState(Item)
  },

  switch: async (killed, reason, nowMs, signal) => {
    const { Attributes } = await client.send(
      new UpdateCommand({
        TableName: ledger,
        Key: platformKey,
        UpdateExpression: `SET kind = :kind, killed = :killed, changedAt = :now${
          reason === undefined ? ' REMOVE killedReason' : ', killedReason = :reason'
        }`,
        ExpressionAttributeValues: {
          ':kind': 'platform',
          ':killed': killed,
          ':now': new Date(nowMs).toISOString(),
          ...(reason !== undefined && { ':reason': reason }),
        },
        ReturnValues: 'ALL_NEW',
      }),
      signal ? { abortSignal: signal } : {},
    )
    return parsePlatformState(Attributes)
  },

  suspend: async (merchantId, suspension, signal) => {
    const outcome = await transact(
      client,
      [
        {
          ConditionCheck: {
            TableName: catalog,
            Key: merchantKey(merchantId),
            ConditionExpression: 'attribute_exists(pk)',
          },
        },
        {
          Update: {
            TableName: catalog,
            Key: versionKey(merchantId),
            UpdateExpression: suspension
              ? 'SET kind = :kind, suspended = :suspension ADD version :one'
              : 'SET kind = :kind REMOVE suspended ADD version :one',
            ExpressionAttributeValues: {
              ':kind': 'version',
              ':one': 1,
              ...(suspension && { ':suspension': suspension }),
            },
          },
        },
      ],
      retrying(signal),
    )
    return outcome.kind === 'done' ? 'saved' : 'absent'
  },
})
