import { describe, expect, test } from 'vitest'
import { readEventPattern } from '#local/cloud/events/event-pattern.ts'
import type { JsonObject } from '#local/cloud/json.ts'

const fits = (pattern: object, event: JsonObject) => readEventPattern(JSON.stringify(pattern))(event)

describe('event patterns', () => {
  test('a change with the wanted scalar fits, others do not', () => {
    const pattern = { dynamodb: { NewImage: { news: { S: ['yes'] } } } }
    expect(fits(pattern, { dynamodb: { NewImage: { news: { S: 'yes' }, more: { N: '1' } } } })).toBe(true)
    expect(fits(pattern, { dynamodb: { NewImage: { news: { S: 'no' } } } })).toBe(false)
    expect(fits(pattern, { dynamodb: { OldImage: { news: { S: 'yes' } } } })).toBe(false)
  })

  test('alternatives of a field are or, fields are and', () => {
    const pattern = { kind: ['event', 'due'], state: ['open'] }
    expect(fits(pattern, { kind: 'due', state: 'open' })).toBe(true)
    expect(fits(pattern, { kind: 'due', state: 'shut' })).toBe(false)
    expect(fits(pattern, { kind: 'visit', state: 'open' })).toBe(false)
  })

  test.each<[string, object, JsonObject, boolean]>([
    ['a number is not its text', { n: [1] }, { n: '1' }, false],
    ['null', { n: [null] }, { n: null }, true],
    ['true', { n: [true] }, { n: true }, true],
    ['an array by one of its items', { n: ['b'] }, { n: ['a', 'b'] }, true],
    ['exists', { n: [{ exists: true }] }, { n: 0 }, true],
    ['does not exist', { n: [{ exists: false }] }, {}, true],
    ['does exist', { n: [{ exists: false }] }, { n: null }, false],
    ['prefix', { n: [{ prefix: 'U#' }] }, { n: 'U#1' }, true],
    ['prefix of a number', { n: [{ prefix: '1' }] }, { n: 12 }, false],
    ['suffix', { n: [{ suffix: '.png' }] }, { n: 'a.png' }, true],
    ['equals-ignore-case', { n: [{ 'equals-ignore-case': 'YES' }] }, { n: 'yes' }, true],
    ['anything-but', { n: [{ 'anything-but': ['a', 'b'] }] }, { n: 'c' }, true],
    ['anything-but, which it is', { n: [{ 'anything-but': 'a' }] }, { n: 'a' }, false],
    ['anything-but of nothing', { n: [{ 'anything-but': 'a' }] }, {}, false],
    ['anything-but a prefix', { n: [{ 'anything-but': { prefix: 'a' } }] }, { n: 'ab' }, false],
    ['numeric range, inside', { n: [{ numeric: ['>', 0, '<=', 5] }] }, { n: 5 }, true],
    ['numeric range, outside', { n: [{ numeric: ['>', 0, '<=', 5] }] }, { n: 0 }, false],
    ['numeric of text, as DynamoDB writes numbers', { n: [{ numeric: ['=', 1] }] }, { n: '1' }, false],
    ['$or', { $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: 'y' }, true],
    ['$or, neither', { $or: [{ a: ['x'] }, { b: ['y'] }] }, { a: 'y' }, false],
  ])('%s', (_name, pattern, event, expected) => {
    expect(fits(pattern, event)).toBe(expected)
  })

  test.each([
    ['an operator it does not know', { a: [{ cidr: '10.0.0.0/8' }] }, /operator cidr at a/],
    ['a scalar where a list belongs', { a: 'x' }, /a must be a list/],
  ])('refuses %s', (_name, pattern, message) => {
    expect(() => readEventPattern(JSON.stringify(pattern))).toThrow(message)
  })
})
