import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { AuditedId } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import type { Reply, UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'listAudit' | 'nowMs'>

const isPlace = (text: string): text is string => /^[\x20-\x7e]{1,120}$/.test(text)

const pageOf = async (
  { listAudit, nowMs }: Services,
  id: AuditedId,
  { limit, cursor }: PageQuery,
  signal: AbortSignal,
): Promise<Reply> => {
  const before = decodeCursor(cursor, isPlace)
  const { items, next } = await listAudit(id, { limit, before }, nowMs(), signal)
  return { status: 200, body: { items, ...(next !== undefined && { next: encodeCursor(next) }) } }
}

/** Answers a page of what was changed of a merchant, and by whom, the latest first; also of one that is gone. */
export const listAuditLog: UseCase<Services, MerchantPath, PageQuery> =
  (services) =>
  ({ path, query, signal }) =>
    pageOf(services, path.merchantId, query, signal)

/** Answers a page of what the operator changed for all, the latest first. */
export const listPlatformAuditLog: UseCase<Services, unknown, PageQuery> =
  (services) =>
  ({ query, signal }) =>
    pageOf(services, 'platform', query, signal)
