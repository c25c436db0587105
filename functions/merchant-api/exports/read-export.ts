import { customerView } from '#functions/merchant-api/customers/get-customer.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { memberView } from '#functions/merchant-api/members/member-view.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { parseMember } from '#shared/adapters/dynamodb/catalog/member-records.ts'
import { parseGrant } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import { isCustomerPlace, type KnownCustomer } from '#shared/adapters/dynamodb/ledger/customer-records.ts'
import { EXPORT_SECTIONS, type ExportSection } from '#shared/contracts/http/exports.ts'
import { geofenceView } from '#shared/contracts/http/geofences.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { parseAudit } from '#shared/contracts/items/audit.ts'
import {
  parseMerchant,
  parseOffer,
  parseQrCode,
  parseRegion,
  parseScene,
  parseStore,
} from '#shared/contracts/items/catalog.ts'
import { parseGeofenceItem } from '#shared/contracts/items/geofence.ts'
import { type Item, parseMessage } from '#shared/contracts/items/ledger.ts'
import type { JobId, MerchantId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'exports' | 'customers' | 'nowMs'>
type Path = MerchantPath & { readonly exportId: JobId }
type Page = { readonly data: readonly object[]; readonly next?: string }

/** Of what stands under the merchant in the Catalog: how its sort keys begin, and how it is shown. */
type CatalogSection = {
  readonly prefix: string
  readonly view: (item: Item, nowMs: number) => object | undefined
}

const CATALOG: Readonly<Record<Exclude<ExportSection, 'customer'>, CatalogSection>> = {
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
/** Each of them takes a few queries. */
const CUSTOMERS_A_PAGE = 10

/** A place in an export: a section, and where in it the next page goes on. */
type Place = `${ExportSection}|${string}`

const isSection = (text: string): text is ExportSection => EXPORT_SECTIONS.some((section) => section === text)
const isPlace = (text: string): text is Place => {
  const [section = '', place = '', ...rest] = text.split('|')
  return isSection(section) && rest.length === 0 && /^[\x20-\x7e]{0,120}$/.test(place)
}

const readCatalog = async (
  { exports, nowMs }: Services,
  merchantId: MerchantId,
  section: CatalogSection,
  page: { readonly limit: number; readonly after?: string },
  signal: AbortSignal,
): Promise<Page> => {
  const { items, next } = await exports.readItems(merchantId, section.prefix, page, signal)
  const data = items.flatMap((item) => section.view(item, nowMs()) ?? [])
  return { data, ...(next !== undefined && { next }) }
}

const grantView = (item: Item): object => {
  const {
    user: _,
    code: __,
    listedCode: ___,
    stockShard: ____,
    redemptionKey: _____,
    ...grant
  } = parseGrant(item)
  return grant
}

/** What left for whom and how it ended; its words are those of the scene's revision. */
const messageView = (item: Item): object[] => {
  const message = parseMessage(item)
  if (message === 'unreadable') return []
  const { messageId, grantId, sceneId, channel, state, reason, createdAtMs } = message
  return [
    {
      messageId,
      ...(grantId !== undefined && { grantId }),
      sceneId,
      channel,
      state,
      ...(reason !== undefined && { reason }),
      createdAt: new Date(createdAtMs).toISOString(),
    },
  ]
}

const withHistory = async (
  { exports }: Services,
  merchantId: MerchantId,
  customer: KnownCustomer,
  signal: AbortSignal,
): Promise<object> => {
  const [grants, messages] = await Promise.all([
    exports.readOfCustomer(merchantId, customer.user, 'GRANT#', signal),
    exports.readOfCustomer(merchantId, customer.user, 'MESSAGE#', signal),
  ])
  return {
    ...customerView(customer),
    grants: grants.map(grantView),
    messages: messages.flatMap(messageView),
  }
}

const readCustomers = async (
  services: Services,
  merchantId: MerchantId,
  page: { readonly limit: number; readonly after?: string },
  signal: AbortSignal,
): Promise<Page> => {
  const { after } = page
  const limit = Math.min(page.limit, CUSTOMERS_A_PAGE)
  const from = after !== undefined && isCustomerPlace(after) ? { after } : {}
  const { items, next } = await services.customers.list(merchantId, { limit, ...from }, signal)
  const data: object[] = []
  for (const customer of items) data.push(await withHistory(services, merchantId, customer, signal))
  return { data, ...(next !== undefined && { next }) }
}

const placeAfter = (section: ExportSection, { next }: Page): Place | undefined => {
  if (next !== undefined) return `${section}|${next}`
  const following = EXPORT_SECTIONS[EXPORT_SECTIONS.indexOf(section) + 1]
  return following === undefined ? undefined : `${following}|`
}

/**
 * Answers the next page of an export: the merchant's configuration, its audit log and the customers who have acted with it,
 * section by section, as they are when the page is read.
 */
export const readExport: MemberUseCase<Services, Path, PageQuery> =
  (services) =>
  async ({ path, query, signal }) => {
    const place = decodeCursor(query.cursor, isPlace) ?? 'merchant|'
    const { merchantId, exportId } = path
    if (!(await services.exports.isOpen(merchantId, exportId, services.nowMs(), signal)))
      throw new Problem('notFound')
    const [section = 'merchant', from = ''] = place.split('|')
    if (!isSection(section)) throw new Problem('notFound')
    const page = { limit: query.limit, ...(from !== '' && { after: from }) }
    const read =
      section === 'customer'
        ? await readCustomers(services, merchantId, page, signal)
        : await readCatalog(services, merchantId, CATALOG[section], page, signal)
    const next = placeAfter(section, read)
    return {
      status: 200,
      body: {
        items: read.data.map((data) => ({ section, data })),
        ...(next !== undefined && { next: encodeCursor(next) }),
      },
    }
  }
