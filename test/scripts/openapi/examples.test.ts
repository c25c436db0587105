import { readdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { answerFile, inOrderOf, readAnswer } from '#scripts/openapi/answers.ts'
import { EXAMPLES } from '#scripts/openapi/examples.ts'
import { statusesOf } from '#scripts/openapi/operation.ts'
import { ALL_ROUTES, type DocumentedRoute } from '#scripts/openapi/routes.ts'
import { closeExamples, operationNamed, sendExample } from '#test/scripts/openapi/example-world.ts'

afterAll(closeExamples)

const NAMES = Object.values(ALL_ROUTES).map(({ document }) => document.operationId)

/** `npm run openapi:record` takes the answers of today for right. */
const isRecording = process.env['BECKON_RECORD'] === '1'

const checkAnswer = (operationId: string, { schemas }: DocumentedRoute, body: unknown): void => {
  if (schemas.response === undefined) return
  if (isRecording) {
    const ordered = inOrderOf(body, readAnswer(operationId))
    writeFileSync(answerFile(operationId), `${JSON.stringify(ordered, undefined, 2)}\n`)
  }
  const recorded = readAnswer(operationId)
  if (recorded === undefined)
    throw new Error(`no answer of ${operationId} is recorded: npm run openapi:record, look at it, commit it`)
  expect(body, 'the answer has changed: if that is meant, npm run openapi:record').toEqual(recorded)
}

describe('the example of', () => {
  test.each(NAMES)('%s is answered as it was recorded', async (operationId) => {
    const { route } = operationNamed(operationId)
    const { status, body } = await sendExample(operationId)
    expect(statusesOf(route)).toContain(status)
    checkAnswer(operationId, route, body)
  })
})

test('no example and no answer is left of an operation that is gone', () => {
  const recorded = readdirSync(dirname(answerFile('any'))).map((file) => file.replace(/\.json$/, ''))
  expect([...Object.keys(EXAMPLES), ...recorded].filter((name) => !NAMES.includes(name))).toEqual([])
})

test('an answer that is recorded again keeps the order of its members; new ones follow by name', () => {
  const earlier = { b: 1, a: { y: 1, x: 2 }, list: [{ d: 1, c: 2 }], gone: true }
  const answer = { new2: 1, a: { x: 2, y: 1 }, list: [{ c: 2, d: 1 }, { z: 1 }], new1: 1, b: 1 }
  const ordered = inOrderOf(answer, earlier)
  expect(ordered).toEqual(answer)
  expect(JSON.stringify(ordered)).toBe(
    '{"b":1,"a":{"y":1,"x":2},"list":[{"d":1,"c":2},{"z":1}],"new1":1,"new2":1}',
  )
})
