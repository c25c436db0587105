import type { StreamEntry } from '#local/cloud/events/stream-feed.ts'
import type { GivenUp } from '#local/cloud/events/stream-source.ts'
import { isJsonObject, type JsonObject } from '#local/cloud/json.ts'
import type { FunctionPlan, TablePlan } from '#local/cloud/template/cloud-plan.ts'
import { TTL_IDENTITY } from '#local/cloud/ttl/ttl-index.ts'

/**
 * A change as Lambda hands it to a function: with the template's stream, the region, and the local clock's time in place
 * of the engine's.
 */
export const streamEvent = (
  { record, change }: StreamEntry,
  table: TablePlan,
  region: string,
  nowMs: number,
  isTtlRemoval: boolean,
): JsonObject => ({
  ...record,
  awsRegion: region,
  eventSource: 'aws:dynamodb',
  eventSourceARN: table.streamArn,
  dynamodb: { ...change, ApproximateCreationDateTime: Math.floor(nowMs / 1000) },
  ...(isTtlRemoval && { userIdentity: TTL_IDENTITY }),
})

/** The partition key of a change as text. */
export const partitionOf = ({ change }: StreamEntry, table: TablePlan): string => {
  const partitionKey = table.create.KeySchema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? ''
  const keys = isJsonObject(change['Keys']) ? change['Keys'] : {}
  return JSON.stringify(keys[partitionKey] ?? null)
}

/**
 * The note about a given-up batch in the on-failure queue: where the records were, not what they say.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export const givenUpNote = (
  { records, reason, invocations, outcome }: GivenUp,
  table: TablePlan,
  target: FunctionPlan,
  nowMs: number,
): string => {
  const first = records[0]
  const last = records.at(-1)
  return JSON.stringify({
    requestContext: {
      requestId: outcome?.requestId ?? '',
      functionArn: target.arn,
      condition: reason,
      approximateInvokeCount: invocations,
    },
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      ...(outcome?.ok === false && { functionError: 'Unhandled' }),
    },
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    DDBStreamBatchInfo: {
      shardId: 'shardId-local',
      startSequenceNumber: first?.sequenceNumber ?? '',
      endSequenceNumber: last?.sequenceNumber ?? '',
      approximateArrivalOfFirstRecord: new Date(first?.seenAtMs ?? nowMs).toISOString(),
      approximateArrivalOfLastRecord: new Date(last?.seenAtMs ?? nowMs).toISOString(),
      batchSize: records.length,
      streamArn: table.streamArn,
    },
  })
}
