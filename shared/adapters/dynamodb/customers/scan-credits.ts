import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import type { TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import { userKey } from '#shared/contracts/items/ledger.ts'
import type { MerchantId, QrCodeId, UserId } from '#shared/domain/ids.ts'

/** What a QR code is counted to have brought. */
export type ScanCount = 'scans' | 'claimedScans' | 'customers' | 'signUps' | 'claims' | 'redemptions'
/** What a scan may lead to. */
type ScanOutcome = 'claims' | 'redemptions'

/** What happens later is no outcome of a scan. */
const OUTCOME_WINDOW_MS = 7 * 86_400_000
/** A till that was offline reports up to seven days late. */
const LAST_SCAN_S = 15 * 86_400

const lastScanSchema = z.object({
  qrCodeId: id('qrc'),
  scanHash: z.string(),
  atMs: z.number(),
  claims: z.literal(1).optional(),
  redemptions: z.literal(1).optional(),
})
/** A customer's latest scan at a merchant, and which of its outcomes were counted. */
export type LastScan = z.output<typeof lastScanSchema>

export const parseLastScan = (item: unknown): LastScan | undefined =>
  item === undefined ? undefined : lastScanSchema.parse(item)

export const scanCountsKey = (qrCodeId: QrCodeId) => ({ pk: `QR#${qrCodeId}`, sk: 'SCANS' })
export const lastScanKey = (user: UserId, merchantId: MerchantId) => ({
  pk: userKey(user),
  sk: `LAST-SCAN#${merchantId}`,
})

/** Counts one more of each, in the transaction of the fact. */
export const countScan = (ledger: string, qrCodeId: QrCodeId, names: readonly ScanCount[]): TransactItem => ({
  Update: {
    TableName: ledger,
    Key: scanCountsKey(qrCodeId),
    UpdateExpression: `SET kind = :kind ADD ${names.map((name) => `${name} :one`).join(', ')}`,
    ExpressionAttributeValues: { ':kind': 'scanCount', ':one': 1 },
  },
})

/** Keeps a scan as the customer's latest at the merchant; fails where a later one is kept. */
export const keepLastScan = (
  ledger: string,
  user: UserId,
  merchantId: MerchantId,
  { qrCodeId, scanHash, atMs }: LastScan,
): TransactItem => ({
  Put: {
    TableName: ledger,
    Item: {
      ...lastScanKey(user, merchantId),
      kind: 'lastScan',
      qrCodeId,
      scanHash,
      atMs,
      ttl: Math.floor(atMs / 1000) + LAST_SCAN_S,
    },
    ConditionExpression: 'attribute_not_exists(pk) OR atMs <= :at',
    ExpressionAttributeValues: { ':at': atMs },
  },
})

/**
 * Credits the latest scan at the merchant with an outcome, once for each scan and kind of outcome.
 *
 * @param atMs when the outcome happened
 * @returns nothing to write where no scan of the seven days before is left to be credited
 */
export const creditScan = async (
  { client, ledger }: { readonly client: DynamoDBDocumentClient; readonly ledger: string },
  { user, merchantId }: { readonly user: UserId; readonly merchantId: MerchantId },
  outcome: ScanOutcome,
  atMs: number,
  signal?: AbortSignal,
): Promise<TransactItem[]> => {
  const Key = lastScanKey(user, merchantId)
  const get = new GetCommand({ TableName: ledger, Key, ConsistentRead: true })
  const last = parseLastScan((await client.send(get, signal ? { abortSignal: signal } : {})).Item)
  if (last === undefined || last[outcome] !== undefined) return []
  if (atMs < last.atMs || atMs - last.atMs > OUTCOME_WINDOW_MS) return []
  const credited: TransactItem = {
    Update: {
      TableName: ledger,
      Key,
      UpdateExpression: 'SET #outcome = :one',
      ConditionExpression: 'scanHash = :scan AND attribute_not_exists(#outcome)',
      ExpressionAttributeNames: { '#outcome': outcome },
      ExpressionAttributeValues: { ':one': 1, ':scan': last.scanHash },
    },
  }
  return [credited, countScan(ledger, last.qrCodeId, [outcome])]
}
