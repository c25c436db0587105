import * as z from 'zod'
import { idSchema, instantSchema, revisionSchema } from '#shared/contracts/http/primitives.ts'
import { AUDIT_ACTIONS } from '#shared/domain/merchants/audit.ts'
import { MEMBER_ROLES } from '#shared/domain/merchants/merchant.ts'

/**
 * `GET …/audit-log`: one change, the latest first, of the last 13 months. It was written in the transaction that made the
 * change. Of a customer it never says which.
 */
export const auditEntrySchema = z.strictObject({
  at: instantSchema.describe('When it was done.'),
  user: idSchema('usr').describe('Who did it.'),
  role: z.enum([...MEMBER_ROLES, 'operator', 'platform']).describe('The role in which it was done.'),
  action: z
    .enum(AUDIT_ACTIONS)
    .describe('What was done; `kill` and `revive` are the kill switch, on and off.'),
  object: z
    .string()
    .max(40)
    .describe('The id of what was changed; `customer` for any customer, `platform` for the whole.'),
  before: revisionSchema.exactOptional().describe('The revision before the change.'),
  after: revisionSchema.exactOptional().describe('The revision after it.'),
  detail: z.string().max(400).exactOptional().describe('More of it for people, e.g. `staff → manager`.'),
  requestId: z.string().max(160).describe('The `x-request-id` of the request that did it.'),
})
