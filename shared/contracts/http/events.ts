import * as z from 'zod'
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

/** What a customer did in the app. `id` is the client's own: the same id is the same event, however often it is sent. */
export const appEventSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, '1 to 64 of A–Z a–z 0–9 _ -'),
  type: z.enum(APP_EVENT_TYPES),
  at: instantSchema,
  merchantId: idSchema('mer'),
  storeId: idSchema('sto').exactOptional(),
  properties: z
    .record(factNameSchema(40), propertySchema)
    .refine((all) => Object.keys(all).length <= MAX_PROPERTIES, `at most ${MAX_PROPERTIES} properties`)
    .exactOptional(),
})
export type AppEventInput = z.output<typeof appEventSchema>

/** `POST /v1/events`. */
export const eventsRequestSchema = z
  .strictObject({ events: z.array(appEventSchema).min(1).max(MAX_EVENTS) })
  .superRefine(({ events }, context) => {
    const seen = new Set<string>()
    for (const [index, { id }] of events.entries()) {
      if (seen.has(id))
        context.addIssue({ code: 'custom', path: ['events', index, 'id'], message: 'named twice' })
      seen.add(id)
    }
  })
export type EventsRequest = z.output<typeof eventsRequestSchema>

/** How many of the events are new, and how many were stored before. */
export const eventsResponseSchema = z.strictObject({
  accepted: z.int().min(0).max(MAX_EVENTS),
  repeated: z.int().min(0).max(MAX_EVENTS),
})
