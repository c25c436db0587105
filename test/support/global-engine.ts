import type { TestProject } from 'vitest/node'
import { type Engine, startEngine } from '#test/support/dynamodb-engine.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The endpoint of the DynamoDB engine that all test files of a run share. */
    dynamodbUrl: string
  }
}

let engine: Engine | undefined

/** One engine for the whole run: Amazon's takes 3 s and 390 MB to start. */
export const setup = async (project: TestProject): Promise<void> => {
  engine = await startEngine()
  project.provide('dynamodbUrl', engine.url)
}

export const teardown = async (): Promise<void> => {
  await engine?.close()
}
