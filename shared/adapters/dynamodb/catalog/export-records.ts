import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import {
  type CatalogTables,
  listUnder,
  merchantKey,
  merchantPk,
  retrying,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { type ExportLine, partWrites, readLines } from '#shared/adapters/dynamodb/catalog/export-parts.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import {
  batchGetAll,
  getItem,
  type Item,
  queryPage,
  type TransactItem,
  transact,
} from '#shared/adapters/dynamodb/transactions.ts'
import { MAX_EXPORTS_A_DAY } from '#shared/contracts/http/exports.ts'
import {
  EXPORT_END,
  type ExportJob,
  type ExportPlace,
  exportKey,
  exportSlotKey,
  isGoing,
  mayBeLost,
  parseExportJob,
  parseExportSlot,
} from '#shared/contracts/items/export.ts'
import { profileKey, userKey } from '#shared/contracts/items/ledger.ts'
import type { JobId, MerchantId, UserId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'
import { DAY_MS } from '#shared/domain/schedule/local-time.ts'

/** `going`: the merchant has one that is still being written; `full`: it has asked for enough of them today. */
export type ExportAsked =
  | { readonly kind: 'created' | 'absent' | 'full' }
  | { readonly kind: 'going'; readonly job: ExportJob }

/** What was read for an export, in parts, and where it goes on; without `next` that was all. */
export type ExportStep = {
  readonly parts: readonly (readonly ExportLine[])[]
  readonly next: ExportPlace | undefined
}

export type ExportRecords = {
  /** Asks for an export; the audit log tells who did. */
  readonly create: (job: ExportJob, author: Author, signal?: AbortSignal) => Promise<ExportAsked>
  readonly find: (
    merchantId: MerchantId,
    jobId: JobId,
    signal?: AbortSignal,
  ) => Promise<ExportJob | undefined>
  /** Is it for the caller to put the job's message on the queue once more? For one of all who ask at once. */
  readonly queueAgain: (job: ExportJob, nowMs: number, signal?: AbortSignal) => Promise<boolean>
  /** The lines of a part, when the audit log has been told who reads it; undefined where there is none. */
  readonly readPart: (
    job: ExportJob,
    part: number,
    author: Author,
    signal?: AbortSignal,
  ) => Promise<readonly string[] | undefined>
  /** A page of the merchant's items under a prefix of their sort key; `next` is where the next page goes on. */
  readonly readItems: (
    merchantId: MerchantId,
    prefix: string,
    page: { readonly limit: number; readonly after?: string | undefined },
    signal?: AbortSignal,
  ) => Promise<{ readonly items: readonly Item[]; readonly next?: string }>
  /** What a customer was given or sent by the merchant; of those of other merchants it tells nothing. */
  readonly readOfCustomer: (
    merchantId: MerchantId,
    user: UserId,
    prefix: 'GRANT#' | 'MESSAGE#',
    signal?: AbortSignal,
  ) => Promise<readonly Item[]>
  /** Those of the customers who are erased, whatever an index still says of them. */
  readonly erasedAmong: (users: readonly UserId[], signal?: AbortSignal) => Promise<ReadonlySet<UserId>>
  /**
   * Writes parts and how far the export is, in one transaction: whatever is stopped or delivered twice goes on where it was.
   * Nothing is written when somebody else was there before, or a customer was erased since `job` was read.
   *
   * @returns the job as it is then; undefined when it, or its merchant, is gone
   */
  readonly write: (
    job: ExportJob,
    step: ExportStep,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<ExportJob | undefined>
}

const PAGE = 200
/** More than any customer gets in the 13 months that it is kept. */
const MAX_PAGES = 100

/** Over Catalog and Ledger. */
export const createExportRecords = ({ client, catalog, ledger }: CatalogTables): ExportRecords => {
  const find: ExportRecords['find'] = async (merchantId, jobId, signal) => {
    const item = await getItem(client, catalog, exportKey(merchantId, jobId), signal)
    return item && parseExportJob(item)
  }

  const merchantStays = (merchantId: MerchantId): TransactItem => ({
    ConditionCheck: {
      TableName: catalog,
      Key: merchantKey(merchantId),
      ConditionExpression: 'attribute_exists(pk)',
    },
  })

  const slotWrite = (
    job: ExportJob,
    openedAtMs: readonly number[],
    latest: JobId | undefined,
  ): TransactItem => ({
    Put: {
      TableName: catalog,
      Item: {
        ...exportSlotKey(job.merchantId),
        kind: 'exports',
        latest: job.jobId,
        openedAtMs: [...openedAtMs, job.createdAtMs],
        ttl: job.ttl,
      },
      ...(latest === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'latest = :latest', ExpressionAttributeValues: { ':latest': latest } }),
    },
  })

  const ask = async (
    job: ExportJob,
    author: Author,
    signal?: AbortSignal,
  ): Promise<ExportAsked | 'again'> => {
    const { merchantId, jobId, createdAtMs } = job
    const item = await getItem(client, catalog, exportSlotKey(merchantId), signal)
    const { latest, openedAtMs } = item ? parseExportSlot(item) : { latest: undefined, openedAtMs: [] }
    const before = latest && (await find(merchantId, latest, signal))
    if (before && isGoing(before, createdAtMs)) return { kind: 'going', job: before }
    const ofToday = openedAtMs.filter((atMs) => atMs > createdAtMs - DAY_MS)
    if (ofToday.length >= MAX_EXPORTS_A_DAY) return { kind: 'full' }
    const outcome = await transact(
      client,
      [
        merchantStays(merchantId),
        { Put: { TableName: catalog, Item: { ...exportKey(merchantId, jobId), kind: 'export', ...job } } },
        slotWrite(job, ofToday, latest),
        auditWrite(catalog, merchantId, author, { action: 'export', object: jobId }),
      ],
      retrying(signal),
    )
    if (outcome.kind === 'done') return { kind: 'created' }
    return outcome.reasons[0] === undefined ? 'again' : { kind: 'absent' }
  }

  const move = (job: ExportJob, { items, ...to }: Omit<ExportJob, 'erasures'>): TransactItem => ({
    Update: {
      TableName: catalog,
      Key: exportKey(job.merchantId, job.jobId),
      ConditionExpression: '#place = :from AND erasures = :erasures AND attribute_not_exists(finishedAtMs)',
      UpdateExpression: [
        'SET #place = :to, parts = :parts, movedAtMs = :now',
        ...(to.finishedAtMs === undefined ? [] : [', finishedAtMs = :now']),
        ' ADD #items :more',
      ].join(''),
      ExpressionAttributeNames: { '#place': 'place', '#items': 'items' },
      ExpressionAttributeValues: {
        ':from': job.place,
        ':erasures': job.erasures,
        ':to': to.place,
        ':parts': to.parts,
        ':now': to.movedAtMs,
        ':more': items - job.items,
      },
    },
  })

  return {
    find,

    queueAgain: async (job, nowMs, signal) => {
      if (!mayBeLost(job, nowMs)) return false
      const Update = {
        TableName: catalog,
        Key: exportKey(job.merchantId, job.jobId),
        ConditionExpression: 'queuedAtMs = :before',
        UpdateExpression: 'SET queuedAtMs = :now',
        ExpressionAttributeValues: { ':before': job.queuedAtMs, ':now': nowMs },
      }
      const outcome = await transact(client, [{ Update }], retrying(signal))
      return outcome.kind === 'done'
    },

    create: (job, author, signal) => optimistically(() => ask(job, author, signal), signal),

    readPart: async ({ merchantId, jobId }, part, author, signal) => {
      const lines = await readLines({ client, catalog }, { merchantId, jobId, part }, signal)
      if (lines === undefined) return undefined
      const change = { action: 'export', object: jobId, detail: `part ${part} read` } as const
      await transact(client, [auditWrite(catalog, merchantId, author, change)], retrying(signal))
      return lines
    },

    readItems: async (merchantId, prefix, { limit, after }, signal) => {
      const place = { pk: merchantPk(merchantId), prefix, limit, after }
      const { items, more } = await listUnder({ client, catalog, ledger }, place, signal)
      const next = String(items.at(-1)?.['sk'] ?? '').slice(prefix.length)
      // The merchant's own item is named by the prefix alone: nothing follows it.
      return { items, ...(more && next !== '' && { next }) }
    },

    readOfCustomer: async (merchantId, user, prefix, signal) => {
      const found: Item[] = []
      let start: Item | undefined
      for (let pages = 0; pages < MAX_PAGES; pages += 1) {
        const page = await queryPage(
          client,
          {
            TableName: ledger,
            KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
            FilterExpression: 'merchantId = :merchant',
            ExpressionAttributeValues: {
              ':pk': userKey(user),
              ':prefix': prefix,
              ':merchant': merchantId,
            },
            Limit: PAGE,
            ...(start && { ExclusiveStartKey: start }),
          },
          { signal },
        )
        found.push(...page.items)
        start = page.next
        if (start === undefined) return found
      }
      throw new Error(`a customer has more than ${PAGE * MAX_PAGES} items`)
    },

    erasedAmong: async (users, signal) => {
      const keys = users.map(profileKey)
      const [profiles = []] = await batchGetAll(
        client,
        [{ table: ledger, keys, consistent: true }],
        retrying(signal),
      )
      return new Set(users.filter((_, index) => profiles[index]?.['tombstone'] === true))
    },

    write: async (job, { parts, next }, nowMs, signal) => {
      const after: ExportJob = {
        ...job,
        place: next ?? EXPORT_END,
        parts: job.parts + parts.length,
        items: job.items + parts.flat().length,
        movedAtMs: nowMs,
        ...(next === undefined && { finishedAtMs: nowMs }),
      }
      const writes = [move(job, after), merchantStays(job.merchantId), ...partWrites(catalog, job, parts)]
      const outcome = await transact(client, writes, retrying(signal))
      if (outcome.kind === 'done') return after
      return outcome.reasons[1] === undefined ? await find(job.merchantId, job.jobId, signal) : undefined
    },
  }
}
