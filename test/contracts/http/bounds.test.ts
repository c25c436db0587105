import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { routes as customerRoutes } from '#functions/customer-api/routes.ts'
import { routes as pingRoutes } from '#functions/match-pings/routes.ts'
import { routes as merchantRoutes } from '#functions/merchant-api/routes.ts'

type Json = { readonly [name: string]: unknown }
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A pattern that ends and repeats nothing without bound is as good as a length. */
const isBoundedPattern = (pattern: unknown): boolean =>
  typeof pattern === 'string' && pattern.endsWith('$') && !/(?<!\\)[*+](?![^[]*\])/.test(pattern)

const faultOf = (schema: Json): string | undefined => {
  const { type, maxLength, pattern, maxItems, maximum, additionalProperties, properties } = schema
  if ('enum' in schema || 'const' in schema) return undefined
  if (type === 'string' && maxLength === undefined && !isBoundedPattern(pattern))
    return 'a string without end'
  if (type === 'array' && maxItems === undefined && !('prefixItems' in schema)) return 'a list without end'
  if ((type === 'number' || type === 'integer') && maximum === undefined) return 'a number without end'
  const isRecord = isObject(additionalProperties)
  if (properties !== undefined && additionalProperties !== false && !isRecord) return 'takes unknown members'
  return undefined
}

const faultsIn = (value: unknown, path: string): string[] => {
  if (Array.isArray(value)) return value.flatMap((item, index) => faultsIn(item, `${path}/${index}`))
  if (!isObject(value)) return []
  // Of several schemas that must all hold, one may bring the bound.
  const { allOf, ...own } = value
  const merged = Array.isArray(allOf) ? Object.assign({}, own, ...allOf.filter(isObject)) : own
  const fault = faultOf(merged)
  return [
    ...(fault === undefined ? [] : [`${path}: ${fault}`]),
    ...Object.entries(merged).flatMap(([name, part]) =>
      // The names under `properties` are the schema's own, whatever they are called.
      faultsIn(name === 'properties' && isObject(part) ? Object.values(part) : part, `${path}/${name}`),
    ),
  ]
}

const routes = Object.entries({ ...pingRoutes, ...customerRoutes, ...merchantRoutes })

describe.each(routes)('%s', (_, { schemas }) => {
  test('takes nothing without bounds and nothing unknown', () => {
    const parts = [schemas.path, schemas.query, ...(schemas.body ? [schemas.body] : [])]
    const documents = parts.map((part) => z.toJSONSchema(part, { io: 'input', unrepresentable: 'any' }))
    expect(faultsIn(documents, '')).toEqual([])
  })

  test('has a contract that can be written as JSON Schema', () => {
    if (schemas.response === undefined) return
    expect(z.toJSONSchema(schemas.response, { io: 'output', unrepresentable: 'any' })).toBeDefined()
  })
})
