import * as z from 'zod'
import { idSchema, instantSchema, MAX_PAGE } from '#shared/contracts/http/primitives.ts'

export const exportPathSchema = z.strictObject({ merchantId: idSchema('mer'), exportId: idSchema('job') })

/** The parts of an export, in their order. */
export const EXPORT_SECTIONS = [
  'merchant',
  'member',
  'region',
  'store',
  'geofence',
  'offer',
  'qrCode',
  'scene',
  'sceneRevision',
  'audit',
  'customer',
] as const
export type ExportSection = (typeof EXPORT_SECTIONS)[number]

/** `POST /v1/merchants/{merchantId}/exports`: opens an export of all of the merchant's data, for a day. */
export const exportSchema = z.strictObject({
  exportId: idSchema('job'),
  createdAt: instantSchema,
  expiresAt: instantSchema,
})

/**
 * `GET /v1/merchants/{merchantId}/exports/{exportId}`: the next page of it. Without `next` it was the last. `data` is what the
 * section's own route answers; a customer is one who has acted with the merchant, with what it was given and sent.
 */
export const exportPageSchema = z.strictObject({
  items: z
    .array(z.strictObject({ section: z.enum(EXPORT_SECTIONS), data: z.record(z.string(), z.unknown()) }))
    .max(MAX_PAGE),
  next: z.string().max(200).exactOptional(),
})
