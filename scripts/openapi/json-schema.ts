/** A schema of JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = { readonly [member: string]: unknown }

const PLACE = '#/components/schemas/'

export const refTo = (name: string): JsonSchema => ({ $ref: `${PLACE}${name}` })

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value with every object in it replaced by what `change` makes of it, the inner ones first. */
export const mapObjects = (value: unknown, change: (object: JsonSchema) => JsonSchema): unknown => {
  if (Array.isArray(value)) return value.map((one) => mapObjects(one, change))
  if (!isRecord(value)) return value
  return change(
    Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapObjects(one, change)])),
  )
}

/** The names of the components of one kind that a value points to. */
export const refsIn = (value: unknown, kind = 'schemas'): ReadonlySet<string> => {
  const place = `#/components/${kind}/`
  const found = new Set<string>()
  mapObjects(value, (object) => {
    const { $ref } = object
    if (typeof $ref === 'string' && $ref.startsWith(place)) found.add($ref.slice(place.length))
    return object
  })
  return found
}

/** Those of the components that a value points to. */
export const referredIn = (value: unknown, kind: string, components: JsonSchema): JsonSchema => {
  const names = refsIn(value, kind)
  return Object.fromEntries(Object.entries(components).filter(([name]) => names.has(name)))
}

/** The same with other names for components. */
export const renameRefs = (schema: JsonSchema, nameOf: (name: string) => string): JsonSchema =>
  mapObjects(schema, (object) => {
    const { $ref } = object
    return typeof $ref === 'string' && $ref.startsWith(PLACE)
      ? { ...object, ...refTo(nameOf($ref.slice(PLACE.length))) }
      : object
  }) as JsonSchema
