import * as z from 'zod'
import { batched, refusedItem } from '#shared/contracts/http/batch.ts'
import { factNameSchema, idSchema, instantSchema } from '#shared/contracts/http/primitives.ts'
import { APP_EVENT_TYPES } from '#shared/domain/scenes/scene.ts'

export const MAX_EVENTS = 50
const MAX_PROPERTIES = 20
/** Money in the smallest unit fits; DynamoDB keeps it exactly. */
const MAX_NUMBER = 1e15

const propertySchema = z.union([
  z.string().max(200),
  z.number().min(-MAX_NUMBER).max(MAX_NUMBER),
  z.boolean(),
])

/** What a customer did in the app. */
export const appEventSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, '1 to 64 of A–Z a–z 0–9 _ -')
    .describe('The client’s own: the same id is the same event, however often it is sent.'),
  type: z.enum(APP_EVENT_TYPES).describe('What the customer did.'),
  at: instantSchema.describe('When it happened.'),
  merchantId: idSchema('mer').describe('The merchant whom it concerns.'),
  storeId: idSchema('sto').exactOptional().describe('The store in which it happened.'),
  properties: z
    .record(factNameSchema(40), propertySchema)
    .refine((all) => Object.keys(all).length <= MAX_PROPERTIES, `at most ${MAX_PROPERTIES} properties`)
    .exactOptional()
    .describe('What else is to be said of it, by name; triggers may ask for it.'),
})
export type AppEventInput = z.output<typeof appEventSchema>

/** One event of a batch as it came. */
export const batchedEventSchema = batched(appEventSchema)

/** `POST /v1/events`. */
export const eventsRequestSchema = z.strictObject({
  events: z
    .array(batchedEventSchema)
    .min(1)
    .max(MAX_EVENTS)
    .describe('A bad one does not keep the others from being taken.'),
})
export type EventsRequest = z.output<typeof eventsRequestSchema>

/** An event that cannot be kept. */
const refusedEventSchema = z.strictObject({
  ...refusedItem(MAX_EVENTS),
  code: z
    .enum(['invalidRequest', 'unprocessable'])
    .describe('What a client acts on, as a problem’s `code` (docs/problems.md).'),
})
export type RefusedEvent = z.output<typeof refusedEventSchema>

/** What became of the events. */
export const eventsResponseSchema = z.strictObject({
  accepted: z.int().min(0).max(MAX_EVENTS).describe('How many of the events are new.'),
  repeated: z.int().min(0).max(MAX_EVENTS).describe('How many were stored before.'),
  refused: z.array(refusedEventSchema).max(MAX_EVENTS).describe('Which are refused.'),
})
