import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import {
  createEntityRecords,
  type EntityRecords,
  type Reference,
} from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { sceneSchema } from '#shared/contracts/http/scenes.ts'
import type { SceneId } from '#shared/domain/ids.ts'
import type { Scene, SceneTrigger } from '#shared/domain/scenes/scene.ts'

/** Drafts and archived ones included: deciding reads them all. */
const MAX_SCENES_PER_MERCHANT = 100

const placesOf = (trigger: SceneTrigger, index: number): Reference[] => {
  if (!('at' in trigger) || trigger.at === undefined) return []
  const { geofenceIds = [], storeIds = [] } = trigger.at
  const at = `/triggers/${index}/at`
  return [
    ...geofenceIds.map((id, n): Reference => ({ type: 'GEOFENCE', id, pointer: `${at}/geofenceIds/${n}` })),
    ...storeIds.map((id, n): Reference => ({ type: 'STORE', id, pointer: `${at}/storeIds/${n}` })),
  ]
}

const referencesOf = ({ triggers, offerId }: Scene): Reference[] => [
  ...triggers.flatMap(placesOf),
  ...(offerId === undefined ? [] : [{ type: 'OFFER', id: offerId, pointer: '/offerId' } as const]),
]

/** A merchant's scenes. What they name must be the merchant's own. */
export const createSceneRecords = (tables: CatalogTables): EntityRecords<SceneId, Scene> =>
  createEntityRecords(tables, {
    type: 'SCENE',
    quota: { attribute: 'scenes', most: MAX_SCENES_PER_MERCHANT },
    parse: (item): Scene => sceneSchema.parse(item),
    references: referencesOf,
  })
