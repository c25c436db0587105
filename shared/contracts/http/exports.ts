import * as z from 'zod'
import {
  createdAtSchema,
  idSchema,
  instantSchema,
  MAX_PAGE,
  nextSchema,
  pageQuerySchema,
} from '#shared/contracts/http/primitives.ts'
import type { JobId } from '#shared/domain/ids.ts'

/** For so long the pages of an export can be read. */
export const EXPORT_OPEN_MS = 24 * 3_600_000

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
  exportId: idSchema('job').describe('The export: its pages are read by it.'),
  createdAt: createdAtSchema,
  expiresAt: instantSchema.describe('Until when its pages can be read.'),
})

/** An export that is opened now, as its body tells it. */
export const openedExport = (exportId: JobId, nowMs: number) => ({
  exportId,
  createdAt: new Date(nowMs).toISOString(),
  expiresAt: new Date(nowMs + EXPORT_OPEN_MS).toISOString(),
})

/**
 * `GET /v1/merchants/{merchantId}/exports/{exportId}`: the next page of it. Without `next` it was the last. `data` is what the
 * section's own route answers; a customer is one who has acted with the merchant, with what it was given and sent.
 */
export const exportPageSchema = z.strictObject({
  items: z
    .array(
      z.strictObject({
        section: z.enum(EXPORT_SECTIONS).describe('What it is.'),
        data: z
          .record(z.string(), z.unknown())
          .describe('As the section’s own route answers it; of a customer also what it was given and sent.'),
      }),
    )
    .max(MAX_PAGE)
    .describe('The rows of this page.'),
  next: nextSchema.exactOptional(),
})

export const myExportPathSchema = z.strictObject({ exportId: idSchema('job') })

/** A sort key of DynamoDB has 1,024 bytes at most; so has a place in an export. */
const MAX_CURSOR = 1400

export const myExportQuerySchema = pageQuerySchema.extend({
  cursor: z
    .base64url()
    .min(1)
    .max(MAX_CURSOR)
    .exactOptional()
    .describe('The `next` of the page before; it means nothing to the client.'),
})
export type MyExportQuery = z.output<typeof myExportQuerySchema>

/** `GET /v1/me/exports/{exportId}`: the next page of it. Without `next` it was the last. */
export const myExportPageSchema = z.strictObject({
  items: z
    .array(
      z.looseObject({
        kind: z
          .string()
          .max(50)
          .describe('What it is, see docs/erasure.md; the other members are those of the kind.'),
        keptUntil: instantSchema.exactOptional().describe('When it is forgotten by itself.'),
      }),
    )
    .max(MAX_PAGE)
    .describe('The rows of this page.'),
  next: z
    .string()
    .max(MAX_CURSOR)
    .exactOptional()
    .describe('The `cursor` of the next page; without it this is the last.'),
})
