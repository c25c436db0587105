import type { ExportUnit } from '#functions/run-jobs/exports/read-units.ts'
import type { ExportRecords } from '#shared/adapters/dynamodb/catalog/export-records.ts'
import { parseMember } from '#shared/adapters/dynamodb/catalog/member-records.ts'
import { EXPORT_SECTIONS, type ExportSection } from '#shared/contracts/http/exports.ts'
import { geofenceView } from '#shared/contracts/http/geofences.ts'
import { memberView } from '#shared/contracts/http/members.ts'
import { parseAudit } from '#shared/contracts/items/audit.ts'
import {
  parseMerchant,
  parseOffer,
  parseQrCode,
  parseRegion,
  parseScene,
  parseStore,
} from '#shared/contracts/items/catalog.ts'
import type { ExportPlace } from '#shared/contracts/items/export.ts'
import { parseGeofenceItem } from '#shared/contracts/items/geofence.ts'
import type { Item } from '#shared/contracts/items/ledger.ts'
import type { MerchantId } from '#shared/domain/ids.ts'

/** What stands under the merchant in the Catalog: how its sort keys begin, and how it is shown. */
type Shown = {
  readonly prefix: string
  readonly view: (item: Item, nowMs: number) => object | undefined
}
export type CatalogSection = Exclude<ExportSection, 'customer'>

const SHOWN: Readonly<Record<CatalogSection, Shown>> = {
  merchant: { prefix: 'MERCHANT', view: parseMerchant },
  member: { prefix: 'MEMBER#', view: (item, nowMs) => memberView(parseMember(item), nowMs) },
  region: { prefix: 'REGION#', view: parseRegion },
  store: { prefix: 'STORE#', view: parseStore },
  geofence: { prefix: 'GEOFENCE#', view: (item) => geofenceView(parseGeofenceItem(item)) },
  offer: { prefix: 'OFFER#', view: parseOffer },
  qrCode: { prefix: 'QR-CODE#', view: parseQrCode },
  scene: { prefix: 'SCENE#', view: parseScene },
  sceneRevision: { prefix: 'REVISION#', view: parseScene },
  audit: { prefix: 'AUDIT#', view: parseAudit },
}

const A_PAGE = 100

const afterAll = (section: CatalogSection): ExportPlace =>
  `${EXPORT_SECTIONS[EXPORT_SECTIONS.indexOf(section) + 1] ?? 'customer'}|`

/** A page of a section, each item alone; after the last it goes on with the next section. */
export const readCatalog = async (
  exports: Pick<ExportRecords, 'readItems'>,
  merchantId: MerchantId,
  { section, from }: { readonly section: CatalogSection; readonly from: string | undefined },
  nowMs: number,
  signal?: AbortSignal,
): Promise<readonly ExportUnit[]> => {
  const { prefix, view } = SHOWN[section]
  const { items, next } = await exports.readItems(merchantId, prefix, { limit: A_PAGE, after: from }, signal)
  const last = next === undefined ? afterAll(section) : undefined
  const units = items.map((item, index): ExportUnit => {
    const data = view(item, nowMs)
    const place: ExportPlace = `${section}|${String(item['sk']).slice(prefix.length)}`
    return {
      lines: data === undefined ? [] : [{ section, data }],
      next: index === items.length - 1 ? (last ?? place) : place,
    }
  })
  return units.length > 0 ? units : [{ lines: [], next: afterAll(section) }]
}
