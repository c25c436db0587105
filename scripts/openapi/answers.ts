import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, 'answers')

/** Where the recorded answer to an operation's example is. */
export const answerFile = (operationId: string): string => join(FOLDER, `${operationId}.json`)

/** What was answered to an operation's example; undefined where nothing is recorded. */
export const readAnswer = (operationId: string): unknown => {
  const file = answerFile(operationId)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}
