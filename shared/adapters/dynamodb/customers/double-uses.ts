import { createHash } from 'node:crypto'
import * as z from 'zod'
import {
  type CustomerTables,
  notErased,
  retrying,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import type { StoredGrant } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import { queryPage, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { type DoubleUse, doubleUseSchema } from '#shared/contracts/http/redemptions.ts'
import { expiryOf, userKey } from '#shared/contracts/items/ledger.ts'
import type { MerchantId } from '#shared/domain/ids.ts'

export type DoubleUses = {
  /** Keeps that something was redeemed again; the same report, sent again, is kept once. */
  readonly note: (
    grant: StoredGrant,
    use: Pick<DoubleUse, 'first' | 'second'>,
    requestId: string,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<void>
  /** A merchant's, the latest report first; `before` = the place of the last one of the page before. */
  readonly list: (
    merchantId: MerchantId,
    page: { readonly limit: number; readonly before?: string | undefined },
    signal?: AbortSignal,
  ) => Promise<{ readonly items: readonly DoubleUse[]; readonly next?: string }>
}

const indexPk = (merchantId: MerchantId): string => `M#${merchantId}#DOUBLE-USE`
const itemSchema = doubleUseSchema.loose().transform(
  ({ grantId, offerId, offerName, first, second, reportedAt }): DoubleUse => ({
    grantId,
    ...(offerId !== undefined && { offerId }),
    ...(offerName !== undefined && { offerName }),
    first,
    second,
    reportedAt,
  }),
)
const placeSchema = z.object({ merchantSk: z.string() })

/**
 * What was redeemed twice, over the Ledger: it stands with the customer, so that it goes with the customer, and the index
 * lists it for the merchant. There are few: one partition of the index holds them.
 */
export const createDoubleUses = ({ client, ledger }: CustomerTables): DoubleUses => ({
  note: async (
    { user, grantId, merchantId, offerId, offerName },
    { first, second },
    requestId,
    nowMs,
    signal,
  ) => {
    // Tills count: what two of them call alike are two uses.
    const { memberId = '', till = '' } = second
    const named = JSON.stringify([merchantId, memberId, till, requestId])
    const name = createHash('sha256').update(named).digest('hex').slice(0, 32)
    const reportedAt = new Date(nowMs).toISOString()
    const Item = {
      pk: userKey(user),
      sk: `DOUBLE-USE#${grantId}#${name}`,
      kind: 'doubleUse',
      user,
      grantId,
      ...(offerId !== undefined && { offerId }),
      ...(offerName !== undefined && { offerName }),
      first,
      second,
      reportedAt,
      merchantPk: indexPk(merchantId),
      merchantSk: `${reportedAt}#${name}`,
      ttl: expiryOf(nowMs),
    }
    const put = { Put: { TableName: ledger, Item, ConditionExpression: 'attribute_not_exists(pk)' } }
    await transact(client, [put, notErased(ledger, user)], retrying(signal))
  },

  list: async (merchantId, { limit, before = '~' }, signal) => {
    const page = await queryPage(
      client,
      {
        TableName: ledger,
        IndexName: 'byMerchant',
        KeyConditionExpression: 'merchantPk = :pk AND merchantSk < :before',
        ExpressionAttributeValues: { ':pk': indexPk(merchantId), ':before': before },
        ScanIndexForward: false,
        Limit: limit,
      },
      { signal },
    )
    const last = page.items.at(-1)
    return {
      items: page.items.map((item) => itemSchema.parse(item)),
      ...(page.next !== undefined && last && { next: placeSchema.parse(last).merchantSk }),
    }
  },
})
