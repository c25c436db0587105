import { describe, expect, test } from 'vitest'
import { readAnswer } from '#scripts/openapi/answers.ts'
import { oddTimesIn, timesIn, unnamedTimesIn } from '#test/support/answer-times.ts'
import type { Schema } from '#test/support/generate-json.ts'
import { readOperations } from '#test/support/operations.ts'

const { operations, schemas } = await readOperations()
const answers = operations.flatMap(({ operationId, answer }) => {
  const body = readAnswer(operationId)
  return answer === undefined || body === undefined ? [] : [{ operationId, answer, body }]
})

// The rows of a customer's export are what is stored, of whatever kind: the document names no members of theirs.
const OPEN = ['readMyExport']

type Member = { readonly path: string; readonly schema: Schema }

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null

const membersIn = (schema: unknown, path: string): Member[] => {
  if (!isSchema(schema)) return []
  const { properties, ...parts } = schema
  const own = Object.entries(isSchema(properties) ? properties : {}).flatMap(([name, member]) =>
    isSchema(member) ? [{ path: `${path}.${name}`, schema: member }] : [],
  )
  return [
    ...own.flatMap((one) => [one, ...membersIn(one.schema, one.path)]),
    ...Object.values(parts).flatMap((part) => membersIn(part, path)),
  ]
}

describe('times in answers', () => {
  test('are in UTC wherever the document calls them times', () => {
    const told = answers.flatMap(({ answer, body }) => timesIn(answer, body, schemas))
    expect(told.length).toBeGreaterThan(100)
    const odd = answers.flatMap(({ operationId, answer, body }) =>
      oddTimesIn(answer, body, schemas).map((one) => ({ operationId, ...one })),
    )
    expect(odd).toEqual([])
  })

  test('are called times by the document wherever they are told', () => {
    const closed = answers.filter(({ operationId }) => !OPEN.includes(operationId))
    const unnamed = closed.flatMap(({ operationId, answer, body }) =>
      unnamedTimesIn(answer, body, schemas).map((one) => ({ operationId, ...one })),
    )
    expect(unnamed).toEqual([])
  })
})

test('a member whose name ends in At is a time', () => {
  const named = Object.entries(schemas)
    .flatMap(([name, schema]) => membersIn(schema, name))
    .filter(({ path, schema }) => /(?:[a-z]At|\.at)$/.test(path) && schema['type'] === 'string')
  expect(named.length).toBeGreaterThan(50)
  // `redeemAt: 'store'` says where.
  const others = named.filter(({ schema }) => schema['format'] !== 'date-time' && !('const' in schema))
  expect(others.map(({ path }) => path)).toEqual([])
})

test('a time of another zone, one without milliseconds and one that no schema names are found', () => {
  const time = { type: 'string', format: 'date-time' }
  const schema: Schema = {
    type: 'object',
    properties: {
      at: time,
      list: { type: 'array', items: { $ref: '#/components/schemas/Row' } },
      either: {
        anyOf: [{ type: 'object', properties: { until: time }, required: ['until'] }, { type: 'null' }],
      },
    },
    additionalProperties: { type: 'string' },
  }
  const components = { Row: { type: 'object', properties: { since: time } } }
  const value = {
    at: '2026-11-22T10:00:00.000Z',
    list: [{ since: '2026-11-22T10:00:00+08:00' }],
    either: { until: '2026-11-22T10:00:00Z' },
    other: '2026-11-22T10:00:00.000Z',
  }
  expect(
    oddTimesIn(schema, value, components)
      .map(({ pointer }) => pointer)
      .toSorted(),
  ).toEqual(['/either/until', '/list/0/since'])
  expect(unnamedTimesIn(schema, value, components).map(({ pointer }) => pointer)).toEqual(['/other'])
})
