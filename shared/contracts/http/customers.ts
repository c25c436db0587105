import * as z from 'zod'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import { MAX_TAGS } from '#shared/domain/customers/relationship.ts'

export const customerPathSchema = z.strictObject({ merchantId: idSchema('mer'), userId: idSchema('usr') })

const tagSchema = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} _.-]{0,63}$/u, '1 to 64 letters, digits and _ . -')

/** `PUT /v1/merchants/{merchantId}/customers/{userId}`: what the merchant notes of a customer whom it knows. */
export const customerNotesSchema = z.strictObject({
  tags: z
    .array(tagSchema)
    .max(MAX_TAGS)
    .refine((all) => new Set(all).size === all.length, 'named twice'),
  /** A blocked customer gets nothing from this merchant. */
  isBlocked: z.boolean(),
})
export type CustomerNotes = z.output<typeof customerNotesSchema>
