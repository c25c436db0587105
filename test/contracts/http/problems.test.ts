import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PROBLEMS, type ProblemCode, problemSchema, problemType } from '#shared/contracts/http/problem.ts'

const page = readFileSync(new URL('../../../docs/problems.md', import.meta.url), 'utf8')
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .slice(1)
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
const CODES = Object.keys(PROBLEMS) as ProblemCode[]

test('docs/problems.md lists every problem with its status, type and title, and no other', () => {
  expect(rows.map((cells) => cells.slice(0, 4))).toEqual(
    CODES.map((code) => [
      `\`${code}\``,
      String(PROBLEMS[code].status),
      `\`${problemType(code)}\``,
      PROBLEMS[code].title,
    ]),
  )
  for (const [code, , , , advice] of rows) expect(advice, code).toMatch(/\w{3}/)
})

test('every problem has a type of its own, in the form of the contract', () => {
  const types = CODES.map(problemType)
  expect(new Set(types).size).toBe(CODES.length)
  for (const type of types) expect(problemSchema.shape.type.safeParse(type).success).toBe(true)
})
