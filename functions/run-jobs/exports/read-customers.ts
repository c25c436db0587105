import type { ExportUnit } from '#functions/run-jobs/exports/read-units.ts'
import type { ExportLine } from '#shared/adapters/dynamodb/catalog/export-parts.ts'
import type { ExportRecords } from '#shared/adapters/dynamodb/catalog/export-records.ts'
import { parseGrant, type StoredGrant } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import type {
  CustomerPlace,
  CustomerRecords,
  KnownCustomer,
} from '#shared/adapters/dynamodb/ledger/customer-records.ts'
import { customerView } from '#shared/contracts/http/customers.ts'
import { bucketOf, type ExportPlace } from '#shared/contracts/items/export.ts'
import { type Item, parseMessage } from '#shared/contracts/items/ledger.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'

export type CustomerReads = {
  readonly exports: Pick<ExportRecords, 'readOfCustomer' | 'erasedAmong'>
  readonly customers: Pick<CustomerRecords, 'list'>
  readonly exportLimits: { readonly customersAPage: number }
}

/** Each of them takes two queries. */
const AT_ONCE = 10

/** What is told of a grant; what is added to it later stays inside until somebody has decided on it. */
const GRANT_MEMBERS = [
  'grantId',
  'merchantId',
  'sceneId',
  'messageId',
  'storeId',
  'theme',
  'offerId',
  'offerName',
  'offerKind',
  'offerCents',
  'state',
  'releasedBy',
  'grantedAt',
  'validUntil',
  'redeemAt',
  'redeemedAt',
  'redeemedAtStoreId',
  'redeemedBy',
  'redeemedTill',
] as const satisfies readonly (keyof StoredGrant)[]

const grantView = (item: Item): object => {
  const grant = parseGrant(item)
  const told = GRANT_MEMBERS.filter((name) => name in grant)
  return { userId: grant.user, ...Object.fromEntries(told.map((name) => [name, grant[name]])) }
}

/** What left for whom and how it ended; its words are those of the scene's revision. */
const messageView = (userId: UserId, item: Item): object[] => {
  const message = parseMessage(item)
  if (message === 'unreadable') return []
  const { messageId, grantId, sceneId, channel, state, reason, createdAtMs } = message
  return [
    {
      userId,
      messageId,
      ...(grantId !== undefined && { grantId }),
      sceneId,
      channel,
      state,
      ...(reason !== undefined && { reason }),
      createdAt: new Date(createdAtMs).toISOString(),
    },
  ]
}

const linesOf = async (
  { exports }: CustomerReads,
  merchantId: MerchantId,
  customer: KnownCustomer,
  signal?: AbortSignal,
): Promise<ExportLine[]> => {
  const { user } = customer
  const [grants, messages] = await Promise.all([
    exports.readOfCustomer(merchantId, user, 'GRANT#', signal),
    exports.readOfCustomer(merchantId, user, 'MESSAGE#', signal),
  ])
  const ofMessages = messages.flatMap((item) => messageView(user, item))
  return [
    { section: 'customer', data: customerView(customer), user },
    ...grants.map((item): ExportLine => ({ section: 'grant', data: grantView(item), user })),
    ...ofMessages.map((data): ExportLine => ({ section: 'message', data, user })),
  ]
}

const allLines = async (
  reads: CustomerReads,
  merchantId: MerchantId,
  customers: readonly KnownCustomer[],
  signal?: AbortSignal,
): Promise<ExportLine[]> => {
  const lines: ExportLine[] = []
  for (let start = 0; start < customers.length; start += AT_ONCE) {
    const some = customers.slice(start, start + AT_ONCE)
    const each = await Promise.all(some.map((one) => linesOf(reads, merchantId, one, signal)))
    lines.push(...each.flat())
  }
  return lines
}

const isListed = (text: string): text is CustomerPlace => /^\d\.(?:usr_[0-9A-Z]{1,26})?$/.test(text)

/** @throws {Error} for what is no place in the list of customers */
const placeOf = (text: string | undefined): CustomerPlace | undefined => {
  if (text === undefined || isListed(text)) return text
  throw new Error('no place in the list of customers')
}

const isOneBucket = (customers: readonly KnownCustomer[]): boolean =>
  new Set(customers.map(({ user }) => bucketOf(user))).size <= 1

/** Customers of whole buckets from one on: at least of one bucket, if there is any. */
const listBuckets = async (
  { customers, exportLimits }: CustomerReads,
  merchantId: MerchantId,
  from: string | undefined,
  signal?: AbortSignal,
): Promise<{ readonly found: readonly KnownCustomer[]; readonly next: string | undefined }> => {
  const found: KnownCustomer[] = []
  let after = placeOf(from)
  do {
    const limit = exportLimits.customersAPage
    const page: Awaited<ReturnType<CustomerRecords['list']>> = await customers.list(
      merchantId,
      { limit, after },
      signal,
    )
    found.push(...page.items)
    after = placeOf(page.next)
  } while (after !== undefined && isOneBucket(found))
  const last = found.at(-1)
  if (after === undefined || last === undefined) return { found, next: undefined }
  const next = bucketOf(last.user)
  return { found: found.filter(({ user }) => bucketOf(user) !== next), next }
}

/**
 * Customers who have acted with the merchant, each bucket alone. Whoever has been erased is left out: the tombstone is read
 * after the export was, so that either it is seen here, or the erasure finds what is written of the customer.
 *
 * @param from the bucket with which it begins
 */
export const readCustomers = async (
  reads: CustomerReads,
  merchantId: MerchantId,
  from: string | undefined,
  signal?: AbortSignal,
): Promise<readonly ExportUnit[]> => {
  const { found, next } = await listBuckets(reads, merchantId, from, signal)
  const last: ExportPlace | undefined = next === undefined ? undefined : `customer|${next}`
  if (found.length === 0) return [{ lines: [], next: last }]
  const users = found.map(({ user }) => user)
  const erased = await reads.exports.erasedAmong(users, signal)
  const there = found.filter(({ user }) => !erased.has(user))
  const lines = await allLines(reads, merchantId, there, signal)
  const buckets = [...Map.groupBy(lines, ({ user }) => user && bucketOf(user))]
  if (buckets.length === 0) return [{ lines: [], next: last }]
  return buckets.map(([, some], index): ExportUnit => {
    const following = buckets[index + 1]?.[0]
    return { lines: some, next: following === undefined ? last : `customer|${following}` }
  })
}
