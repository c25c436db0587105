import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, test } from 'vitest'
import { createDocument } from '#scripts/openapi/document.ts'
import { TAG_GROUPS, TAGS } from '#scripts/openapi/groups.ts'
import { isRecord, type JsonSchema, mapObjects } from '#scripts/openapi/json-schema.ts'
import { statusesOf } from '#scripts/openapi/operation.ts'
import { ALL_ROUTES } from '#scripts/openapi/routes.ts'

const document = await createDocument()

const memberOf = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined)
const SCHEMAS = memberOf(document['components'], 'schemas')

type Found = { readonly path: string; readonly schema: JsonSchema }

/** The members of all objects in a schema, however deep, each with its path; what is referred to stands elsewhere. */
const membersIn = (schema: unknown, path: string): Found[] => {
  if (Array.isArray(schema)) return schema.flatMap((part, index) => membersIn(part, `${path}[${index}]`))
  if (!isRecord(schema)) return []
  const { type, properties, ...parts } = schema
  // A member may be called `properties` itself.
  const members = type === 'object' && isRecord(properties) ? Object.entries(properties) : []
  return [
    ...members.flatMap(([name, member]) =>
      isRecord(member)
        ? [{ path: `${path}.${name}`, schema: member }, ...membersIn(member, `${path}.${name}`)]
        : [],
    ),
    ...Object.entries(parts).flatMap(([name, part]) =>
      membersIn(part, name === 'items' ? `${path}[]` : path),
    ),
  ]
}

const isDescribed = ({ description }: JsonSchema): boolean =>
  typeof description === 'string' && description.length >= 5

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

  test('names the condition of every answer that comes of one, and no other', () => {
    const paths = Object.values(document['paths'] ?? {}).filter(isRecord)
    const operations = paths.flatMap((path) => Object.values(path)).filter(isRecord)
    for (const { operationId, parameters, responses } of operations) {
      const heeded = JSON.stringify(parameters ?? []).match(/(?<=parameters\/)If(None)?Match/g) ?? []
      const refused = memberOf(responses, '412') === undefined ? [] : ['IfMatch']
      const known = memberOf(responses, '304') === undefined ? [] : ['IfNoneMatch']
      expect([...heeded], String(operationId)).toEqual([...refused, ...known])
    }
  })

  test('has a function refuse too many requests only where callers are known', () => {
    const paths = Object.values(document['paths'] ?? {}).filter(isRecord)
    const operations = paths.flatMap((path) => Object.values(path)).filter(isRecord)
    for (const { operationId, security, responses } of operations) {
      const isCounted = Array.isArray(security) && security.length > 0
      const refusal = memberOf(responses, '429')
      const form = isCounted ? '#/components/responses/' : 'in its own form'
      expect(JSON.stringify(refusal), String(operationId)).toContain(form)
    }
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

  test('describes every member of every request and answer', () => {
    const members = Object.entries(isRecord(SCHEMAS) ? SCHEMAS : {}).flatMap(([name, schema]) =>
      membersIn(schema, name),
    )
    expect(members.length).toBeGreaterThan(800)
    expect(members.map(({ path }) => path)).toContain('SceneReport.funnel[].count')
    const missing = members.flatMap(({ path, schema }) => (isDescribed(schema) ? [] : [path]))
    expect(missing, 'end the field of the contract with .describe(…)').toEqual([])
  })

  test('describes every parameter', () => {
    const parameters: JsonSchema[] = []
    mapObjects(document['paths'], (object) => {
      if (typeof object['in'] === 'string') parameters.push(object)
      return object
    })
    expect(parameters.length).toBeGreaterThan(100)
    const missing = parameters.flatMap((one) => (isDescribed(one) ? [] : [`${one['in']}: ${one['name']}`]))
    expect([...new Set(missing)], 'end the field of the contract with .describe(…)').toEqual([])
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
