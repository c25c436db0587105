import * as z from 'zod'
import { messageFateSchema } from '#shared/contracts/http/decisions.ts'
import {
  factNameSchema,
  idSchema,
  instantSchema,
  localeSchema,
  nameSchema,
  pageQuerySchema,
  pageSchema,
  textSchema,
  utcInstantSchema,
} from '#shared/contracts/http/primitives.ts'
import { capsSchema, weeklyRangesSchema } from '#shared/contracts/http/scenes.ts'
import {
  CONSENT_SUBJECTS,
  DEVICE_PLATFORMS,
  MAX_DEVICES,
  MAX_SMS_CONSENTS,
} from '#shared/domain/customers/customer.ts'
import { MAX_PREFERENCES } from '#shared/domain/customers/relationship.ts'
import { CHANNELS } from '#shared/domain/messages/channel.ts'
import { SHOWN_GRANT_STATES } from '#shared/domain/offers/grant-state.ts'
import { VISIT_ENDS } from '#shared/domain/presence/visit.ts'

export const devicePathSchema = z.strictObject({
  deviceId: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,64}$/, '1 to 64 of A–Z a–z 0–9 _ . : -')
    .describe('The app’s own name for the phone.'),
})

/** As SNS takes them; it refuses others when the first message is to go out. */
const APNS_TOKEN = /^[0-9a-fA-F]{1,400}$/

/** `PUT /v1/me/devices/{deviceId}`: a phone that gets pushes. */
export const deviceRequestSchema = z
  .strictObject({
    platform: z.enum(DEVICE_PLATFORMS).describe('Which service carries pushes to it.'),
    token: z
      .string()
      .regex(/^[\x21-\x7e]{1,2048}$/, '1 to 2048 visible ASCII characters')
      .describe('The push token that APNs (in hexadecimal digits) or FCM gave the app.'),
    locale: localeSchema
      .exactOptional()
      .describe('The phone’s language: pushes to it are worded in it where the merchant has the words.'),
  })
  .refine(({ platform, token }) => platform === 'fcm' || APNS_TOKEN.test(token), {
    path: ['token'],
    message: 'a token of APNs: up to 400 hexadecimal digits',
  })

/** A registered device; the token itself is never given back. */
export const deviceSchema = z.strictObject({
  deviceId: z.string().max(64).describe('The app’s own name for it.'),
  platform: z.enum(DEVICE_PLATFORMS).describe('Which service carries pushes to it.'),
  enabled: z.boolean().describe('False when its service has refused the token: register it again.'),
  updatedAt: instantSchema.describe('When it was last registered.'),
  locale: localeSchema.exactOptional().describe('The phone’s language, where it was told.'),
})

const textVersionSchema = z.string().regex(/^[A-Za-z0-9_.-]{1,40}$/, '1 to 40 of A–Z a–z 0–9 _ . -')

/** `PUT /v1/me/consents/…`: what the customer chose. */
export const consentRequestSchema = z.strictObject({
  granted: z.boolean().describe('Whether the customer agreed.'),
  source: z.enum(['app', 'web', 'till', 'sms']).describe('Where it was chosen.'),
  text: textSchema(300).exactOptional().describe('The words that were shown.'),
  textVersion: textVersionSchema.exactOptional().describe('Which version of the words it was.'),
})

export const consentSchema = z.strictObject({
  granted: z.boolean().describe('Whether the customer agreed.'),
  at: instantSchema.describe('When it was chosen.'),
  source: z.string().max(20).describe('Where it was chosen.'),
  text: z.string().max(300).exactOptional().describe('The words that were shown.'),
  textVersion: z.string().max(40).exactOptional().describe('Which version of the words it was.'),
  receiptId: idSchema('rcp')
    .exactOptional()
    .describe('None on a choice that was made before receipts were kept.'),
})

/** All choices as they stand. */
export const consentsSchema = z.strictObject({
  push: consentSchema.exactOptional().describe('To pushes of all merchants; without it none is sent.'),
  sms: z
    .record(idSchema('mer'), consentSchema)
    .refine((all) => Object.keys(all).length <= MAX_SMS_CONSENTS)
    .exactOptional()
    .describe('To text messages, by merchant; without one that merchant sends none.'),
  location: consentSchema
    .exactOptional()
    .describe('Without it positions are taken: whoever posts them has the phone’s permission.'),
})

/** One choice as it was made. */
export const consentReceiptSchema = consentSchema.extend({
  receiptId: idSchema('rcp'),
  about: z.enum(CONSENT_SUBJECTS).describe('What it was about.'),
  merchantId: idSchema('mer').exactOptional().describe('Beside `about: "sms"`.'),
})

/** `GET /v1/me/consents`: the choices as they stand, and a page of the receipts of all that were ever made. */
export const myConsentsSchema = pageSchema(consentReceiptSchema).extend({
  current: consentsSchema.describe('The choices as they stand.'),
})

export const smsConsentPathSchema = z.strictObject({ merchantId: idSchema('mer') })

/** It has a 29 February, on which people are born. */
const LEAP_YEAR = 2024

/** `PUT /v1/me/preferences`: everything that the customer asks for, in place of what was asked before. */
export const preferencesSchema = z.strictObject({
  channel: z.enum(CHANNELS).exactOptional().describe('Which channel to try first.'),
  locale: localeSchema
    .exactOptional()
    .describe('The language of text messages, and of pushes to a phone that does not tell its own.'),
  birthday: z
    .string()
    .regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, { error: 'MM-DD', abort: true })
    .refine((day) => z.iso.date().safeParse(`${LEAP_YEAR}-${day}`).success, 'not a day of the calendar')
    .exactOptional()
    .describe('`MM-DD`; the year is nobody’s business.'),
  tastes: z
    .record(factNameSchema(64), z.union([z.string().max(128), z.number().min(-1e15).max(1e15), z.boolean()]))
    .refine((all) => Object.keys(all).length <= MAX_PREFERENCES, `at most ${MAX_PREFERENCES} tastes`)
    .exactOptional()
    .describe('What the customer likes: it stands above what merchants noted.'),
  quietHours: weeklyRangesSchema
    .exactOptional()
    .describe('When no message may come, on the clock of the place where the customer is.'),
  caps: capsSchema
    .exactOptional()
    .describe('They stand beside the platform’s and the merchants’: they can only make messages fewer.'),
  mutedMerchants: z
    .array(idSchema('mer'))
    .max(200)
    .exactOptional()
    .describe('Merchants from whom nothing may come.'),
  mutedUntil: utcInstantSchema.exactOptional().describe('Until then nothing comes from anybody.'),
})

export const grantPathSchema = z.strictObject({ grantId: idSchema('grt') })
/** `POST /v1/me/offers/{grantId}/claim`. */
export const claimRequestSchema = z.strictObject({
  by: z
    .enum(['opened', 'claimed'])
    .describe('What the customer did: opened the message, or claimed the offer.'),
})

/** `GET /v1/me`. */
export const meSchema = z.strictObject({
  user: idSchema('usr').describe('What the customer is called here.'),
  createdAt: instantSchema
    .exactOptional()
    .describe('When something was first kept of the customer; absent while there is nothing.'),
  phoneNumber: z.string().max(16).exactOptional().describe('In E.164 form, e.g. `+14155550123`.'),
  devices: z.array(deviceSchema).max(MAX_DEVICES).describe('The phones that get pushes.'),
  consents: consentsSchema.describe('The choices as they stand.'),
  preferences: preferencesSchema.describe('What the customer asks for.'),
})

/** Which of the offers; without `state` all of them. */
export const offersQuerySchema = pageQuerySchema.extend({
  state: z.enum(SHOWN_GRANT_STATES).exactOptional().describe('Only those in this state.'),
})
export type OffersQuery = z.output<typeof offersQuerySchema>

/** `POST /v1/me/offers/{grantId}/share`: a code to pass on; it leads back to the offer and redeems nothing. */
export const sharedOfferSchema = z.strictObject({
  shareCode: z
    .string()
    .max(11)
    .describe('What the customer passes on: it leads to the offer and redeems nothing.'),
})

const GRANT_STATE =
  '`reserved`: can be redeemed. `confirmed`: opened, claimed or followed by a visit; can be redeemed. `redeemed`: was. `released`: taken back, because its message never went out. `expired`: its time is over. `given`: a message without an offer.'

/** One row of `GET /v1/me/offers`. States: see `grantStateAt`. */
export const myOfferSchema = z.strictObject({
  grantId: idSchema('grt'),
  merchantId: idSchema('mer'),
  offerId: idSchema('off').exactOptional().describe('What was given; absent where it was a message alone.'),
  offerName: nameSchema.exactOptional().describe('Of the offer.'),
  code: z
    .string()
    .max(60)
    .exactOptional()
    .describe(
      'As it is shown and read aloud: `XXXXX-XXXXX`, or one of the merchant’s own. An offer that is redeemed at the store has none.',
    ),
  state: z.enum(SHOWN_GRANT_STATES).describe(GRANT_STATE),
  grantedAt: instantSchema.describe('When it was given.'),
  validUntil: instantSchema.exactOptional().describe('From then on it is not redeemed.'),
  redeemedAt: instantSchema.exactOptional().describe('When it was redeemed.'),
  storeId: idSchema('sto').exactOptional().describe('Where the customer was.'),
  redeemAt: z
    .literal('store')
    .exactOptional()
    .describe('At the store only, by token: send a ping before you ask for one.'),
  shareCode: z
    .string()
    .max(11)
    .exactOptional()
    .describe('As it is passed on; absent while it was not shared.'),
  message: messageFateSchema.exactOptional().describe('What became of its message, while it is kept.'),
})
export type MyOffer = z.output<typeof myOfferSchema>

/** One row of `GET /v1/me/visits`. */
export const myVisitSchema = z.strictObject({
  visitId: idSchema('vis').describe('The one that the phone was told of.'),
  merchantId: idSchema('mer').describe('Whose geofence it was.'),
  merchantName: nameSchema.exactOptional().describe('Of the merchant; absent when it is gone.'),
  storeId: idSchema('sto').exactOptional().describe('The store of the geofence, if it has one.'),
  storeName: nameSchema.exactOptional().describe('Of the store; absent when it is gone.'),
  geofenceId: idSchema('gf').describe('The area that was visited.'),
  enteredAt: instantSchema.describe('When it began, by the phone’s clock.'),
  lastInsideAt: instantSchema.describe('When the customer was last seen there.'),
  leftAt: instantSchema
    .exactOptional()
    .describe('When the customer was seen to have left; only of an `exit`.'),
  end: z
    .enum(VISIT_ENDS)
    .describe(
      'How it ended: the customer left (`exit`); the phone fell silent (`unknown`); the geofence was deleted or moved away (`geofenceGone`).',
    ),
  durationS: z
    .int()
    .min(0)
    .exactOptional()
    .describe('From `enteredAt` to `leftAt` in whole seconds; nobody knows it of other ends.'),
})
export type MyVisit = z.output<typeof myVisitSchema>

/** One row of `GET /v1/me/waiting-list`. */
export const myWaitSchema = z.strictObject({
  offerId: idSchema('off').describe('What the customer waits for.'),
  offerName: nameSchema.exactOptional().describe('Of the offer; absent when it is gone.'),
  merchantId: idSchema('mer').describe('Whose offer it is.'),
  merchantName: nameSchema.exactOptional().describe('Of the merchant; absent when it is gone.'),
  storeId: idSchema('sto').exactOptional().describe('Where the customer found it sold out.'),
  since: instantSchema.describe('When the customer came; who came first is called up first.'),
})
export type MyWait = z.output<typeof myWaitSchema>

/** `PUT` and `DELETE /v1/me/waiting-list/{offerId}`. */
export const waitPathSchema = z.strictObject({
  offerId: idSchema('off').describe('What the customer waits for.'),
})

/** `DELETE /v1/me`. */
export const erasureSchema = z.strictObject({ jobId: idSchema('job').describe('The erasure.') })

/** `GET /v1/me/erasure`: from `erasedAt` on nothing is written for the customer; at `doneAt` all was gone. */
export const erasureStateSchema = z.strictObject({
  state: z.enum(['running', 'done']).describe('How far it is.'),
  erasedAt: instantSchema.describe('From then on nothing is written for the customer.'),
  doneAt: instantSchema.exactOptional().describe('When all was gone; absent until then.'),
})
