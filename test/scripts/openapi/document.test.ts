import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, test } from 'vitest'
import { createDocument } from '#scripts/openapi/document.ts'
import { TAG_GROUPS, TAGS } from '#scripts/openapi/groups.ts'
import { isRecord, type JsonSchema, mapObjects, refsIn } from '#scripts/openapi/json-schema.ts'
import { statusesOf } from '#scripts/openapi/operation.ts'
import { ALL_ROUTES } from '#scripts/openapi/routes.ts'

const document = await createDocument()

const memberOf = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined)
const SCHEMAS = memberOf(document['components'], 'schemas')

/** The components of which requests consist. */
const requestSchemas = (): ReadonlyMap<string, unknown> => {
  const bodies: unknown[] = []
  mapObjects(document['paths'], (object) => {
    bodies.push(object['requestBody'])
    return object
  })
  const found = new Map<string, unknown>()
  const waiting = [...refsIn(bodies)]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue
    found.set(name, memberOf(SCHEMAS, name))
    waiting.push(...refsIn(found.get(name)))
  }
  return found
}

const ID = /^\^[a-z]+_\[0-9A-HJKMNP-TV-Z\]\{26\}\$$/
/** What needs no words: one value, a choice of values, an id; and a capital tells that AWS sends it, and describes it. */
const isObvious = (name: string, schema: JsonSchema): boolean =>
  'const' in schema || 'enum' in schema || ID.test(String(schema['pattern'])) || /^[A-Z]/.test(name)

const undescribedIn = (component: unknown): string[] => {
  const found: string[] = []
  mapObjects(component, (object) => {
    const { type, properties } = object
    // A member may be called `properties` itself.
    for (const [name, schema] of Object.entries(
      type === 'object' && isRecord(properties) ? properties : {},
    )) {
      if (isRecord(schema) && !('description' in schema) && !isObvious(name, schema)) found.push(name)
    }
    return object
  })
  return found
}

describe('the OpenAPI document', () => {
  test('passes every recommended rule of Redocly without a warning', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] })
    const problems = await lintFromString({ source: JSON.stringify(document), config })
    expect(
      problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`),
    ).toEqual([])
  })

  test('asks for no parameter that has a default', () => {
    const asked: string[] = []
    mapObjects(document['paths'], (object) => {
      if (object['required'] === true && memberOf(object['schema'], 'default') !== undefined) {
        asked.push(String(object['name']))
      }
      return object
    })
    expect(asked).toEqual([])
    expect(JSON.stringify(document['paths'])).toContain('"default":50')
  })

  test('has each operation under a name of its own', () => {
    const names = Object.values(ALL_ROUTES).map(({ document: { operationId } }) => operationId)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z]+$/)
  })

  test('says of each answer whether it has a body', () => {
    for (const [key, route] of Object.entries(ALL_ROUTES)) {
      const hasBody = route.schemas.response !== undefined || route.answers !== undefined
      expect(`${key} ${!statusesOf(route).includes(204)}`).toBe(`${key} ${hasBody}`)
    }
  })

  test('describes every member of a request that its type does not tell', () => {
    const schemas = [...requestSchemas()]
    expect(schemas.length).toBeGreaterThan(30)
    const missing = schemas.flatMap(([name, schema]) =>
      undescribedIn(schema).map((member) => `${name}: ${member}`),
    )
    expect(missing, 'end the field of the contract with .describe(…)').toEqual([])
  })

  test('has each operation in a group that a sentence describes, and no group without operations', () => {
    const used = new Set<unknown>()
    mapObjects(document['paths'], (object) => {
      if ('operationId' in object) for (const tag of [object['tags']].flat()) used.add(tag)
      return object
    })
    expect([...used].sort()).toEqual(TAGS.map(({ name }) => name).sort())
    expect(TAG_GROUPS.flatMap(({ tags }) => tags)).toEqual(TAGS.map(({ name }) => name))
  })

  test('keeps what is known of a schema that is described where it is used', () => {
    expect(memberOf(memberOf(memberOf(SCHEMAS, 'Ping'), 'properties'), 'at')).toMatchObject({
      type: 'string',
      format: 'date-time',
    })
    expect(memberOf(memberOf(SCHEMAS, 'GeofenceRings'), 'items')).toMatchObject({
      items: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 3 },
    })
  })

  test('is the same whenever it is made', async () => {
    expect(JSON.stringify(await createDocument())).toBe(JSON.stringify(document))
  })
})
