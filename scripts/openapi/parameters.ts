import * as z from 'zod'
import { override, withoutCalendars } from '#scripts/openapi/convert-schemas.ts'
import { type JsonSchema, mapObjects } from '#scripts/openapi/json-schema.ts'

type Place = 'path' | 'query'

const shapeOf = (schema: z.ZodType): Readonly<Record<string, z.core.$ZodType>> =>
  schema instanceof z.ZodObject ? schema.shape : {}

const converted = (schema: z.core.$ZodType, io: 'input' | 'output'): JsonSchema => {
  const { $schema: _, ...plain } = {
    ...z.toJSONSchema(schema, { io, unrepresentable: 'any', override }),
  } as JsonSchema
  return mapObjects(plain, withoutCalendars) as JsonSchema
}

// In a URL all is text; what becomes a number or a truth value is described as such.
const parameterSchema = (schema: z.core.$ZodType): JsonSchema => {
  const read = converted(schema, 'output')
  return ['integer', 'number', 'boolean'].includes(String(read['type'])) ? read : converted(schema, 'input')
}

/** What is `exactOptional` may be left out, though `undefined` is no value of it; what has a default takes `undefined`. */
const mayBeAbsent = (member: z.core.$ZodType): boolean =>
  member._zod.optin === 'optional' || z.safeParse(member, undefined).success

/** The parameters of a route's path or query, with the example's values. */
export const parametersOf = (
  schema: z.ZodType,
  place: Place,
  examples: Readonly<Record<string, string>>,
): JsonSchema[] =>
  Object.entries(shapeOf(schema)).map(([name, member]) => {
    const { description, ...shown } = parameterSchema(member)
    const value = examples[name]
    const isNumber = shown['type'] === 'integer' || shown['type'] === 'number'
    return {
      name,
      in: place,
      ...(description !== undefined && { description }),
      required: place === 'path' || !mayBeAbsent(member),
      schema: shown,
      ...(value !== undefined && { example: isNumber ? Number(value) : value }),
    }
  })
