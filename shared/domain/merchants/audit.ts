import type { UserId } from '#shared/domain/ids.ts'
import type { MemberRole } from '#shared/domain/merchants/merchant.ts'

/** Who changes something, for the audit log. */
export type Author = {
  readonly user: UserId
  readonly role: MemberRole | 'operator' | 'platform'
  /** The request's, as its answer and the access log name it. */
  readonly requestId: string
  readonly atMs: number
}

export const AUDIT_ACTIONS = [
  'create',
  'replace',
  'delete',
  'import',
  'export',
  'block',
  'unblock',
  'suspend',
  'reinstate',
  'appeal',
  'kill',
  'revive',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** What was done to what. Of a customer it never says which: an audit log outlives an erasure. */
export type AuditedChange = {
  readonly action: AuditAction
  /** An id, or 'customer'. */
  readonly object: string
  /** The revision before, and after; absent where there was or is none. */
  readonly before?: number
  readonly after?: number
  /** For people, e.g. 'staff → manager'. */
  readonly detail?: string
}
