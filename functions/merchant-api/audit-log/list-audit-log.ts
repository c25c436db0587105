import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { AuditedId } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { Reply, UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'listAudit' | 'nowMs'>

type AuditPage = Reply & { readonly body: { readonly items: readonly unknown[] } }

const isPlace = (text: string): text is string => /^[\x20-\x7e]{1,120}$/.test(text)

const pageOf = async (
  { listAudit, nowMs }: Services,
  id: AuditedId,
  { limit, cursor }: PageQuery,
  signal: AbortSignal,
): Promise<AuditPage> => {
  const before = decodeCursor(cursor, isPlace)
  const { items, next } = await listAudit(id, { limit, before }, nowMs(), signal)
  return { status: 200, body: { items, ...(next !== undefined && { next: encodeCursor(next) }) } }
}

/** Answers a page of what was changed of a merchant, and by whom, the latest first. */
export const listAuditLog: UseCase<Services, MerchantPath, PageQuery> =
  (services) =>
  ({ path, query, signal }) =>
    pageOf(services, path.merchantId, query, signal)

/** Answers the operator the log of a merchant, also of one that is gone, as long as it has one. */
export const listAuditLogOfMerchant: UseCase<
  Services & Pick<MerchantServices, 'merchants'>,
  MerchantPath,
  PageQuery
> = (services) => async (request) => {
  const { path, query, signal } = request
  const page = await pageOf(services, path.merchantId, query, signal)
  if (page.body.items.length > 0 || query.cursor !== undefined) return page
  const merchant = await services.merchants.find(path.merchantId, signal)
  if (merchant === undefined) throw new Problem('notFound')
  return page
}

/** Answers a page of what the operator changed for all, the latest first. */
export const listPlatformAuditLog: UseCase<Services, unknown, PageQuery> =
  (services) =>
  ({ query, signal }) =>
    pageOf(services, 'platform', query, signal)
