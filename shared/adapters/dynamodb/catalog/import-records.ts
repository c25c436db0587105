import { gunzipSync, gzipSync } from 'node:zlib'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import {
  type CatalogTables,
  merchantKey,
  merchantPk,
  retrying,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { type Committed, commitChange } from '#shared/adapters/dynamodb/catalog/change-merchant.ts'
import { type EntityType, entityKey } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { readQuotas } from '#shared/adapters/dynamodb/catalog/read-quotas.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import {
  batchGetAll,
  getItem,
  type Item,
  queryAll,
  type TransactItem,
  transact,
} from '#shared/adapters/dynamodb/transactions.ts'
import { type BadRow, MAX_REPORTED_ROWS } from '#shared/contracts/http/imports.ts'
import { type ImportRow, importRowSchema } from '#shared/contracts/import-row.ts'
import { parseStore } from '#shared/contracts/items/catalog.ts'
import { shapeDeclared } from '#shared/contracts/items/geofence.ts'
import {
  type ImportJob,
  type ImportOutcomes,
  importKey,
  importPartPrefix,
  parseImportJob,
} from '#shared/contracts/items/import.ts'
import { geofenceNamed, storeIdOfRow, storeOfRow } from '#shared/contracts/store-import.ts'
import type { Datum } from '#shared/domain/geo/datum.ts'
import { contains } from '#shared/domain/geo/distance.ts'
import type { JobId, MerchantId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'
import type { Store } from '#shared/domain/merchants/merchant.ts'

/** A step of an import: rows that were done, what became of them, and those that were left out after all. */
export type ImportStep = {
  readonly rows: number
  readonly outcomes: ImportOutcomes
  readonly bad: readonly BadRow[]
  readonly nowMs: number
}

/** How an import ended; how many geofences share ground is undefined where nobody counted. */
export type ImportEnd = { readonly nowMs: number; readonly overlapping: number | undefined }

export type ImportRecords = {
  readonly create: (
    job: ImportJob,
    rows: readonly ImportRow[],
    author: Author,
    signal?: AbortSignal,
  ) => Promise<'created' | 'absent'>
  readonly find: (
    merchantId: MerchantId,
    jobId: JobId,
    signal?: AbortSignal,
  ) => Promise<ImportJob | undefined>
  readonly readRows: (job: ImportJob, signal?: AbortSignal) => Promise<ImportRow[]>
  /**
   * Writes the stores of the next rows, at most `IMPORT_BATCH`, and the job's progress, in one transaction: whatever is
   * stopped or delivered twice goes on where it was.
   *
   * @returns the job as it is then; undefined when it, or its merchant, is gone
   */
  readonly storeRows: (
    job: ImportJob,
    rows: readonly ImportRow[],
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<ImportJob | undefined>
  /** Keeps how far the geofences have come; nothing when somebody else has come farther. */
  readonly keepDrawn: (
    job: ImportJob,
    step: ImportStep,
    signal?: AbortSignal,
  ) => Promise<ImportJob | undefined>
  readonly finish: (job: ImportJob, end: ImportEnd, signal?: AbortSignal) => Promise<void>
}

/** With as many regions a transaction has room for all. */
export const IMPORT_BATCH = 40
/** An item of DynamoDB ends at 400 KB. */
const PART_BYTES = 300_000
const MAX_PARTS = 30

type Planned = { readonly store: Store; readonly before: Store | undefined }

/** What there is already of what some rows name. */
type Known = {
  readonly stores: ReadonlyMap<string, Store>
  readonly regions: ReadonlySet<string>
  readonly geofences: ReadonlySet<string>
}

/** Over the Catalog. */
export const createImportRecords = (tables: CatalogTables): ImportRecords => {
  const { client, catalog } = tables
  const options = (signal?: AbortSignal) => (signal ? { abortSignal: signal } : {})

  const find: ImportRecords['find'] = async (merchantId, jobId, signal) => {
    const Item = await getItem(client, catalog, importKey(merchantId, jobId), signal)
    return Item && parseImportJob(Item)
  }

  const partItems = ({ merchantId, jobId, ttl }: ImportJob, rows: readonly ImportRow[]): Item[] => {
    const packed = gzipSync(JSON.stringify(rows))
    const parts = Math.ceil(packed.length / PART_BYTES)
    return Array.from({ length: parts }, (_, part) => ({
      pk: merchantPk(merchantId),
      sk: `${importPartPrefix(jobId)}${String(part).padStart(3, '0')}`,
      kind: 'importPart',
      data: packed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES),
      ttl,
    }))
  }

  /** The counts after a step, on the condition that nobody else took it. */
  const advance = (
    job: ImportJob,
    of: 'stores' | 'geofences',
    { rows, outcomes, bad, nowMs }: ImportStep,
  ): { readonly write: TransactItem; readonly next: ImportJob } => {
    const cursor = of === 'stores' ? 'storesNext' : 'geofencesNext'
    const { created, replaced, unchanged } = job[of]
    const next = {
      ...job,
      [cursor]: job[cursor] + rows,
      movedAtMs: nowMs,
      [of]: {
        created: created + outcomes.created,
        replaced: replaced + outcomes.replaced,
        unchanged: unchanged + outcomes.unchanged,
      },
      bad: job.bad + bad.length,
      badRows: [...job.badRows, ...bad].slice(0, MAX_REPORTED_ROWS),
    }
    const write = {
      Update: {
        TableName: catalog,
        Key: importKey(job.merchantId, job.jobId),
        ConditionExpression: '#cursor = :from',
        UpdateExpression:
          'SET #cursor = :to, #of = :counts, bad = :bad, badRows = :badRows, movedAtMs = :now',
        ExpressionAttributeNames: { '#cursor': cursor, '#of': of },
        ExpressionAttributeValues: {
          ':from': job[cursor],
          ':to': next[cursor],
          ':counts': next[of],
          ':bad': next.bad,
          ':badRows': next.badRows,
          ':now': nowMs,
        },
      },
    }
    return { write, next }
  }

  const readBatch = async (
    job: ImportJob,
    rows: readonly ImportRow[],
    signal?: AbortSignal,
  ): Promise<Known> => {
    const { merchantId } = job
    const storeIds = rows.map((row) => storeIdOfRow(row, merchantId))
    const regionIds = [...new Set(rows.flatMap(({ regionId }) => regionId ?? []))]
    const geofenceIds = rows.flatMap((row) => geofenceNamed(row) ?? [])
    const read = (type: EntityType, ids: readonly string[]) => ({
      table: catalog,
      keys: ids.map((id) => entityKey(type, merchantId, id)),
      consistent: true,
    })
    const [stores = [], regions = [], geofences = []] = await batchGetAll(
      client,
      [read('STORE', storeIds), read('REGION', regionIds), read('GEOFENCE', geofenceIds)],
      retrying(signal),
    )
    return {
      stores: new Map(
        stores.flatMap((item) => (item ? [[String(item['id']), parseStore(item)] as const] : [])),
      ),
      regions: new Set(regionIds.filter((_, index) => regions[index] !== undefined)),
      geofences: new Set(geofenceIds.filter((_, index) => geofences[index] !== undefined)),
    }
  }

  const put = ({ store, before }: Planned): TransactItem => ({
    Put: {
      TableName: catalog,
      Item: { ...entityKey('STORE', store.merchantId, store.id), kind: 'store', ...store },
      ...(before === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: 'revision = :revision',
            ExpressionAttributeValues: { ':revision': before.revision },
          }),
    },
  })

  const regionStays = (merchantId: MerchantId, regionId: string): TransactItem => ({
    ConditionCheck: {
      TableName: catalog,
      Key: entityKey('REGION', merchantId, regionId),
      ConditionExpression: 'attribute_exists(pk)',
    },
  })

  const attempt = async (
    job: ImportJob,
    rows: readonly ImportRow[],
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<ImportJob | undefined | 'again' | 'full'> => {
    const current = await find(job.merchantId, job.jobId, signal)
    if (current === undefined || current.storesNext !== job.storesNext) return current
    const known = await readBatch(job, rows, signal)
    // Who gives a geofence's own id speaks of the geofence, not of a store.
    const ofStores = rows.filter((row) => !known.geofences.has(geofenceNamed(row) ?? ''))
    const isLost = ({ regionId }: ImportRow) => regionId !== undefined && !known.regions.has(regionId)
    const bad = ofStores
      .filter(isLost)
      .map(({ line }) => ({ line, pointer: '/regionId', reason: 'the merchant has no region with this id' }))
    const planned = ofStores
      .filter((row) => !isLost(row))
      .flatMap((row) => plannedOf(row, job, known, nowMs) ?? [])
    const created = planned.filter(({ before }) => before === undefined).length
    const replaced = planned.length - created
    const outcomes = { created, replaced, unchanged: rows.length - bad.length - planned.length }
    const { write, next } = advance(job, 'stores', { rows: rows.length, outcomes, bad, nowMs })
    const committed = await commit(
      job,
      [write, ...planned.map(put)],
      [...known.regions],
      outcomes,
      nowMs,
      signal,
    )
    if (committed.kind === 'done') return next
    if (committed.kind === 'merchantGone') return undefined
    return committed.kind === 'full' ? 'full' : 'again'
  }

  const commit = async (
    job: ImportJob,
    writes: readonly TransactItem[],
    regionIds: readonly string[],
    { created, replaced }: ImportOutcomes,
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<Committed> => {
    if (created + replaced === 0) {
      const outcome = await transact(client, writes, retrying(signal))
      return outcome.kind === 'done' ? outcome : { kind: 'refused', at: [] }
    }
    const checks = regionIds.map((regionId) => regionStays(job.merchantId, regionId))
    const told = {
      author: { ...job.author, atMs: nowMs },
      action: 'import',
      object: job.jobId,
      detail: `${created} stores created, ${replaced} replaced`,
    } as const
    const { stores: most } = await readQuotas(tables, job.merchantId, signal)
    const count = { attribute: 'stores', most, by: created }
    return await commitChange(tables, job.merchantId, [...writes, ...checks], told, { count, signal })
  }

  /** A store for which there is no room is left out, and the rest goes on. */
  const leaveOut = async (
    job: ImportJob,
    row: ImportRow,
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<ImportJob | 'again'> => {
    const bad = [
      { line: row.line, pointer: '', reason: 'limitReached: the merchant has as many stores as it may' },
    ]
    const outcomes = { created: 0, replaced: 0, unchanged: 0 }
    const { write, next } = advance(job, 'stores', { rows: 1, outcomes, bad, nowMs })
    const outcome = await transact(client, [write], retrying(signal))
    return outcome.kind === 'done' ? next : 'again'
  }

  return {
    find,

    create: async (job, rows, author, signal) => {
      const parts = partItems(job, rows)
      if (parts.length > MAX_PARTS) throw new Error(`an import of ${parts.length} parts`)
      for (const Item of parts)
        await client.send(new PutCommand({ TableName: catalog, Item }), options(signal))
      const outcome = await transact(
        client,
        [
          {
            Put: {
              TableName: catalog,
              Item: { ...importKey(job.merchantId, job.jobId), kind: 'import', ...job },
              ConditionExpression: 'attribute_not_exists(pk)',
            },
          },
          {
            ConditionCheck: {
              TableName: catalog,
              Key: merchantKey(job.merchantId),
              ConditionExpression: 'attribute_exists(pk)',
            },
          },
          auditWrite(catalog, job.merchantId, author, { action: 'import', object: job.jobId }),
        ],
        retrying(signal),
      )
      // A try of the same request may have created it before.
      const isThere = outcome.kind !== 'done' && outcome.reasons[0] !== undefined
      return outcome.kind === 'done' || isThere ? 'created' : 'absent'
    },

    readRows: async ({ merchantId, jobId }, signal) => {
      const items = await queryAll(
        client,
        {
          TableName: catalog,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': merchantPk(merchantId), ':prefix': importPartPrefix(jobId) },
          ConsistentRead: true,
          Limit: MAX_PARTS,
        },
        { most: MAX_PARTS, signal },
      )
      const parts = items.map(({ data }) => z.instanceof(Uint8Array).parse(data))
      return z.array(importRowSchema).parse(JSON.parse(gunzipSync(Buffer.concat(parts)).toString('utf8')))
    },

    storeRows: (job, rows, nowMs, signal) =>
      optimistically(async () => {
        const stored = await attempt(job, rows, nowMs, signal)
        const [first] = rows
        if (stored !== 'full' || first === undefined) return stored === 'full' ? 'again' : stored
        // Perhaps there is room for some of them.
        const single = rows.length > 1 ? await attempt(job, [first], nowMs, signal) : stored
        return single === 'full' ? await leaveOut(job, first, nowMs, signal) : single
      }, signal),

    keepDrawn: async (job, step, signal) => {
      const { write, next } = advance(job, 'geofences', step)
      const outcome = await transact(client, [write], retrying(signal))
      return outcome.kind === 'done' ? next : await find(job.merchantId, job.jobId, signal)
    },

    finish: async ({ merchantId, jobId }, { nowMs, overlapping }, signal) => {
      const counted = overlapping === undefined ? '' : ', overlapping = :overlapping'
      await transact(
        client,
        [
          {
            Update: {
              TableName: catalog,
              Key: importKey(merchantId, jobId),
              ConditionExpression: 'attribute_exists(pk)',
              UpdateExpression: `SET finishedAt = if_not_exists(finishedAt, :now)${counted}`,
              ExpressionAttributeValues: {
                ':now': new Date(nowMs).toISOString(),
                ...(overlapping !== undefined && { ':overlapping': overlapping }),
              },
            },
          },
        ],
        retrying(signal),
      )
    },
  }
}

/** Where a store stays that stands in the area which alone says where it is. */
const stayingPlace = ({ isPlacedByArea, area }: ImportRow, datum: Datum, { lat, lon, timeZone }: Store) =>
  isPlacedByArea && area && contains(shapeDeclared({ datum, geometry: area }), { lat, lon })
    ? { lat, lon, timeZone }
    : {}

/** What is to be written of a row's store; nothing when it is there as it is wanted. What an import does not say stays. */
const plannedOf = (
  row: ImportRow,
  { merchantId, datum }: ImportJob,
  { stores }: Known,
  nowMs: number,
): Planned | undefined => {
  const store = storeOfRow(row, merchantId, datum, nowMs)
  const before = stores.get(store.id)
  if (before === undefined) return { store, before }
  const { revision, createdAt, openingHours, closedDates } = before
  const kept = {
    ...stayingPlace(row, datum, before),
    ...(openingHours && { openingHours }),
    ...(closedDates && { closedDates }),
  }
  const next = { ...store, ...kept, createdAt, revision: revision + 1 }
  const same = { ...next, revision, updatedAt: before.updatedAt }
  return sameMembers(same, before) ? undefined : { store: next, before }
}

const sameMembers = (a: Store, b: Store): boolean => {
  const text = (store: Store): string =>
    JSON.stringify(Object.entries(store).toSorted(([x], [y]) => (x < y ? -1 : 1)))
  return text(a) === text(b)
}
