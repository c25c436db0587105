import {
  type CatalogTables,
  listUnder,
  merchantPk,
  type PageOf,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import {
  type Along,
  createEntityRecords,
  type EntityRecords,
  type Reference,
} from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { findHolders } from '#shared/adapters/dynamodb/catalog/find-holders.ts'
import { newArrivalWrite } from '#shared/adapters/dynamodb/catalog/new-arrivals.ts'
import { sceneSchema } from '#shared/contracts/http/scenes.ts'
import { replanItem } from '#shared/contracts/items/replan.ts'
import type { MerchantId, SceneId } from '#shared/domain/ids.ts'
import { plansAs } from '#shared/domain/scenes/occasions.ts'
import type { Scene, SceneTrigger } from '#shared/domain/scenes/scene.ts'

const placesOf = (trigger: SceneTrigger, index: number): Reference[] => {
  if (!('at' in trigger) || trigger.at === undefined) return []
  const { geofenceIds = [] } = 'geofenceIds' in trigger.at ? trigger.at : {}
  const { storeIds = [], regionIds = [] } = trigger.at
  const at = `/triggers/${index}/at`
  return [
    ...geofenceIds.map((id, n): Reference => ({ type: 'GEOFENCE', id, pointer: `${at}/geofenceIds/${n}` })),
    ...storeIds.map((id, n): Reference => ({ type: 'STORE', id, pointer: `${at}/storeIds/${n}` })),
    ...regionIds.map((id, n): Reference => ({ type: 'REGION', id, pointer: `${at}/regionIds/${n}` })),
  ]
}

const referencesOf = ({ triggers, offerId }: Scene): Reference[] => [
  ...triggers.flatMap(placesOf),
  ...(offerId === undefined ? [] : [{ type: 'OFFER', id: offerId, pointer: '/offerId' } as const]),
]

const revisionKey = (merchantId: MerchantId, sceneId: SceneId, revision: number) => ({
  pk: merchantPk(merchantId),
  sk: `REVISION#${sceneId}#${String(revision).padStart(8, '0')}`,
})

/** Every revision stays as it was, beside the scene as it is. */
const keepRevision = (catalog: string, scene: Scene): Along => ({
  write: {
    Put: {
      TableName: catalog,
      Item: {
        ...revisionKey(scene.merchantId, scene.id, scene.revision),
        kind: 'sceneRevision',
        ...scene,
      },
    },
  },
})

/** The revisions of a scene, the oldest first; also of one that was deleted. */
export type ListRevisions = (
  merchantId: MerchantId,
  sceneId: SceneId,
  page: { readonly limit: number; readonly after?: string | undefined },
  signal?: AbortSignal,
) => Promise<PageOf<Scene>>

export const createListRevisions =
  (tables: CatalogTables): ListRevisions =>
  async (merchantId, sceneId, { limit, after }, signal) => {
    const prefix = `REVISION#${sceneId}#`
    const place = { pk: merchantPk(merchantId), prefix, limit, after }
    const { items, more } = await listUnder(tables, place, signal)
    const last = items.at(-1)
    return {
      items: items.map((item): Scene => sceneSchema.parse(item)),
      ...(more && last !== undefined && { next: String(last['sk']).slice(prefix.length) }),
    }
  }

/** A merchant's scenes. What they name must be the merchant's own. */
export const createSceneRecords = (
  tables: CatalogTables,
  { nowMs, dueShards }: { readonly nowMs: () => number; readonly dueShards: number },
): EntityRecords<SceneId, Scene> => {
  /** Customers are planned for anew where a plan begins, ends or changes. */
  const replan = (before: Scene | undefined, after: Scene | undefined): Along[] => {
    const merchantId = (after ?? before)?.merchantId
    if (merchantId === undefined || plansAs(before) === plansAs(after)) return []
    const Item = replanItem(merchantId, nowMs(), dueShards)
    return [{ write: { Put: { TableName: tables.ledger, Item } } }]
  }

  return createEntityRecords(tables, {
    type: 'SCENE',
    quota: 'scenes',
    parse: (item): Scene => sceneSchema.parse(item),
    references: referencesOf,
    namedBy: (merchantId, sceneId, signal) => findHolders(tables, merchantId, sceneId, ['QR-CODE'], signal),
    along: async (before, after, signal) => {
      if (after === undefined) return replan(before, after)
      const announced = await newArrivalWrite(tables, before, after, signal)
      return [
        keepRevision(tables.catalog, after),
        ...(announced ? [announced] : []),
        ...replan(before, after),
      ]
    },
  })
}
