import * as z from 'zod'
import { id } from '#shared/contracts/items/ids.ts'
import { expiryOf, type Item } from '#shared/contracts/items/ledger.ts'
import { AUDIT_ACTIONS, type AuditedChange, type Author } from '#shared/domain/merchants/audit.ts'
import { MEMBER_ROLES } from '#shared/domain/merchants/merchant.ts'

/** In the Catalog, under the merchant, or under the platform for what no merchant has. */
export const AUDIT_PREFIX = 'AUDIT#'

const entry = z.object({
  at: z.string(),
  user: id('usr'),
  role: z.enum([...MEMBER_ROLES, 'operator', 'platform']),
  action: z.enum(AUDIT_ACTIONS),
  object: z.string(),
  before: z.number().exactOptional(),
  after: z.number().exactOptional(),
  detail: z.string().exactOptional(),
  requestId: z.string(),
  ttl: z.number(),
})
export type AuditEntry = Omit<z.output<typeof entry>, 'ttl'>

/**
 * The item of a change, kept for 13 months.
 *
 * @param unique tells two changes of the same millisecond apart
 */
export const auditItem = (
  pk: string,
  { user, role, requestId, atMs }: Author,
  change: AuditedChange,
  unique: string,
): Item => {
  const at = new Date(atMs).toISOString()
  return {
    pk,
    sk: `${AUDIT_PREFIX}${at}#${unique}`,
    kind: 'audit',
    at,
    user,
    role,
    requestId,
    ...change,
    ttl: expiryOf(atMs),
  }
}

/** Reads an AUDIT item; undefined for one whose time is over, which TTL has not deleted yet. */
export const parseAudit = (item: Item, nowMs: number): AuditEntry | undefined => {
  const { ttl, ...shown } = entry.parse(item)
  return ttl * 1000 > nowMs ? shown : undefined
}
