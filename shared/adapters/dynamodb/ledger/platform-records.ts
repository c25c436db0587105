import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import {
  type CatalogTables,
  merchantKey,
  retrying,
  versionKey,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { transact } from '#shared/adapters/dynamodb/transactions.ts'
import { type PlatformState, parsePlatformState, platformKey } from '#shared/contracts/items/platform.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'

export type PlatformRecords = {
  readonly read: (signal?: AbortSignal) => Promise<PlatformState>
  /** Switches everything off, or on again. */
  readonly switch: (
    killed: boolean,
    reason: string | undefined,
    author: Author,
    signal?: AbortSignal,
  ) => Promise<void>
  /** Stands where deciding reads a merchant's version each time, so it counts at once. */
  readonly suspend: (
    merchantId: MerchantId,
    suspension: { readonly at: string; readonly reason?: string } | undefined,
    author: Author,
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

  switch: async (killed, reason, author, signal) => {
    await transact(
      client,
      [
        {
          Update: {
            TableName: ledger,
            Key: platformKey,
            UpdateExpression: `SET kind = :kind, killed = :killed, changedAt = :now${
              reason === undefined ? ' REMOVE killedReason' : ', killedReason = :reason'
            }`,
            ExpressionAttributeValues: {
              ':kind': 'platform',
              ':killed': killed,
              ':now': new Date(author.atMs).toISOString(),
              ...(reason !== undefined && { ':reason': reason }),
            },
          },
        },
        auditWrite(catalog, 'platform', author, {
          action: killed ? 'kill' : 'revive',
          object: 'platform',
          ...(reason !== undefined && { detail: reason }),
        }),
      ],
      retrying(signal),
    )
  },

  suspend: async (merchantId, suspension, author, signal) => {
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
        auditWrite(catalog, merchantId, author, {
          action: suspension ? 'suspend' : 'reinstate',
          object: merchantId,
          ...(suspension?.reason !== undefined && { detail: suspension.reason }),
        }),
      ],
      retrying(signal),
    )
    return outcome.kind === 'done' ? 'saved' : 'absent'
  },
})
