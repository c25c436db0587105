import * as z from 'zod'
import { type CatalogTables, retrying } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { entityKey } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { batchGetAll } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import type { Place } from '#shared/contracts/items/waiting-list.ts'

/** The waiting list of an offer; undefined where a place would be in vain: no list, no offer, or no scene to give it. */
export type FindWaitingList = (
  place: Pick<Place, 'merchantId' | 'sceneId' | 'offerId'>,
  nowMs: number,
  signal?: AbortSignal,
) => Promise<{ readonly stockShards: number } | undefined>

const listed = z.object({
  hasWaitingList: z.literal(true),
  stockShards: z.number(),
  until: z.string().exactOptional(),
})
const giving = z.object({ offerId: id('off'), state: z.enum(['active', 'paused']) })

export const createFindWaitingList =
  ({ client, catalog }: Pick<CatalogTables, 'client' | 'catalog'>): FindWaitingList =>
  async ({ merchantId, sceneId, offerId }, nowMs, signal) => {
    const keys = [entityKey('OFFER', merchantId, offerId), entityKey('SCENE', merchantId, sceneId)]
    const [[offer, scene] = []] = await batchGetAll(
      client,
      [{ table: catalog, keys, consistent: true }],
      retrying(signal),
    )
    const list = listed.safeParse(offer).data
    const isGiven = giving.safeParse(scene).data?.offerId === offerId
    if (list === undefined || !isGiven) return undefined
    if (list.until !== undefined && Date.parse(list.until) <= nowMs) return undefined
    return { stockShards: list.stockShards }
  }
