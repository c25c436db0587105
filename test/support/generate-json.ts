import fc from 'fast-check'

/** A JSON schema as the OpenAPI document has it. */
export type Schema = { readonly [name: string]: unknown }

type Components = Readonly<Record<string, Schema>>

const MAX_DEPTH = 6
const MAX_ITEMS = 4
const MAX_TEXT = 80

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const schemaIn = (value: unknown): Schema => (isSchema(value) ? value : {})
const schemasIn = (value: unknown): Schema[] => (Array.isArray(value) ? value.map(schemaIn) : [])
const numberIn = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise

// Generators are made when they are needed: schemas hold themselves.
const lazily = (make: () => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.constant(0).chain(make)

/** Times around a day in 2026, in all forms that RFC 3339 has, and the ends of the calendar. */
const instants = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .date({ min: new Date('2026-11-20'), max: new Date('2026-11-25'), noInvalidDate: true })
      .map((at) => at.toISOString()),
  },
  fc.constantFrom(
    '2026-11-22T10:00:00Z',
    '2026-11-22T10:00:00+14:00',
    '2026-11-22T10:00:00.123456789-12:00',
    '0000-01-01T00:00:00+23:59',
    '9999-12-31T23:59:59.999-23:59',
    '1970-01-01T00:00:00Z',
    '2024-02-29T23:59:60Z',
  ),
)

const FORMATS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'date-time': instants,
  date: fc.constantFrom('2026-11-22', '2026-02-28', '2000-02-29', '9999-12-31', '0000-01-01'),
  uri: fc.webUrl(),
  base64url: fc.string({ maxLength: 60 }).map((text) => Buffer.from(text).toString('base64url')),
}

const ID = /^\^([a-z]+)_\[/

/**
 * An id of something that there may be: `@mer:3` stands for the fourth merchant that is known when the request is sent
 * (see `fillIn`).
 */
const someId = (prefix: string, pattern: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.nat(20).map((index) => `@${prefix}:${index}`) },
    fc.stringMatching(new RegExp(pattern)),
  )

const kept = new Map<string, fc.Arbitrary<unknown>>()
/** Making a generator takes far longer than drawing from it. */
const once = (name: string, make: () => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => {
  const made = kept.get(name) ?? make()
  kept.set(name, made)
  return made
}

const matching = (pattern: string): fc.Arbitrary<string> => {
  try {
    return fc.stringMatching(new RegExp(pattern, 'u'))
  } catch {
    // fast-check does not know every class of characters; then the text is only a text.
    return fc.string({ maxLength: MAX_TEXT })
  }
}

const texts = (schema: Schema): fc.Arbitrary<unknown> => once(JSON.stringify(schema), () => textsOf(schema))

const textsOf = (schema: Schema): fc.Arbitrary<unknown> => {
  const { format, pattern } = schema
  const known = typeof format === 'string' ? FORMATS[format] : undefined
  if (known !== undefined) return known
  if (typeof pattern === 'string') {
    const prefix = ID.exec(pattern)?.[1]
    if (prefix !== undefined) return someId(prefix, pattern)
    if (!pattern.startsWith('^[^')) return matching(pattern)
  }
  const minLength = numberIn(schema['minLength'], 0)
  const longest = numberIn(schema['maxLength'], 1000)
  const maxLength = Math.min(longest, Math.max(minLength, MAX_TEXT))
  return fc.oneof(
    { weight: 20, arbitrary: fc.string({ unit: 'grapheme', minLength, maxLength }) },
    fc.constant('x'.repeat(Math.min(longest, 5000))),
  )
}

const numbers = (schema: Schema): fc.Arbitrary<unknown> => {
  const min = numberIn(schema['minimum'] ?? schema['exclusiveMinimum'], -1e9)
  const max = numberIn(schema['maximum'] ?? schema['exclusiveMaximum'], 1e9)
  return schema['type'] === 'integer'
    ? fc.integer({ min: Math.ceil(Math.max(min, -0x80000000)), max: Math.floor(Math.min(max, 0x7fffffff)) })
    : fc.double({ min, max, noNaN: true })
}

const lists = (schema: Schema, components: Components, depth: number): fc.Arbitrary<unknown> => {
  if (Array.isArray(schema['prefixItems'])) {
    return fc.tuple(...schemasIn(schema['prefixItems']).map((one) => jsonOf(one, components, depth + 1)))
  }
  const minLength = numberIn(schema['minItems'], 0)
  const most = numberIn(schema['maxItems'], 100)
  const items = jsonOf(schemaIn(schema['items']), components, depth + 1)
  const maxLength = Math.max(minLength, Math.min(most, depth < MAX_DEPTH ? MAX_ITEMS : 1))
  return fc.oneof(
    { weight: 40, arbitrary: fc.array(items, { minLength, maxLength }) },
    fc.tuple(items, fc.constantFrom(most, most + 1)).map(([item, n]) => Array(Math.min(n, 400)).fill(item)),
  )
}

const maps = (schema: Schema, components: Components, depth: number): fc.Arbitrary<unknown> => {
  const names = jsonOf(schemaIn(schema['propertyNames']), components, depth + 1).map(String)
  const values = jsonOf(schemaIn(schema['additionalProperties']), components, depth + 1)
  return fc
    .array(fc.tuple(names, values), { maxLength: 3 })
    .map((members): unknown => Object.fromEntries(members))
}

const objects = (schema: Schema, components: Components, depth: number): fc.Arbitrary<unknown> => {
  const properties = schemaIn(schema['properties'])
  if (Object.keys(properties).length === 0) return maps(schema, components, depth)
  const model: Record<string, fc.Arbitrary<unknown>> = {}
  for (const [name, one] of Object.entries(properties)) {
    model[name] =
      name === 'coordinates' && schemaIn(one)['prefixItems'] === undefined
        ? areas
        : jsonOf(schemaIn(one), components, depth + 1)
  }
  const required = new Set(Array.isArray(schema['required']) ? schema['required'].map(String) : [])
  // Deep down nothing is added that need not be there, so that it ends.
  const shown = Object.entries(model).filter(([name]) => depth < MAX_DEPTH || required.has(name))
  return fc.record(Object.fromEntries(shown), { requiredKeys: [...required].filter((name) => name in model) })
}

const corner = fc.tuple(
  fc.double({ min: -122.42, max: -122.4, noNaN: true }),
  fc.double({ min: 37.78, max: 37.8, noNaN: true }),
)
const ring = fc
  .array(corner, { minLength: 3, maxLength: 8 })
  .map((corners) => [...corners, ...corners.slice(0, 1)])
/** What a Polygon's or MultiPolygon's coordinates may be, or not. */
const areas: fc.Arbitrary<unknown> = fc.oneof(
  fc.array(ring, { minLength: 1, maxLength: 2 }),
  fc.array(fc.array(ring, { minLength: 1, maxLength: 1 }), { maxLength: 2 }),
  fc.jsonValue({ maxDepth: 4 }),
)

/**
 * JSON values that a schema takes, nearly always: patterns with a maximum length, and rules that a schema cannot tell,
 * are not kept.
 *
 * @param components the document's `components.schemas`
 */
export const jsonOf = (schema: Schema, components: Components, depth = 0): fc.Arbitrary<unknown> => {
  const { $ref, enum: values, type } = schema
  // A schema that holds itself must end somewhere.
  if (depth > 2 * MAX_DEPTH) return fc.constant(null)
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? ''
    return lazily(() => once(`${name} ${depth}`, () => jsonOf(components[name] ?? {}, components, depth + 1)))
  }
  if ('const' in schema) return fc.constant(schema['const'])
  if (Array.isArray(values)) return fc.constantFrom(...values)
  const choices = schemasIn(schema['oneOf'] ?? schema['anyOf'])
  if (choices.length > 0) {
    return fc.oneof(
      ...choices.map((one) =>
        lazily(() => once(`${JSON.stringify(one)} ${depth}`, () => jsonOf(one, components, depth + 1))),
      ),
    )
  }
  switch (type) {
    case 'string':
      return texts(schema)
    case 'integer':
    case 'number':
      return numbers(schema)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return lists(schema, components, depth)
    case 'object':
      return objects(schema, components, depth)
    default:
      return fc.jsonValue({ maxDepth: 3 })
  }
}

const nested = (depth: number): unknown => {
  let value: unknown = []
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

/** What no schema of ours takes, or only just. */
export const hostileValues = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    [],
    {},
    -0,
    1e308,
    5e-324,
    2 ** 53,
    -1,
    true,
    'null',
    '__proto__',
    '\u0000',
    '\ud800',
    '\u202e',
    '../../etc/passwd',
    "' OR 1=1 --",
    '{{7*7}}',
    '{{#a}}{{/a}}{{a b c}}',
    'x'.repeat(20_000),
    '9'.repeat(400),
    nested(30),
    nested(200),
    Array(5000).fill(0),
    { S: 'x' },
    { $ref: '#' },
    { toString: 1, valueOf: 1, constructor: 1 },
    { length: 1e9 },
  ),
  // As a parser makes it: a member of this name, not a prototype.
  fc.constant(JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"a":1}}}') as unknown),
  fc.jsonValue({ maxDepth: 5 }),
)

type Place = readonly (string | number)[]

const placesIn = (value: unknown, place: Place = []): Place[] => {
  if (typeof value !== 'object' || value === null) return [place]
  const inside = Object.entries(value).slice(0, 50)
  return [place, ...inside.flatMap(([name, one]) => placesIn(one, [...place, name]).slice(0, 60))]
}

type Change = 'replace' | 'remove' | 'add'

const changed = (value: unknown, [name, ...rest]: Place, change: Change, hostile: unknown): unknown => {
  if (name === undefined) {
    return change === 'add' && isSchema(value) ? { ...value, unforeseen: hostile } : hostile
  }
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = { ...value }
  if (change === 'remove' && rest.length === 0) delete copy[name]
  else copy[name] = changed(copy[name], rest, change, hostile)
  return Array.isArray(value) ? Object.values(copy) : copy
}

/** The same values with up to two of their parts replaced, removed or added to. */
export const spoilt = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(
      values,
      fc.array(fc.tuple(fc.nat(1000), fc.constantFrom<Change>('replace', 'remove', 'add'), hostileValues), {
        minLength: 1,
        maxLength: 2,
      }),
    )
    .map(([value, changes]) =>
      changes.reduce((so, [index, change, hostile]) => {
        const places = placesIn(so)
        return changed(so, places[index % places.length] ?? [], change, hostile)
      }, value),
    )

/** The ids of what there is, by prefix. */
export type KnownIds = ReadonlyMap<string, readonly string[]>

const PLACEHOLDER = /^@([a-z]+):(\d+)$/

/** Puts the ids of what there is in the place of `@mer:3`. */
export const fillIn = <T>(value: T, known: KnownIds): T => {
  const filled = (one: unknown): unknown => {
    if (typeof one === 'string') {
      const [, prefix = '', index = ''] = PLACEHOLDER.exec(one) ?? []
      const ids = known.get(prefix) ?? []
      return prefix === '' ? one : (ids[Number(index) % ids.length] ?? `${prefix}_${'0'.repeat(26)}`)
    }
    if (Array.isArray(one)) return one.map(filled)
    if (typeof one !== 'object' || one === null) return one
    return Object.fromEntries(Object.entries(one).map(([name, member]) => [name, filled(member)]))
  }
  return filled(value) as T
}
