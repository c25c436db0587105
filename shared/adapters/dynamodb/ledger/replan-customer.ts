import { DeleteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { wasWritten } from '#shared/adapters/dynamodb/condition-failure.ts'
import type { DueCustomerReplan } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import type { ReplanRecords } from '#shared/adapters/dynamodb/ledger/replan-records.ts'
import { queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { userKey } from '#shared/contracts/items/ledger.ts'

const PAGE = 100
/** Nobody knows more merchants than these pages hold. */
const MAX_PAGES = 20
const withMerchant = z.object({ merchantId: id('mer') })

/** Plans anew for a customer with every merchant that knows it; what a crash leaves is done again by the next sweep. */
export const createReplanCustomer =
  (
    { client, table }: { client: DynamoDBDocumentClient; table: string },
    replans: Pick<ReplanRecords, 'replan'>,
  ) =>
  async ({ pk, sk, dueSk, user }: DueCustomerReplan, nowMs: number, signal?: AbortSignal): Promise<void> => {
    let start: Record<string, unknown> | undefined
    for (let count = 0; count < MAX_PAGES; count++) {
      const page = await queryPage(
        client,
        {
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :merchant)',
          ExpressionAttributeValues: { ':pk': userKey(user), ':merchant': 'M#' },
          ConsistentRead: true,
          Limit: PAGE,
          ...(start && { ExclusiveStartKey: start }),
        },
        { signal },
      )
      for (const item of page.items) {
        const { merchantId } = withMerchant.parse(item)
        await replans.replan({ user, merchantId, item }, nowMs, signal)
      }
      start = page.next
      if (start === undefined) break
    }
    const end = new DeleteCommand({
      TableName: table,
      Key: { pk, sk },
      // A birthday that was told meanwhile asks again.
      ConditionExpression: 'dueSk = :seen',
      ExpressionAttributeValues: { ':seen': dueSk },
    })
    await wasWritten(client.send(end, signal ? { abortSignal: signal } : {}))
  }
