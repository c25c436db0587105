import * as z from 'zod'
import { type CatalogTables, merchantPk } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import type { EntityType } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { type Item, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { MerchantId } from '#shared/domain/ids.ts'

const PAGE = 500
const MAX_PAGES = 100

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

const anyNames = async (
  { client, catalog }: CatalogTables,
  merchantId: MerchantId,
  id: string,
  prefix: string,
  signal?: AbortSignal,
): Promise<boolean> => {
  let start: Item | undefined
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await queryPage(
      client,
      {
        TableName: catalog,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ProjectionExpression:
          '#state, storeId, offerId, substituteId, regionId, parentId, triggers, #action, #placement',
        ExpressionAttributeNames: { '#state': 'state', '#action': 'action', '#placement': 'placement' },
        ExpressionAttributeValues: { ':pk': merchantPk(merchantId), ':prefix': prefix },
        ConsistentRead: true,
        Limit: PAGE,
        ...(start && { ExclusiveStartKey: start }),
      },
      { signal },
    )
    if (page.items.some((item) => names(item).includes(id))) return true
    start = page.next
    if (start === undefined) return false
  }
  throw new BusyError('too many rows to look through')
}

/** Does one of the merchant's things, archived scenes aside, name this id? Reads every row under the prefixes. */
export const isNamedAnywhere = async (
  tables: CatalogTables,
  merchantId: MerchantId,
  id: string,
  prefixes: readonly `${EntityType}#`[],
  signal?: AbortSignal,
): Promise<boolean> => {
  for (const prefix of prefixes) {
    if (await anyNames(tables, merchantId, id, prefix, signal)) return true
  }
  return false
}
