import type * as z from 'zod'
import { convertSchemas, type Direction } from '#scripts/openapi/convert-schemas.ts'
import { type JsonSchema, mapObjects, refsIn, refTo, renameRefs } from '#scripts/openapi/json-schema.ts'
import { nameContracts } from '#scripts/openapi/name-contracts.ts'

type Schemas = ReadonlyMap<string, JsonSchema>

/** Where the document's schemas are, and what they are called there. */
export type Components = {
  /** The schema of a body: a reference where it has a name. */
  readonly schemaOf: (schema: z.ZodType, direction: Direction) => JsonSchema
  /** All that were asked for, and what these refer to. */
  readonly used: () => Readonly<Record<string, JsonSchema>>
}

/** Components that read and written are not the same, and those that refer to such. */
const differing = (input: Schemas, output: Schemas): ReadonlySet<string> => {
  const names = new Set(
    [...input.keys()].filter((name) => JSON.stringify(input.get(name)) !== JSON.stringify(output.get(name))),
  )
  for (let before = -1; before !== names.size; ) {
    before = names.size
    for (const [name, schema] of input) {
      if ([...refsIn(schema)].some((ref) => names.has(ref))) names.add(name)
    }
  }
  return names
}

// A client must not break on a member that is added to an answer.
const open = (schema: JsonSchema): JsonSchema =>
  mapObjects(schema, (object) => {
    const { additionalProperties, ...rest } = object
    return additionalProperties === false ? rest : object
  }) as JsonSchema

/** From here on, all that `names` need, by the schemas in `all`. */
const reached = (names: Iterable<string>, all: Schemas): ReadonlySet<string> => {
  const found = new Set<string>()
  const waiting = [...names]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue
    found.add(name)
    waiting.push(...refsIn(all.get(name)))
  }
  return found
}

/**
 * The components of the document: the contracts by their own names, `anonymous` ones by names of their routes. One that
 * is written in another form than it is read (defaults may be left out) is there twice, the written one as `…Input`.
 */
export const createComponents = async (anonymous: ReadonlyMap<string, z.ZodType>): Promise<Components> => {
  const named = await nameContracts()
  const known = new Set(named.values())
  const all = new Map([...named, ...[...anonymous].filter(([, schema]) => !known.has(schema))])
  const [input, output] = [convertSchemas(all, 'input'), convertSchemas(all, 'output')]
  const names = new Map([...all].map(([name, schema]) => [schema, name]))
  const differs = differing(input, output)
  const inputName = (name: string): string =>
    differs.has(name) && !name.endsWith('Request') ? `${name}Input` : name
  const asked = { input: new Set<string>(), output: new Set<string>() }

  const schemaOf = (schema: z.ZodType, direction: Direction): JsonSchema => {
    const name = names.get(schema)
    if (name === undefined) throw new Error('a schema without a name')
    asked[direction].add(name)
    return refTo(direction === 'input' ? inputName(name) : name)
  }
  const used = (): Readonly<Record<string, JsonSchema>> => {
    const written = reached(asked.input, input)
    const read = reached(asked.output, output)
    const forRequests = [...written].map((name): [string, JsonSchema] => [
      inputName(name),
      renameRefs(input.get(name) ?? {}, inputName),
    ])
    const taken = new Set(forRequests.map(([name]) => name))
    const forAnswers = [...read]
      .filter((name) => !taken.has(name))
      .map((name): [string, JsonSchema] => [name, open(output.get(name) ?? {})])
    return Object.fromEntries([...forRequests, ...forAnswers].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  return { schemaOf, used }
}
