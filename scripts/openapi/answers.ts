import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, 'answers')

/** Where the recorded answer to an operation's example is. */
export const answerFile = (operationId: string): string => join(FOLDER, `${operationId}.json`)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * An answer with its members in the order of an earlier one, new ones behind them by name: recorded again, an answer that
 * says the same has the same bytes, whatever order DynamoDB gives the members of a map in.
 *
 * @example JSON.stringify(inOrderOf({ a: 1, b: 2 }, { b: 0, a: 0 })) // '{"b":2,"a":1}'
 */
export const inOrderOf = (answer: unknown, earlier: unknown): unknown => {
  if (Array.isArray(answer)) {
    const before: readonly unknown[] = Array.isArray(earlier) ? earlier : []
    return answer.map((item, index) => inOrderOf(item, before[index]))
  }
  if (!isRecord(answer)) return answer
  const before = isRecord(earlier) ? earlier : {}
  const kept = Object.keys(before).filter((name) => name in answer)
  const added = Object.keys(answer).filter((name) => !(name in before))
  return Object.fromEntries(
    [...kept, ...(kept.length > 0 ? added.toSorted() : added)].map((name) => [
      name,
      inOrderOf(answer[name], before[name]),
    ]),
  )
}

/** What was answered to an operation's example; undefined where nothing is recorded. */
export const readAnswer = (operationId: string): unknown => {
  const file = answerFile(operationId)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}
