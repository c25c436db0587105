import * as z from 'zod'
import { type CatalogTables, merchantPk, retrying } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import {
  type PartName,
  pieceItems,
  readPart,
  type StoredPart,
  type TornPart,
} from '#shared/adapters/dynamodb/catalog/export-parts.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { type Item, queryPage, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import {
  EXPORT_PREFIX,
  exportKey,
  exportPieceKey,
  exportPlaceOf,
  exportPlacePrefix,
} from '#shared/contracts/items/export.ts'
import type { JobId, MerchantId, UserId } from '#shared/domain/ids.ts'

/** Takes whatever tells of a customer out of the exports of a merchant, and lets nothing of it come in again. */
export type ForgetInExports = (merchantId: MerchantId, user: UserId, signal?: AbortSignal) => Promise<void>

const PAGE = 100
/** More than a merchant may ask for while they are known. */
const MAX_EXPORTS = 1000

const placed = z.object({ sk: z.string(), part: z.number() })
const told = z.object({ section: z.string(), data: z.looseObject({ userId: z.string().exactOptional() }) })
const OF_CUSTOMERS: readonly string[] = ['customer', 'grant', 'message']

/** A member stays in it, also when it erases itself as a customer. */
const tellsOf = (line: string, user: UserId): boolean => {
  if (!line.includes(user)) return false
  const { section, data } = told.parse(JSON.parse(line))
  return OF_CUSTOMERS.includes(section) && data.userId === user
}

/**
 * Over the Catalog. To be called when the customer's tombstone stands: an export that begins to read from then on sees it,
 * and one that has begun does not write what it has read.
 */
export const createForgetInExports = (tables: Pick<CatalogTables, 'client' | 'catalog'>): ForgetInExports => {
  const { client, catalog } = tables

  type Range = {
    readonly condition: string
    readonly values: Readonly<Record<string, string>>
    readonly isBackward?: true
  }
  const pageOf = (
    merchantId: MerchantId,
    { condition, values, isBackward }: Range,
    start: Item | undefined,
    signal?: AbortSignal,
  ) =>
    queryPage(
      client,
      {
        TableName: catalog,
        KeyConditionExpression: `pk = :pk AND ${condition}`,
        ExpressionAttributeValues: { ':pk': merchantPk(merchantId), ...values },
        ConsistentRead: true,
        ScanIndexForward: isBackward !== true,
        Limit: PAGE,
        ...(start && { ExclusiveStartKey: start }),
      },
      { signal },
    )

  const exportsOf = async (merchantId: MerchantId, signal?: AbortSignal): Promise<JobId[]> => {
    const range = { condition: 'begins_with(sk, :prefix)', values: { ':prefix': EXPORT_PREFIX } }
    const found: JobId[] = []
    let start: Item | undefined
    do {
      const page = await pageOf(merchantId, range, start, signal)
      found.push(...page.items.map(({ sk }) => idSchema('job').parse(String(sk).slice(EXPORT_PREFIX.length))))
      start = page.next
    } while (start !== undefined && found.length < MAX_EXPORTS)
    return found
  }

  /** From then on nothing is written that was read before. */
  const noteErasure = async (merchantId: MerchantId, jobId: JobId, signal?: AbortSignal): Promise<void> => {
    const Update = {
      TableName: catalog,
      Key: exportKey(merchantId, jobId),
      ConditionExpression: 'attribute_exists(pk)',
      UpdateExpression: 'ADD erasures :one',
      ExpressionAttributeValues: { ':one': 1 },
    }
    await transact(client, [{ Update }], retrying(signal))
  }

  /** The parts that may tell of a customer: those that begin in its bucket, and the one before them. */
  const partsWith = async (
    merchantId: MerchantId,
    jobId: JobId,
    user: UserId,
    signal?: AbortSignal,
  ): Promise<number[]> => {
    const own = exportPlaceOf(jobId, user)
    const range = {
      condition: 'sk BETWEEN :first AND :last',
      values: { ':first': exportPlacePrefix(jobId), ':last': `${own}~` },
      isBackward: true,
    } as const
    const parts: number[] = []
    let start: Item | undefined
    do {
      const page = await pageOf(merchantId, range, start, signal)
      const places = page.items.map((item) => placed.parse(item))
      const before = places.findIndex(({ sk }) => !sk.startsWith(own))
      parts.push(...places.slice(0, before === -1 ? undefined : before + 1).map(({ part }) => part))
      start = before === -1 ? page.next : undefined
    } while (start !== undefined)
    return parts
  }

  const replace = async (
    name: PartName,
    stored: StoredPart,
    lines: readonly string[],
    signal?: AbortSignal,
  ): Promise<'done' | 'again'> => {
    const { merchantId, jobId, part } = name
    const items = pieceItems(name, { ...stored, lines, revision: stored.revision + 1 })
    const asRead = {
      ConditionExpression: 'revision = :before',
      ExpressionAttributeValues: { ':before': stored.revision },
    }
    // All pieces change together.
    const writes = items.map(
      (Item, index): TransactItem => ({ Put: { TableName: catalog, Item, ...(index === 0 && asRead) } }),
    )
    const surplus = Array.from({ length: Math.max(0, stored.pieces - items.length) }, (_, index) =>
      exportPieceKey(merchantId, jobId, part, items.length + index),
    )
    const removals = surplus.map((Key): TransactItem => ({ Delete: { TableName: catalog, Key } }))
    const count: TransactItem = {
      Update: {
        TableName: catalog,
        Key: exportKey(merchantId, jobId),
        ConditionExpression: 'attribute_exists(pk)',
        UpdateExpression: 'ADD #items :fewer',
        ExpressionAttributeNames: { '#items': 'items' },
        ExpressionAttributeValues: { ':fewer': lines.length - stored.lines.length },
      },
    }
    const outcome = await transact(client, [count, ...writes, ...removals], retrying(signal))
    return outcome.kind === 'done' ? 'done' : 'again'
  }

  /** TTL has begun to take it away: the rest goes now, as nobody can tell of whom it is. */
  const removeTorn = async (
    merchantId: MerchantId,
    { torn }: TornPart,
    signal?: AbortSignal,
  ): Promise<'done' | 'again'> => {
    const removals = torn.map(
      ({ sk, revision }): TransactItem => ({
        Delete: {
          TableName: catalog,
          Key: { pk: merchantPk(merchantId), sk },
          // Another when an erasure has replaced it meanwhile: then it is whole.
          ConditionExpression: 'revision = :read',
          ExpressionAttributeValues: { ':read': revision },
        },
      }),
    )
    const outcome = await transact(client, removals, retrying(signal))
    return outcome.kind === 'done' ? 'done' : 'again'
  }

  const takeOut = async (name: PartName, user: UserId, signal?: AbortSignal): Promise<'done' | 'again'> => {
    const stored = await readPart(tables, name, signal)
    if (stored === undefined) return 'done'
    if ('torn' in stored) return await removeTorn(name.merchantId, stored, signal)
    const lines = stored.lines.filter((line) => !tellsOf(line, user))
    return lines.length === stored.lines.length ? 'done' : await replace(name, stored, lines, signal)
  }

  return async (merchantId, user, signal) => {
    for (const jobId of await exportsOf(merchantId, signal)) {
      await noteErasure(merchantId, jobId, signal)
      for (const part of await partsWith(merchantId, jobId, user, signal))
        await optimistically(() => takeOut({ merchantId, jobId, part }, user, signal), signal)
    }
  }
}
