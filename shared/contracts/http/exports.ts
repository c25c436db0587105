import * as z from 'zod'
import {
  createdAtSchema,
  idSchema,
  instantSchema,
  MAX_PAGE,
  pageQuerySchema,
} from '#shared/contracts/http/primitives.ts'
import type { JobId } from '#shared/domain/ids.ts'

/** For so long an export can be read. */
export const EXPORT_OPEN_MS = 24 * 3_600_000

export const exportPathSchema = z.strictObject({ merchantId: idSchema('mer'), exportId: idSchema('job') })
export const exportPartPathSchema = exportPathSchema.extend({
  part: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'a whole number from 1')
    .transform(Number)
    .pipe(z.int().min(1).max(999_999))
    .describe('Its number, from 1.'),
})

/** What a merchant has, in the order in which it is exported. */
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

/** What a line of an export tells of; what a customer was given and sent follows the customer. */
export type ExportLineSection = ExportSection | 'grant' | 'message'

/** The most that a merchant may ask for in a day. */
export const MAX_EXPORTS_A_DAY = 10

/** `GET /v1/merchants/{merchantId}/exports/{exportId}`: how far an export of all of the merchant's data is. */
export const exportSchema = z.strictObject({
  exportId: idSchema('job').describe('The export: its state and its parts are read by it.'),
  state: z
    .enum(['queued', 'running', 'done', 'failed'])
    .describe('Failed: nothing came for long, or it took longer than a day. Ask for another.'),
  createdAt: createdAtSchema,
  finishedAt: instantSchema.exactOptional().describe('When its last part was written.'),
  expiresAt: instantSchema
    .exactOptional()
    .describe('Until when it can be read: a day from when it was done.'),
  sections: z
    .strictObject({
      done: z.int().min(0).describe('How many kinds of things it has come through.'),
      all: z.int().min(1).describe('How many there are.'),
    })
    .describe('How far it is.'),
  items: z.int().min(0).describe('How many lines there are.'),
  parts: z.int().min(0).describe('How many parts there are; each can be read as soon as it is there.'),
})

/** An export that is opened now, as its body tells it. */
export const openedExport = (exportId: JobId, nowMs: number) => ({
  exportId,
  createdAt: new Date(nowMs).toISOString(),
  expiresAt: new Date(nowMs + EXPORT_OPEN_MS).toISOString(),
})

/** `POST /v1/me/exports`: opens an export of everything that is kept of the customer, for a day. */
export const myExportSchema = z.strictObject({
  exportId: idSchema('job').describe('The export: its pages are read by it.'),
  createdAt: createdAtSchema,
  expiresAt: instantSchema.describe('Until when its pages can be read.'),
})

export const myExportPathSchema = z.strictObject({ exportId: idSchema('job') })

/** A sort key of DynamoDB has 1,024 bytes at most; so has a place in an export. */
const MAX_CURSOR = 1400

export const myExportQuerySchema = pageQuerySchema.extend({
  cursor: z
    .base64url('not a cursor of this list')
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
