import * as z from 'zod'
import {
  idSchema,
  instantSchema,
  nameSchema,
  revisionSchema,
  textSchema,
} from '#shared/contracts/http/primitives.ts'
import { statesBenefit } from '#shared/domain/merchants/qr-code.ts'

export const qrCodePathSchema = z.strictObject({ merchantId: idSchema('mer'), qrCodeId: idSchema('qrc') })

const linkSchema = z.url({ protocol: /^https$/ }).max(500)

/** Exactly one action: who scans a code shall know what comes. */
const actionSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['productPage', 'survey']), url: linkSchema }),
  z.strictObject({ type: z.literal('coupon'), sceneId: idSchema('scn') }),
  z.strictObject({ type: z.enum(['signUp', 'redeem']) }),
  z.strictObject({ type: z.literal('pay'), url: linkSchema, offerId: idSchema('off') }),
])

const terms = {
  name: nameSchema,
  action: actionSchema,
  caption: textSchema(120).min(5).refine(statesBenefit, 'say what people get by scanning it'),
  placement: z.strictObject({
    label: textSchema(60),
    kind: z.enum(['online', 'offline']),
    storeId: idSchema('sto').exactOptional(),
  }),
}

/** `POST /v1/merchants/{merchantId}/qr-codes` and `PUT …/{qrCodeId}`. */
export const qrCodeRequestSchema = z.strictObject(terms)
export type QrCodeRequest = z.output<typeof qrCodeRequestSchema>

const codeSchema = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{12}$/, 'not a code')

export const qrCodeSchema = z.object({
  id: idSchema('qrc'),
  merchantId: idSchema('mer'),
  ...terms,
  code: codeSchema,
  revision: revisionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

/** `GET …/qr-codes/{qrCodeId}/counts`: since it was made. */
export const scanCountsSchema = z.strictObject({
  scans: z.int().min(0),
  /** Of these, the ones that customers made their own. */
  claimedScans: z.int().min(0),
})

export const scanPathSchema = z.strictObject({ code: codeSchema })

const scanIdSchema = z.string().regex(/^[A-Za-z0-9_-]{22}$/, '22 characters of base64url')

/** `POST /v1/me/scans`. */
export const claimScanRequestSchema = z.strictObject({
  scanId: scanIdSchema,
  /** Of a code that the app itself has read: then the app has made the `scanId`. */
  code: codeSchema.exactOptional(),
})
export type ClaimScanRequest = z.output<typeof claimScanRequestSchema>

export const claimedScanSchema = z.strictObject({
  qrCodeId: idSchema('qrc'),
  merchantId: idSchema('mer'),
  action: actionSchema,
  caption: z.string().max(120),
})
