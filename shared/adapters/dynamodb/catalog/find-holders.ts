import * as z from 'zod'
import { type CatalogTables, merchantPk } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import type { EntityType } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { type Item, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { type Holder, MAX_HOLDERS } from '#shared/contracts/http/problem.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { MerchantId } from '#shared/domain/ids.ts'

const PAGE = 500
const MAX_PAGES = 100

/** What the API calls the things of the Catalog. */
const HOLDER_OF = {
  STORE: 'store',
  GEOFENCE: 'geofence',
  SCENE: 'scene',
  OFFER: 'offer',
  REGION: 'region',
  'QR-CODE': 'qrCode',
} as const satisfies Record<EntityType, Holder['type']>
const THINGS = ['STORE', 'GEOFENCE', 'SCENE', 'OFFER', 'REGION', 'QR-CODE'] as const

const namesSchema = z.object({
  state: z.string().optional(),
  storeId: z.string().optional(),
  offerId: z.string().optional(),
  substituteId: z.string().optional(),
  regionId: z.string().optional(),
  parentId: z.string().optional(),
  action: z.object({ sceneId: z.string().optional(), offerId: z.string().optional() }).default({}),
  placement: z.object({ storeId: z.string().optional() }).default({}),
  triggers: z
    .array(
      z.object({
        at: z
          .object({
            geofenceIds: z.array(z.string()).default([]),
            storeIds: z.array(z.string()).default([]),
            regionIds: z.array(z.string()).default([]),
          })
          .default({ geofenceIds: [], storeIds: [], regionIds: [] }),
      }),
    )
    .default([]),
})

// An archived scene fires no more; when it is taken up again, what it names is checked again.
const names = (item: Item): string[] => {
  const { state, triggers, action, placement, ...named } = namesSchema.parse(item)
  const { storeId, offerId, substituteId, regionId, parentId } = named
  if (state === 'archived') return []
  const places = triggers.flatMap(({ at }) => [...at.geofenceIds, ...at.storeIds, ...at.regionIds])
  const scanned = [action.sceneId, action.offerId, placement.storeId]
  return [storeId, offerId, substituteId, regionId, parentId, ...scanned, ...places].flatMap((id) =>
    id === undefined ? [] : [id],
  )
}

type Looked = {
  readonly merchantId: MerchantId
  readonly type: EntityType
  readonly isHolder: (item: Item) => boolean
  /** So many are enough. */
  readonly limit: number
}

/** The first of a merchant's things of one type that hold what is asked for. */
const holdersOfType = async (
  { client, catalog }: CatalogTables,
  { merchantId, type, isHolder, limit }: Looked,
  signal?: AbortSignal,
): Promise<Holder[]> => {
  const prefix = `${type}#`
  const holders: Holder[] = []
  let start: Item | undefined
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await queryPage(
      client,
      {
        TableName: catalog,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ProjectionExpression:
          'sk, #state, storeId, offerId, substituteId, regionId, parentId, triggers, #action, #placement',
        ExpressionAttributeNames: { '#state': 'state', '#action': 'action', '#placement': 'placement' },
        ExpressionAttributeValues: { ':pk': merchantPk(merchantId), ':prefix': prefix },
        ConsistentRead: true,
        Limit: PAGE,
        ...(start && { ExclusiveStartKey: start }),
      },
      { signal },
    )
    const found = page.items.filter(isHolder)
    holders.push(
      ...found.map(({ sk }): Holder => ({ type: HOLDER_OF[type], id: String(sk).slice(prefix.length) })),
    )
    start = page.next
    if (start === undefined || holders.length >= limit) return holders.slice(0, limit)
  }
  throw new BusyError('too many rows to look through')
}

const holdersAmong = async (
  tables: CatalogTables,
  types: readonly EntityType[],
  looked: Pick<Looked, 'merchantId' | 'isHolder'>,
  signal?: AbortSignal,
): Promise<readonly Holder[]> => {
  const holders: Holder[] = []
  for (const type of types) {
    if (holders.length >= MAX_HOLDERS) break
    const limit = MAX_HOLDERS - holders.length
    holders.push(...(await holdersOfType(tables, { ...looked, type, limit }, signal)))
  }
  return holders
}

/** Which of the merchant's things, archived scenes aside, name this id: the first ten. Reads every row of the types. */
export const findHolders = (
  tables: CatalogTables,
  merchantId: MerchantId,
  id: string,
  types: readonly EntityType[],
  signal?: AbortSignal,
): Promise<readonly Holder[]> =>
  holdersAmong(tables, types, { merchantId, isHolder: (item) => names(item).includes(id) }, signal)

/** The first ten of the things that a merchant has. */
export const findThings = (
  tables: CatalogTables,
  merchantId: MerchantId,
  signal?: AbortSignal,
): Promise<readonly Holder[]> => holdersAmong(tables, THINGS, { merchantId, isHolder: () => true }, signal)
