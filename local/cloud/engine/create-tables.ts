import * as z from 'zod'
import type { DynamodbClient } from '#local/cloud/engine/dynamodb-client.ts'
import { EngineError } from '#local/cloud/engine/dynamodb-client.ts'
import type { Json } from '#local/cloud/json.ts'
import type { TablePlan } from '#local/cloud/template/cloud-plan.ts'

/**
 * Makes the tables that are not there yet. TTL is not switched on at the engine: it would go by the wall clock.
 *
 * @throws {Error} when a table of an earlier run has other keys or indexes than the template now asks for
 */
export const createTables = async (client: DynamodbClient, tables: readonly TablePlan[]): Promise<void> => {
  for (const table of tables) {
    const before = await describe(client, table.name)
    if (before === undefined) await client.call('CreateTable', table.create)
    else if (shapeOf(before) !== shapeOf(table.create)) {
      throw new Error(`table ${table.name} was made with other keys or indexes: take another data directory`)
    }
  }
}

const describe = async (client: DynamodbClient, name: string): Promise<Json | undefined> => {
  try {
    return (await client.call('DescribeTable', { TableName: name }))['Table']
  } catch (error) {
    if (error instanceof EngineError && error.name === 'ResourceNotFoundException') return undefined
    throw error
  }
}

const keys = z.array(z.object({ AttributeName: z.string(), KeyType: z.string() }))
const shape = z.object({
  KeySchema: keys,
  GlobalSecondaryIndexes: z.array(z.object({ IndexName: z.string(), KeySchema: keys })).default([]),
  StreamSpecification: z.object({ StreamViewType: z.string() }).optional(),
})

/** Keys, indexes and stream of a table, comparable as text. */
const shapeOf = (table: unknown): string => {
  const { KeySchema, GlobalSecondaryIndexes, StreamSpecification } = shape.parse(table)
  const keysOf = (schema: z.output<typeof keys>) =>
    schema.map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`).sort()
  return JSON.stringify([
    keysOf(KeySchema),
    GlobalSecondaryIndexes.map((index) => [index.IndexName, keysOf(index.KeySchema)].join()).sort(),
    StreamSpecification?.StreamViewType,
  ])
}
