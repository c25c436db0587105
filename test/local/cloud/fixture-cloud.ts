import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { inject } from 'vitest'
import { createDynamodbClient, type DynamodbClient } from '#local/cloud/engine/dynamodb-client.ts'
import type { JsonObject } from '#local/cloud/json.ts'
import { type CloudOptions, type RunningCloud, runCloud } from '#local/cloud/run-cloud.ts'
import type { QueuePlan } from '#local/cloud/template/cloud-plan.ts'
import { type FixtureParts, readRecords, START_MS, writeAssembly } from '#test/local/cloud/fixture-parts.ts'

export type FixtureCloud = {
  cloud: RunningCloud
  client: DynamodbClient
  records(): unknown[]
  table(logicalId: string): string
  queue(logicalId: string): QueuePlan
  put(tableLogicalId: string, item: JsonObject): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A cloud of a few resources on the engine of the test run, at `START_MS` on the virtual clock.
 *
 * @example await using fixture = await startFixtureCloud({ resources: { Items: tableWithStream() } })
 */
export const startFixtureCloud = async (
  parts: FixtureParts,
  options: Partial<CloudOptions> = {},
): Promise<FixtureCloud> => {
  const { folder, log } = writeAssembly(parts)
  const cloud = await runCloud(folder, {
    port: 0,
    clock: { kind: 'virtual', atMs: START_MS },
    dynamodb: inject('dynamodbUrl'),
    tablePrefix: `f${randomBytes(6).toString('hex')}-`,
    ...options,
  })
  const client = createDynamodbClient(cloud.endpoints.streams)
  const found = <T extends { logicalId: string }>(list: readonly T[], logicalId: string): T => {
    const one = list.find((candidate) => candidate.logicalId === logicalId)
    if (one === undefined) throw new Error(`no ${logicalId}`)
    return one
  }
  const table = (logicalId: string) => found(cloud.plan.tables, logicalId).name
  return {
    cloud,
    client,
    records: () => readRecords(log),
    table,
    queue: (logicalId) => found(cloud.plan.queues, logicalId),
    put: async (logicalId, item) => {
      await client.call('PutItem', { TableName: table(logicalId), Item: item })
    },
    [Symbol.asyncDispose]: async () => {
      client.close()
      await cloud.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
