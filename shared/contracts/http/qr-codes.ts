import * as z from 'zod'
import {
  createdAtSchema,
  idSchema,
  nameSchema,
  revisionSchema,
  textSchema,
  updatedAtSchema,
} from '#shared/contracts/http/primitives.ts'
import { statesBenefit } from '#shared/domain/merchants/qr-code.ts'

export const qrCodePathSchema = z.strictObject({ merchantId: idSchema('mer'), qrCodeId: idSchema('qrc') })

const linkSchema = z
  .url({ protocol: /^https$/, error: 'not an https address' })
  .max(500)
  .describe('The page that the button leads to.')

/** Exactly one action: who scans a code shall know what comes. */
const actionSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.enum(['productPage', 'survey']).describe('What the code is for: a page.'),
    url: linkSchema,
  }),
  z.strictObject({
    type: z.literal('coupon').describe('What the code is for: a scene on `qr_scan`.'),
    sceneId: idSchema('scn').describe('The scene that gives the coupon.'),
  }),
  z.strictObject({ type: z.enum(['signUp', 'redeem']).describe('What the code is for: the app goes on.') }),
  z.strictObject({
    type: z.literal('pay').describe('What the code is for: paying elsewhere.'),
    url: linkSchema,
    offerId: idSchema('off').describe('Named to that page as `offerId`.'),
  }),
])

const terms = {
  name: nameSchema.describe('What the merchant calls it.'),
  action: actionSchema.describe('The one thing that the code is for.'),
  caption: textSchema(120)
    .min(5)
    .refine(statesBenefit, 'say what people get by scanning it')
    .describe('What people get by scanning it; printed below the code and shown on its page.'),
  placement: z
    .strictObject({
      label: textSchema(60).describe('Where it hangs, stands or is shown.'),
      kind: z.enum(['online', 'offline']).describe('On a screen, or printed.'),
      storeId: idSchema('sto').exactOptional().describe('The store that it is at.'),
    })
    .describe('The one place where it is.'),
}

/** `POST /v1/merchants/{merchantId}/qr-codes` and `PUT …/{qrCodeId}`. */
export const qrCodeRequestSchema = z.strictObject(terms)
export type QrCodeRequest = z.output<typeof qrCodeRequestSchema>

const CODE = /^[0-9A-HJKMNP-TV-Z]{12}$/
const codeSchema = z.string().regex(CODE, 'not a code')
/** As somebody types it: its case does not count. */
const typedCodeSchema = z.string().max(12).toUpperCase().regex(CODE, 'not a code')

export const qrCodeSchema = z.object({
  id: idSchema('qrc'),
  merchantId: idSchema('mer'),
  ...terms,
  code: codeSchema.describe('What its link ends in.'),
  revision: revisionSchema,
  createdAt: createdAtSchema,
  updatedAt: updatedAtSchema,
})

/** `GET …/qr-codes/{qrCodeId}/counts`: since it was made. */
export const scanCountsSchema = z.strictObject({
  scans: z.int().min(0).describe('Buttons pressed and codes read by the app.'),
  claimedScans: z.int().min(0).describe('Of these, the ones that customers made their own.'),
  customers: z.int().min(0).describe('How many different customers did.'),
  signUps: z.int().min(0).describe('Customers whose first act with the merchant it was.'),
  claims: z.int().min(0).describe('Scans after which the customer claimed an offer within seven days.'),
  redemptions: z.int().min(0).describe('Scans after which the customer redeemed one within seven days.'),
})

export const scanPathSchema = z.strictObject({
  code: typedCodeSchema.describe('What the link of the QR code ends in.'),
})

const scanIdSchema = z.string().regex(/^[A-Za-z0-9_-]{22}$/, '22 characters of base64url')

/** `POST /v1/me/scans`. */
export const claimScanRequestSchema = z.strictObject({
  scanId: scanIdSchema.describe('What the page handed to the app; or 16 random bytes of the app’s own.'),
  /** Of a code that the app itself has read: then the app has made the `scanId`. */
  code: typedCodeSchema.exactOptional().describe('The code that the app itself has read.'),
})
export type ClaimScanRequest = z.output<typeof claimScanRequestSchema>

export const claimedScanSchema = z.strictObject({
  qrCodeId: idSchema('qrc'),
  merchantId: idSchema('mer').describe('Whose code it is.'),
  action: actionSchema.describe('What the app goes on with.'),
  caption: z.string().max(120).describe('What people get by scanning it.'),
})
