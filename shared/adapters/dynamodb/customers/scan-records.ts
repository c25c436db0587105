import * as z from 'zod'
import {
  type CustomerTables,
  type Erased,
  hash,
  markFirstActed,
  notErased,
  retrying,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { eventKey } from '#shared/adapters/dynamodb/customers/event-records.ts'
import {
  countScan,
  keepLastScan,
  lastScanKey,
  parseLastScan,
  type ScanCount,
  scanCountsKey,
} from '#shared/adapters/dynamodb/customers/scan-credits.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { batchGetAll, getItem, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { RETENTION_S, userKey } from '#shared/contracts/items/ledger.ts'
import { parseRelationship, relationshipKey } from '#shared/contracts/items/relationship.ts'
import type { MerchantId, QrCodeId, UserId } from '#shared/domain/ids.ts'

/** A scan, by whomever. */
export type Scan = {
  readonly scanId: string
  readonly code: string
  readonly qrCodeId: QrCodeId
  readonly merchantId: MerchantId
  readonly atMs: number
}
/** What is known of a scan. */
export type StoredScan = Pick<Scan, 'code' | 'atMs'>

export type ScanRecords = {
  /** Keeps and counts the scan of somebody who has not said who it is. */
  readonly note: (scan: Omit<Scan, 'merchantId'>, signal?: AbortSignal) => Promise<void>
  readonly find: (scanId: string, nowMs: number, signal?: AbortSignal) => Promise<StoredScan | undefined>
  /**
   * Makes a scan the customer's own, and counts that. Safe to repeat.
   *
   * @param isNew the app has read the code itself: then the scan is kept and counted, too, if it is not known
   * @returns `taken` where it is somebody else's
   */
  readonly claim: (
    user: UserId,
    scan: Scan,
    isNew: boolean,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'claimed' | 'taken' | Erased>
}

/** What a QR code has brought. */
export type ScanCounts = Readonly<Record<ScanCount, number>>
export type SumScans = (qrCodeId: QrCodeId, signal?: AbortSignal) => Promise<ScanCounts>

/** For so long a scan may be made somebody's own. */
const UNCLAIMED_S = 30 * 86_400
/** A claim that is sent again is known for so long. */
const CLAIMED_S = 2 * 86_400

/** The app event that a customer's scan is. */
export const scanEventId = (scanId: string): string => `scan-${scanId}`

const scanKey = (scanId: string) => ({ pk: `SCAN#${hash(scanId)}`, sk: 'SCAN' })
const scannedKey = (user: UserId, qrCodeId: QrCodeId) => ({ pk: userKey(user), sk: `SCANNED#${qrCodeId}` })

const scanSchema = z.object({
  code: z.string(),
  atMs: z.number(),
  ttl: z.number(),
  claimedBy: z.string().optional(),
})
const countSchema = z.number().default(0)
const countsSchema = z.object({
  scans: countSchema,
  claimedScans: countSchema,
  customers: countSchema,
  signUps: countSchema,
  claims: countSchema,
  redemptions: countSchema,
})

/** Scans of QR codes, over the Ledger. One place is scanned far less often than the 1,000 times a second that one counter takes. */
export const createScanRecords = ({ client, ledger }: CustomerTables): ScanRecords => {
  const put = (
    { scanId, code, atMs }: Omit<Scan, 'merchantId'>,
    ttlS: number,
    claimedBy?: string,
  ): TransactItem => ({
    Put: {
      TableName: ledger,
      Item: {
        ...scanKey(scanId),
        kind: 'scan',
        code,
        atMs,
        ttl: Math.floor(atMs / 1000) + ttlS,
        ...(claimedBy !== undefined && { claimedBy }),
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  })
  const take = (scanId: string, claimedBy: string, nowMs: number): TransactItem => ({
    Update: {
      TableName: ledger,
      Key: scanKey(scanId),
      UpdateExpression: 'SET claimedBy = :me, #ttl = :ttl',
      ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(claimedBy)',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':me': claimedBy, ':ttl': Math.floor(nowMs / 1000) + CLAIMED_S },
    },
  })

  const read = async (scanId: string, signal?: AbortSignal) => {
    const Item = await getItem(client, ledger, scanKey(scanId), signal)
    return Item && scanSchema.parse(Item)
  }

  /** The claim of an app that sends it again may be forgotten by then; the event is not. */
  const wasTold = async (user: UserId, scanId: string, signal?: AbortSignal): Promise<boolean> =>
    (await getItem(client, ledger, eventKey(user, scanEventId(scanId)), signal)) !== undefined

  /** What a scan tells of its customer beyond itself, and what is counted with it. */
  const attribute = async (
    user: UserId,
    { qrCodeId, merchantId, atMs }: Scan,
    claimedBy: string,
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<{ readonly writes: readonly TransactItem[]; readonly counts: readonly ScanCount[] }> => {
    const scanned = scannedKey(user, qrCodeId)
    const keys = [scanned, lastScanKey(user, merchantId), relationshipKey(user, merchantId)]
    const [items = []] = await batchGetAll(
      client,
      [{ table: ledger, keys, consistent: true }],
      retrying(signal),
    )
    const [known, last, relationship] = items
    const isSignUp = parseRelationship(relationship).actedAt === undefined
    const lastMs = parseLastScan(last)?.atMs ?? 0
    const Item = { ...scanned, kind: 'scanned', qrCodeId, ttl: Math.floor(nowMs / 1000) + RETENTION_S }
    const writes: TransactItem[] = [
      ...(known === undefined
        ? [{ Put: { TableName: ledger, Item, ConditionExpression: 'attribute_not_exists(pk)' } }]
        : []),
      ...(lastMs <= atMs
        ? [keepLastScan(ledger, user, merchantId, { qrCodeId, scanHash: claimedBy, atMs })]
        : []),
      ...(isSignUp ? [markFirstActed(ledger, user, merchantId, nowMs)] : []),
    ]
    return {
      writes,
      counts: [
        ...(known === undefined ? ['customers' as const] : []),
        ...(isSignUp ? ['signUps' as const] : []),
      ],
    }
  }

  return {
    note: async (scan, signal) => {
      await transact(
        client,
        [put(scan, UNCLAIMED_S), countScan(ledger, scan.qrCodeId, ['scans'])],
        retrying(signal),
      )
    },

    // TTL deletes late: what is over does not count any more.
    find: async (scanId, nowMs, signal) => {
      const found = await read(scanId, signal)
      return found !== undefined && found.ttl * 1000 > nowMs ? found : undefined
    },

    claim: (user, scan, isNew, nowMs, signal) =>
      optimistically(async () => {
        // Of a customer who is erased nothing is left that says more than a random number did.
        const me = hash(`${scan.scanId}|${user}`)
        const found = await read(scan.scanId, signal)
        if (found?.claimedBy !== undefined) return found.claimedBy === me ? 'claimed' : 'taken'
        if (found === undefined && !isNew) return 'taken'
        if (found === undefined && (await wasTold(user, scan.scanId, signal))) return 'claimed'
        const { writes, counts } = await attribute(user, scan, me, nowMs, signal)
        const made = found === undefined ? put(scan, CLAIMED_S, me) : take(scan.scanId, me, nowMs)
        const scans = found === undefined ? (['scans', 'claimedScans'] as const) : (['claimedScans'] as const)
        const counted = countScan(ledger, scan.qrCodeId, [...scans, ...counts])
        const all = [notErased(ledger, user), made, counted, ...writes]
        const outcome = await transact(client, all, retrying(signal))
        if (outcome.kind === 'done') return 'claimed'
        return outcome.reasons[0] === undefined ? 'again' : 'erased'
      }, signal),
  }
}

/** Reads what a QR code has brought. */
export const createSumScans =
  ({ client, ledger }: CustomerTables): SumScans =>
  async (qrCodeId, signal) => {
    const Item = await getItem(client, ledger, scanCountsKey(qrCodeId), signal)
    return countsSchema.parse(Item ?? {})
  }
