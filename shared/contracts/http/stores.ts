import * as z from 'zod'
import {
  createdAtSchema,
  idSchema,
  latSchema,
  lonSchema,
  nameSchema,
  revisionSchema,
  textSchema,
  updatedAtSchema,
} from '#shared/contracts/http/primitives.ts'
import { datesSchema, weeklyRangesSchema } from '#shared/contracts/http/scenes.ts'

export const storePathSchema = z.strictObject({ merchantId: idSchema('mer'), storeId: idSchema('sto') })

const MAX_ADDRESS = 200

export const subdivisionSchema = z
  .string()
  .regex(/^[A-Z]{2}-[A-Z0-9]{1,3}$/, 'a country and its state as in ISO 3166-2, for example US-CA')

/** What a store is among the merchant's others, and when it is open. */
const standing = {
  regionId: idSchema('reg').exactOptional().describe('Where it stands in the merchant’s region tree.'),
  isFlagship: z.literal(true).exactOptional().describe('Scenes may name the flagship without its id.'),
  subdivision: subdivisionSchema
    .exactOptional()
    .describe('The state or province (ISO 3166-2), whose law tells when promotion may be sent.'),
  openingHours: weeklyRangesSchema.exactOptional().describe('When it is open, on the clock of its own zone.'),
  closedDates: datesSchema.exactOptional().describe('Days on which it is closed all the same.'),
}

/** `POST /v1/merchants/{merchantId}/stores` and `PUT …/{storeId}`: coordinates, or an address to look up. */
export const storeRequestSchema = z
  .strictObject({
    name: nameSchema,
    lat: latSchema.exactOptional(),
    lon: lonSchema.exactOptional(),
    address: textSchema(MAX_ADDRESS)
      .exactOptional()
      .describe('Looked up where `lat` and `lon` are left out.'),
    ...standing,
  })
  .superRefine(({ lat, lon, address }, context) => {
    if (address !== undefined && lat === undefined && lon === undefined) return
    const missing = (name: string) =>
      context.addIssue({ code: 'custom', path: [name], message: 'lat and lon, or address' })
    if (lat === undefined) missing('lat')
    if (lon === undefined) missing('lon')
  })
export type StoreRequest = z.output<typeof storeRequestSchema>

export const storeSchema = z.object({
  id: idSchema('sto'),
  merchantId: idSchema('mer'),
  externalId: textSchema(100)
    .exactOptional()
    .describe('The merchant’s own id, where an import made the store.'),
  name: nameSchema,
  lat: latSchema,
  lon: lonSchema,
  address: textSchema(MAX_ADDRESS).exactOptional().describe('As it was given.'),
  timeZone: z.string().max(64).describe('By the position, e.g. `Europe/Zurich`.'),
  ...standing,
  revision: revisionSchema,
  createdAt: createdAtSchema,
  updatedAt: updatedAtSchema,
})
