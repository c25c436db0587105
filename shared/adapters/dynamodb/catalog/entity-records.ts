import {
  type CatalogTables,
  listUnder,
  merchantPk,
  type PageOf,
  type PageRequest,
  versionKey,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import {
  type Committed,
  type CountedQuota,
  commitChange,
} from '#shared/adapters/dynamodb/catalog/change-merchant.ts'
import { isDone, markDone } from '#shared/adapters/dynamodb/catalog/done-marks.ts'
import { readQuotas } from '#shared/adapters/dynamodb/catalog/read-quotas.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import {
  getItem,
  type Item,
  MAX_TRANSACT_ITEMS,
  type TransactItem,
} from '#shared/adapters/dynamodb/transactions.ts'
import type { Holder } from '#shared/contracts/http/problem.ts'
import type { MerchantId, WriteId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'
import { DEFAULT_QUOTAS, type QuotaName, type Quotas, quotaWords } from '#shared/domain/merchants/quotas.ts'

export type Entity<Id extends string> = {
  readonly id: Id
  readonly merchantId: MerchantId
  readonly revision: number
}

export type EntityType = 'STORE' | 'GEOFENCE' | 'SCENE' | 'OFFER' | 'REGION' | 'QR-CODE'

/** Something of the same merchant that an entity names, and where in its request body it does. */
export type Reference = { readonly type: EntityType; readonly id: string; readonly pointer: string }

export type Refusal = 'stockInUse' | 'inUse'

export type Saved<E> =
  | { readonly kind: 'saved'; readonly entity: E }
  | { readonly kind: 'absent' }
  /** Named, but not there: pointers into the request body. */
  | { readonly kind: 'missing'; readonly pointers: readonly string[] }
  /** It cannot stand where it would: a pointer into the request body, with the reason for people. */
  | { readonly kind: 'misplaced'; readonly pointer: string; readonly detail: string }
  | { readonly kind: 'refused'; readonly reason: Refusal }
  /** There are as many as there may be; `detail` says of what, for people. */
  | { readonly kind: 'full'; readonly detail: string; readonly quota?: QuotaName; readonly limit?: number }

/** It stays, because of these. */
export type Held = { readonly heldBy: readonly Holder[] }

export type Removed = 'removed' | 'absent' | Held

/** What a merchant's stores, geofences, scenes and offers have in common. */
export type EntityRecords<Id extends string, E extends Entity<Id>> = {
  readonly find: (merchantId: MerchantId, id: Id, signal?: AbortSignal) => Promise<E | undefined>
  readonly list: (merchantId: MerchantId, page: PageRequest<Id>, signal?: AbortSignal) => Promise<PageOf<E>>
  /** Every change is told in the audit log, with its author, or not made. */
  readonly create: (entity: E, author: Author, signal?: AbortSignal) => Promise<Saved<E>>
  /**
   * `change` may be called again when somebody else changed the entity meanwhile. Where it does not come out the same the
   * second time, `done` names the request in all its tries: of those that change the entity there is one.
   */
  readonly replace: (
    merchantId: MerchantId,
    id: Id,
    author: Author,
    change: (current: E) => E,
    signal?: AbortSignal,
    done?: WriteId,
  ) => Promise<Saved<E>>
  /** `check` throws when it is not this state that shall go; it may be called again like `change`. */
  readonly remove: (
    merchantId: MerchantId,
    id: Id,
    author: Author,
    check?: (current: E) => void,
    signal?: AbortSignal,
  ) => Promise<Removed>
}

/** A write along with a change; `full` is what its condition says when it fails, where it bounds a number. */
export type Along = { readonly write: TransactItem; readonly full?: string }

export type EntityDefinition<Id extends string, E extends Entity<Id>> = {
  readonly type: EntityType
  readonly parse: (item: Item) => E
  /** What is stored of an entity, where that is not all of it. */
  readonly attributes?: (entity: E) => Item
  /** How many a merchant may have; without it nobody counts. */
  readonly quota?: CountedQuota
  /** At most 60 things that must exist for the entity to be saved. */
  readonly references?: (entity: E) => readonly Reference[]
  /**
   * Why a replaced entity cannot stand where it would, by all others of the merchant; undefined where it can. What was read
   * for it still holds when the change is written.
   */
  readonly misplaced?: (
    after: E,
    signal?: AbortSignal,
  ) => Promise<{ readonly pointer: string; readonly detail: string } | undefined>
  /** What else of the merchant still names this one; the first ten will do. */
  readonly namedBy?: (merchantId: MerchantId, id: Id, signal?: AbortSignal) => Promise<readonly Holder[]>
  /** What is written along with the change, e.g. the rows of a geofence's tiles; at most 82 items; with references, at most 90 in all. */
  readonly along?: (
    before: E | undefined,
    after: E | undefined,
    signal?: AbortSignal,
    quotas?: Quotas,
  ) => Promise<readonly Along[] | Refusal>
}

/** What `commitChange` adds to a transaction. */
const MERCHANT_ITEMS = 3
/** A geofence over a pole is in all the tiles there: it has no room left for the tiles of another place. */
const TOO_MUCH = 'this change touches too much at once; delete what it changes and create it anew'

export const entityKey = (type: EntityType, merchantId: MerchantId, id: string) => ({
  pk: merchantPk(merchantId),
  sk: `${type}#${id}`,
})

const nothingAlong = async (): Promise<readonly Along[]> => []

/** The records of one type of entity, over the Catalog. */
export const createEntityRecords = <Id extends string, E extends Entity<Id>>(
  tables: CatalogTables,
  {
    type,
    parse,
    attributes = (entity) => ({ ...entity }),
    quota,
    references = () => [],
    misplaced,
    namedBy = async () => [],
    along = nothingAlong,
  }: EntityDefinition<Id, E>,
): EntityRecords<Id, E> => {
  const { client, catalog } = tables
  const find = async (merchantId: MerchantId, id: Id, signal?: AbortSignal): Promise<E | undefined> => {
    const Key = entityKey(type, merchantId, id)
    const Item = await getItem(client, catalog, Key, signal)
    return Item && parse(Item)
  }

  const readVersion = async (merchantId: MerchantId, signal?: AbortSignal): Promise<number> => {
    const Key = versionKey(merchantId)
    const Item = await getItem(client, catalog, Key, signal)
    return Number(Item?.['version'] ?? 0)
  }

  const put = (before: E | undefined, after: E): TransactItem => ({
    Put: {
      TableName: catalog,
      Item: {
        ...entityKey(type, after.merchantId, after.id),
        kind: type.toLowerCase(),
        ...attributes(after),
      },
      ...(before === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: 'revision = :revision',
            ExpressionAttributeValues: { ':revision': before.revision },
          }),
    },
  })

  const exists = (merchantId: MerchantId, reference: Reference): TransactItem => ({
    ConditionCheck: {
      TableName: catalog,
      Key: entityKey(reference.type, merchantId, reference.id),
      ConditionExpression: 'attribute_exists(pk)',
    },
  })

  /** The usual quotas are written with at once; only who meets one is asked whether it is higher for this merchant. */
  const save = async (
    before: E | undefined,
    after: E,
    author: Author,
    signal?: AbortSignal,
    done?: WriteId,
  ): Promise<Saved<E> | 'again'> => {
    const saved = await saveWithin(DEFAULT_QUOTAS, before, after, author, signal, done)
    if (saved === 'again' || saved.kind !== 'full' || saved.quota === undefined) return saved
    const quotas = await readQuotas(tables, after.merchantId, signal)
    return quotas[saved.quota] > DEFAULT_QUOTAS[saved.quota]
      ? await saveWithin(quotas, before, after, author, signal, done)
      : saved
  }

  const saveWithin = async (
    quotas: Quotas,
    before: E | undefined,
    after: E,
    author: Author,
    signal?: AbortSignal,
    done?: WriteId,
  ): Promise<Saved<E> | 'again'> => {
    const isPlaced = misplaced !== undefined && before !== undefined
    // The version is read first and must still hold at the end: so nobody moved another one in between.
    const version = isPlaced ? await readVersion(after.merchantId, signal) : undefined
    const wrong = isPlaced ? await misplaced(after, signal) : undefined
    if (wrong !== undefined) return { kind: 'misplaced', ...wrong }
    const named = distinct(references(after))
    const also = await along(before, after, signal, quotas)
    if (typeof also === 'string') return { kind: 'refused', reason: also }
    const checks = named.map(([first]) => exists(after.merchantId, first))
    const marks = done === undefined ? [] : [markDone(tables.ledger, done, author.atMs)]
    const items = [...checks, put(before, after), ...also.map(({ write }) => write), ...marks]
    if (items.length > MAX_TRANSACT_ITEMS - MERCHANT_ITEMS) return { kind: 'full', detail: TOO_MUCH }
    const told = {
      author,
      action: before === undefined ? ('create' as const) : ('replace' as const),
      object: after.id,
      ...(before !== undefined && { before: before.revision }),
      after: after.revision,
    }
    const committed = await commitChange(tables, after.merchantId, items, told, {
      ...(version !== undefined && { version }),
      count: quota && { attribute: quota, most: quotas[quota], by: before === undefined ? 1 : 0 },
      signal,
    })
    if (committed.kind === 'full') {
      if (quota === undefined) throw new Error('nobody counts this')
      const limit = quotas[quota]
      return { kind: 'full', detail: `a merchant has at most ${limit} ${quotaWords(quota)}`, quota, limit }
    }
    const full = committed.kind === 'refused' ? fullOf(committed.at, also, checks.length) : undefined
    if (full === undefined) return savedOf(committed, after, named)
    return { kind: 'full', detail: full, quota: 'tileRows', limit: quotas.tileRows }
  }

  return {
    find,

    list: async (merchantId, { limit, after }, signal) => {
      const place = { pk: merchantPk(merchantId), prefix: `${type}#`, limit, after }
      const { items, more } = await listUnder(tables, place, signal)
      const entities = items.map(parse)
      const last = entities.at(-1)
      return { items: entities, ...(more && last !== undefined && { next: last.id }) }
    },

    create: (entity, author, signal) =>
      optimistically(async () => {
        const saved = await save(undefined, entity, author, signal)
        if (saved !== 'again' && saved.kind === 'saved') return saved
        // A try of the same request may have created it, and died before it could answer.
        const created = await find(entity.merchantId, entity.id, signal)
        return created === undefined ? saved : { kind: 'saved', entity: created }
      }, signal),

    replace: (merchantId, id, author, change, signal, done) =>
      optimistically(async () => {
        const isThere = await isDone(tables, done, signal)
        const current = await find(merchantId, id, signal)
        if (current === undefined) return { kind: 'absent' }
        if (isThere) return { kind: 'saved', entity: current }
        return await save(current, change(current), author, signal, done)
      }, signal),

    remove: (merchantId, id, author, check, signal) =>
      optimistically(async (): Promise<Removed | 'again'> => {
        // The version is read first and must still hold at the end: so nothing began to name the entity in between.
        const version = await readVersion(merchantId, signal)
        const current = await find(merchantId, id, signal)
        if (current === undefined) return 'absent'
        check?.(current)
        const heldBy = await namedBy(merchantId, id, signal)
        if (heldBy.length > 0) return { heldBy }
        const also = await along(current, undefined, signal)
        if (typeof also === 'string') return { heldBy: [{ type: 'grant' }] }
        const gone = { Delete: { TableName: catalog, Key: entityKey(type, merchantId, id) } }
        const writes = also.map(({ write }) => write)
        const count = quota && { attribute: quota, most: DEFAULT_QUOTAS[quota], by: -1 as const }
        const told = { author, action: 'delete', object: id, before: current.revision } as const
        const committed = await commitChange(tables, merchantId, [gone, ...writes], told, {
          version,
          count,
          signal,
        })
        return committed.kind === 'done' ? 'removed' : 'again'
      }, signal),
  }
}

/** References to the same thing in one group: a transaction may touch an item once. */
const distinct = (references: readonly Reference[]): [Reference, ...Reference[]][] => {
  const groups = new Map<string, [Reference, ...Reference[]]>()
  for (const reference of references) {
    const name = `${reference.type}#${reference.id}`
    const group = groups.get(name)
    groups.set(name, group ? [...group, reference] : [reference])
  }
  return [...groups.values()]
}

/**
 * What the first write says whose failed condition bounds a number; `own` is the place of the entity's own write, the
 * writes along follow it. Where that one was refused too, somebody else changed the entity: then it is looked at again.
 */
const fullOf = (failed: readonly number[], also: readonly Along[], own: number): string | undefined =>
  failed.includes(own)
    ? undefined
    : failed.map((index) => also[index - own - 1]?.full).find((full) => full !== undefined)

const savedOf = <E>(
  committed: Exclude<Committed, { kind: 'full' }>,
  entity: E,
  named: readonly (readonly Reference[])[],
): Saved<E> | 'again' => {
  if (committed.kind === 'done') return { kind: 'saved', entity }
  if (committed.kind === 'merchantGone') return { kind: 'absent' }
  const pointers = named.flatMap((group, index) =>
    committed.at.includes(index) ? group.map(({ pointer }) => pointer) : [],
  )
  return pointers.length > 0 ? { kind: 'missing', pointers } : 'again'
}
