import type { CustomerTables } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import {
  parseVisit,
  type StoredVisit,
  visitIndex,
  visitKey,
  visitsPk,
} from '#shared/contracts/items/visit.ts'
import type { UserId, VisitId } from '#shared/domain/ids.ts'

/** Where a visit stands in the list of its customer. */
export type VisitPlace = { readonly enteredAtMs: number; readonly visitId: VisitId }

export type VisitRecords = {
  /** A customer's settled visits, the latest first, as an index knows them: a moment late. */
  readonly listOf: (
    user: UserId,
    page: { readonly limit: number; readonly after?: VisitPlace | undefined },
    signal?: AbortSignal,
  ) => Promise<{ readonly items: readonly StoredVisit[]; readonly next?: VisitPlace }>
}

/** A customer's own visits, over the Ledger; `VisitStore` writes them. */
export const createVisitRecords = ({ client, ledger }: CustomerTables): VisitRecords => ({
  listOf: async (user, { limit, after }, signal) => {
    const start = after && {
      ...visitKey(user, after.visitId),
      ...visitIndex(user, after.visitId, after.enteredAtMs),
    }
    const page = await queryPage(
      client,
      {
        TableName: ledger,
        IndexName: 'byMerchant',
        KeyConditionExpression: 'merchantPk = :pk',
        ExpressionAttributeValues: { ':pk': visitsPk(user) },
        ScanIndexForward: false,
        Limit: limit,
        ...(start && { ExclusiveStartKey: start }),
      },
      { signal },
    )
    const items = page.items.map(parseVisit)
    const last = items.at(-1)
    return { items, ...(page.next && last && { next: last }) }
  },
})
