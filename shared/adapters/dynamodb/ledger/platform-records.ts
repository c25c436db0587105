import * as z from 'zod'
import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import {
  type CatalogTables,
  DIRECTORY_PK,
  DIRECTORY_PREFIX,
  listUnder,
  type PageOf,
  type PageRequest,
  retrying,
  versionKey,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { commitChange } from '#shared/adapters/dynamodb/catalog/change-merchant.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import {
  batchGetAll,
  getItem,
  type Item,
  type TransactItem,
  transact,
} from '#shared/adapters/dynamodb/transactions.ts'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import { type PlatformState, parsePlatformState, platformKey } from '#shared/contracts/items/platform.ts'
import { parseSuspension, type Suspension } from '#shared/contracts/items/suspension.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'
import type { Quotas } from '#shared/domain/merchants/quotas.ts'

export type PlatformRecords = {
  readonly read: (signal?: AbortSignal) => Promise<PlatformState>
  /** Switches everything off, or on again, if `permit` does not refuse what is there by throwing. */
  readonly switch: (
    next: { readonly killed: boolean; readonly reason: string | undefined },
    author: Author,
    permit: (before: PlatformState) => void,
    signal?: AbortSignal,
  ) => Promise<PlatformState>
  /** Stands where deciding reads a merchant's version each time, so it counts at once. */
  readonly suspend: (
    merchantId: MerchantId,
    change: (current: Suspension | undefined) => Suspension | undefined,
    author: Author,
    signal?: AbortSignal,
  ) => Promise<{ readonly suspension: Suspension | undefined } | 'absent'>
  /** Undefined for a merchant that is not suspended, or not there. */
  readonly readSuspension: (merchantId: MerchantId, signal?: AbortSignal) => Promise<Suspension | undefined>
  /** Raises what a merchant may have; what is not named is as usual. Only while its VERSION is this one, where it is told. */
  readonly setQuotas: (
    merchantId: MerchantId,
    quotas: Partial<Quotas>,
    author: Author,
    version: number | undefined,
    signal?: AbortSignal,
  ) => Promise<'saved' | 'absent' | 'changed'>
  /** All merchants, in the order of their ids. */
  readonly listMerchants: (
    page: PageRequest<MerchantId>,
    signal?: AbortSignal,
  ) => Promise<PageOf<ListedMerchant>>
}

/** A merchant as the operator lists it. */
export type ListedMerchant = {
  readonly id: MerchantId
  readonly name: string
  readonly suspension?: Suspension
}

const toldOf = ({ role }: Author, suspension: Suspension | undefined) => {
  if (role !== 'operator') return { action: 'appeal' } as const
  if (suspension === undefined) return { action: 'reinstate' } as const
  return { action: 'suspend', detail: suspension.reason } as const
}

const listedSchema = z.object({ merchantId: idSchema('mer'), name: z.string() })

/** What the operator holds in its hand. */
export const createPlatformRecords = (tables: CatalogTables): PlatformRecords => {
  const { client, catalog, ledger } = tables

  const readVersion = async (merchantId: MerchantId, signal?: AbortSignal): Promise<Item | undefined> => {
    const Item = await getItem(client, catalog, versionKey(merchantId), signal)
    return Item
  }

  const read: PlatformRecords['read'] = async (signal) => {
    const Item = await getItem(client, ledger, platformKey, signal)
    return parsePlatformState(Item)
  }

  const switchWrite = (
    { killedVersion }: PlatformState,
    { killed, killedReason, changedAt }: PlatformState,
  ): TransactItem => ({
    Update: {
      TableName: ledger,
      Key: platformKey,
      UpdateExpression: `SET kind = :kind, killed = :killed, changedAt = :now${
        killedReason === undefined ? ' REMOVE killedReason' : ', killedReason = :reason'
      } ADD killedVersion :one`,
      ConditionExpression:
        killedVersion === 0 ? 'attribute_not_exists(killedVersion)' : 'killedVersion = :read',
      ExpressionAttributeValues: {
        ':kind': 'platform',
        ':killed': killed,
        ':now': changedAt,
        ':one': 1,
        ...(killedReason !== undefined && { ':reason': killedReason }),
        ...(killedVersion > 0 && { ':read': killedVersion }),
      },
    },
  })

  return {
    read,

    switch: ({ killed, reason }, author, permit, signal) =>
      optimistically(async () => {
        const { killedReason: _, ...before } = await read(signal)
        permit(before)
        const killedVersion = before.killedVersion + 1
        const changedAt = new Date(author.atMs).toISOString()
        const said = reason === undefined ? {} : { killedReason: reason }
        const after: PlatformState = { ...before, killed, killedVersion, changedAt, ...said }
        const told = {
          action: killed ? 'kill' : 'revive',
          object: 'platform',
          ...(reason !== undefined && { detail: reason }),
        } as const
        const items = [switchWrite(before, after), auditWrite(catalog, 'platform', author, told)]
        const outcome = await transact(client, items, retrying(signal))
        return outcome.kind === 'done' ? after : ('again' as const)
      }, signal),

    readSuspension: async (merchantId, signal) => parseSuspension(await readVersion(merchantId, signal)),

    suspend: (merchantId, change, author, signal) =>
      optimistically(async () => {
        const item = await readVersion(merchantId, signal)
        const before = parseSuspension(item)
        const suspension = change(before)
        const version = Number(item?.['version'] ?? 0)
        const committed = await commitChange(
          tables,
          merchantId,
          [],
          {
            author,
            ...toldOf(author, suspension),
            object: merchantId,
          },
          { version, set: { suspended: suspension }, signal },
        )
        if (committed.kind === 'merchantGone') return 'absent' as const
        return committed.kind === 'done' ? { suspension } : ('again' as const)
      }, signal),

    setQuotas: async (merchantId, quotas, author, version, signal) => {
      const told = {
        author,
        action: 'replace',
        object: 'quotas',
        detail: JSON.stringify(quotas).slice(0, 400),
      } as const
      const committed = await commitChange(tables, merchantId, [], told, {
        ...(version !== undefined && { version }),
        set: { quotas },
        signal,
      })
      if (committed.kind === 'merchantGone') return 'absent'
      return committed.kind === 'done' ? 'saved' : 'changed'
    },

    listMerchants: async ({ limit, after }, signal) => {
      const place = { pk: DIRECTORY_PK, prefix: DIRECTORY_PREFIX, limit, after }
      const { items, more } = await listUnder(tables, place, signal)
      const listed = items.map((item) => listedSchema.parse(item))
      const keys = listed.map(({ merchantId }) => versionKey(merchantId))
      const [versions = []] = await batchGetAll(client, [{ table: catalog, keys }], retrying(signal))
      const last = listed.at(-1)
      return {
        items: listed.map(({ merchantId, name }, index) => {
          const suspension = parseSuspension(versions[index])
          return { id: merchantId, name, ...(suspension && { suspension }) }
        }),
        ...(more && last !== undefined && { next: last.merchantId }),
      }
    },
  }
}
