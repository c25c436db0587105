import * as z from 'zod'
import { idSchema, instantSchema, nameSchema, revisionSchema } from '#shared/contracts/http/primitives.ts'
import { MEMBER_ROLES } from '#shared/domain/merchants/merchant.ts'

export const merchantPathSchema = z.strictObject({ merchantId: idSchema('mer') })

/** `POST /v1/merchants`, `PUT /v1/merchants/{merchantId}`. */
export const merchantRequestSchema = z.strictObject({ name: nameSchema })

export const merchantSchema = z.object({
  id: idSchema('mer'),
  name: nameSchema,
  revision: revisionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

/** One row of `GET /v1/merchants`: a merchant of the caller, and the caller's role there. */
export const membershipSchema = z.strictObject({
  id: idSchema('mer'),
  name: nameSchema,
  role: z.enum(MEMBER_ROLES),
})
export type Membership = z.output<typeof membershipSchema>
