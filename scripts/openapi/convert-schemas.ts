import * as z from 'zod'
import { type JsonSchema, mapObjects, refTo } from '#scripts/openapi/json-schema.ts'
import { audienceConditionSchema, audienceSchema } from '#shared/contracts/http/audience.ts'
import { batchedEventSchema } from '#shared/contracts/http/events.ts'
import { geofencePolygonsSchema, geofenceRingsSchema } from '#shared/contracts/http/geofences.ts'
import { daySchema, instantSchema, utcInstantSchema } from '#shared/contracts/http/primitives.ts'
import { batchedRedemptionSchema } from '#shared/contracts/http/redemptions.ts'
import { MAX_AUDIENCE_NODES } from '#shared/domain/customers/audience.ts'

/** Whether a client writes it or reads it: defaults may be left out of what is written. */
export type Direction = 'input' | 'output'

const members = { type: 'array', items: refTo('Audience'), minItems: 1, maxItems: MAX_AUDIENCE_NODES }
const group = (name: string, description: string, schema: JsonSchema): JsonSchema => ({
  type: 'object',
  properties: { [name]: { ...schema, description } },
  required: [name],
  additionalProperties: false,
})

// GeoJSON's: longitude, latitude and perhaps a height, in rings that end where they begin (RFC 7946, 3.1.6).
const POSITION = { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 3 }
const RINGS = { type: 'array', items: { type: 'array', items: POSITION, minItems: 4 } }

/** What zod does not know of a schema, because code of our own parses it. */
const WRITTEN: ReadonlyMap<z.core.$ZodType, JsonSchema> = new Map<z.core.$ZodType, JsonSchema>([
  [
    audienceSchema,
    {
      anyOf: [
        group('all', 'Every one of them holds.', members),
        group('any', 'At least one of them holds.', members),
        group('not', 'It does not hold.', refTo('Audience')),
        refTo('AudienceCondition'),
      ],
    },
  ],
  [geofenceRingsSchema, RINGS],
  [geofencePolygonsSchema, { type: 'array', items: RINGS }],
  [utcInstantSchema, { type: 'string', format: 'date-time' }],
  // Of a pipe zod shows only the first part, which tells the length.
  [instantSchema, { type: 'string', format: 'date-time', maxLength: 40 }],
  [batchedEventSchema, refTo('AppEvent')],
  [batchedRedemptionSchema, refTo('ReportedRedemption')],
  [daySchema, { type: 'string', format: 'date' }],
])

/** Contracts that are named although their kind would not say so. */
const ALSO_NAMED: readonly (readonly [string, z.ZodType])[] = [
  ['Audience', audienceSchema],
  ['AudienceCondition', audienceConditionSchema],
]

/** zod writes whole calendars as a regular expression; the format says the same. */
export const withoutCalendars = (schema: JsonSchema): JsonSchema => {
  const { format, pattern: _, ...rest } = schema
  return format === 'date-time' || format === 'date' ? { ...rest, format } : schema
}

/** A schema that is described is a copy of the one that is known here. */
const writtenOf = (schema: z.core.$ZodType): JsonSchema | undefined => {
  const { parent } = schema._zod
  return WRITTEN.get(schema) ?? (parent && writtenOf(parent))
}

/** Puts what is written above in the place of what zod makes. */
export const override = ({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodType
  jsonSchema: object
}): void => {
  const written = writtenOf(zodSchema)
  if (written === undefined) return
  const { $ref, description }: JsonSchema = { ...jsonSchema }
  for (const name of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, name)
  Object.assign(
    jsonSchema,
    $ref === undefined ? written : { $ref },
    description !== undefined && { description },
  )
}

/**
 * JSON Schema of all the schemas, by name; what is used in several places is a reference to its name.
 *
 * @throws {Error} for a schema that zod cannot represent and `WRITTEN` does not know
 */
export const convertSchemas = (
  schemas: ReadonlyMap<string, z.ZodType>,
  io: Direction,
): ReadonlyMap<string, JsonSchema> => {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of new Map([...ALSO_NAMED, ...schemas])) registry.add(schema, { id })
  const { schemas: converted } = z.toJSONSchema(registry, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
    override,
  })
  return new Map(
    Object.entries(converted).map(([id, schema]) => {
      const { $schema, $id, id: _, ...plain } = { ...schema } as JsonSchema
      return [id, mapObjects(plain, withoutCalendars) as JsonSchema]
    }),
  )
}
