import type { Schema } from '#test/support/generate-json.ts'

type Components = Readonly<Record<string, Schema>>
type Found = { readonly pointer: string; readonly value: unknown }

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const schemaIn = (value: unknown): Schema => (isObject(value) ? value : {})
const schemasIn = (value: unknown): Schema[] => (Array.isArray(value) ? value.map(schemaIn) : [])

const resolved = (schema: Schema, components: Components): Schema => {
  const { $ref } = schema
  if (typeof $ref !== 'string') return schema
  const found = components[$ref.slice('#/components/schemas/'.length)]
  if (found === undefined) throw new Error(`nothing stands at ${$ref}`)
  return resolved(found, components)
}

/** May the value be meant by this branch of a union? Told by its members that must be there, and by constants. */
const mayBe = (schema: Schema, value: unknown): boolean => {
  if (!isObject(value)) return schema['type'] !== 'object'
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : []
  return (
    required.every((name) => Object.hasOwn(value, name)) &&
    Object.entries(schemaIn(schema['properties'])).every(([name, one]) => {
      const wanted = schemaIn(one)['const']
      return wanted === undefined || value[name] === undefined || value[name] === wanted
    })
  )
}

/**
 * The values that a schema calls times (`format: date-time`), each with its JSON pointer.
 *
 * @example timesIn({ type: 'array', items: { type: 'string', format: 'date-time' } }, ['x'], {}) // [{ pointer: '/0', … }]
 */
export const timesIn = (schema: Schema, value: unknown, components: Components, pointer = ''): Found[] => {
  const known = resolved(schema, components)
  const within = (one: Schema, part: unknown, name: string | number): Found[] =>
    timesIn(one, part, components, `${pointer}/${name}`)
  const unions = [known['anyOf'], known['oneOf'], known['allOf']].flatMap(schemasIn)
  const ofUnions = unions
    .map((one) => resolved(one, components))
    .filter((one) => mayBe(one, value))
    .flatMap((one) => timesIn(one, value, components, pointer))
  if (Array.isArray(value)) {
    return [...ofUnions, ...value.flatMap((one, index) => within(schemaIn(known['items']), one, index))]
  }
  if (isObject(value)) {
    const properties = schemaIn(known['properties'])
    const others = schemaIn(known['additionalProperties'])
    const ofMembers = Object.entries(value).flatMap(([name, one]) =>
      within(Object.hasOwn(properties, name) ? schemaIn(properties[name]) : others, one, name),
    )
    return [...ofUnions, ...ofMembers]
  }
  return known['format'] === 'date-time' ? [{ pointer, value }, ...ofUnions] : ofUnions
}

/** As answers tell times: RFC 3339, in UTC, in milliseconds. */
const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** What the schema calls a time and is none in UTC. */
export const oddTimesIn = (schema: Schema, value: unknown, components: Components): Found[] =>
  timesIn(schema, value, components).filter(
    (one) => typeof one.value !== 'string' || !UTC.test(one.value) || Number.isNaN(Date.parse(one.value)),
  )

const SOME_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/

/** What looks like a time and is not called one by the schema. */
export const unnamedTimesIn = (schema: Schema, value: unknown, components: Components): Found[] => {
  const named = new Set(timesIn(schema, value, components).map(({ pointer }) => pointer))
  const walk = (part: unknown, pointer: string): Found[] => {
    if (typeof part === 'string') {
      return SOME_TIME.test(part) && !named.has(pointer) ? [{ pointer, value: part }] : []
    }
    return Object.entries(part ?? {}).flatMap(([name, one]) => walk(one, `${pointer}/${name}`))
  }
  return walk(value, '')
}
