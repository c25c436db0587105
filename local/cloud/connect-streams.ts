import type { DynamodbClient } from '#local/cloud/engine/dynamodb-client.ts'
import { givenUpNote, partitionOf, streamEvent } from '#local/cloud/events/stream-event.ts'
import {
  createStreamFeed,
  isLater,
  type StreamEntry,
  type StreamFeed,
} from '#local/cloud/events/stream-feed.ts'
import { createStreamSource, type StreamSource } from '#local/cloud/events/stream-source.ts'
import type { Outcome } from '#local/cloud/lambda/execution-environment.ts'
import type { PeerStore } from '#local/cloud/peer-store.ts'
import type { QueueStore } from '#local/cloud/queues/queue-store.ts'
import type { CloudPlan, TablePlan } from '#local/cloud/template/cloud-plan.ts'
import type { TtlIndex } from '#local/cloud/ttl/ttl-index.ts'

type Options = {
  plan: CloudPlan
  client: DynamodbClient
  checkpoints: PeerStore
  queues: QueueStore
  ttl: TtlIndex
  region: string
  nowMs: () => number
  invoke: (functionName: string, event: string, records: number) => Promise<Outcome>
}

/** One reader for each table with a stream; what it reads goes to the TTL index and to the table's functions. */
export const connectStreams = (options: Options): { feeds: StreamFeed[]; sources: StreamSource[] } => {
  const { plan, client } = options
  const feeds: StreamFeed[] = []
  const sources: StreamSource[] = []
  for (const table of plan.tables) {
    const own = sourcesOf(table, options)
    if (!table.hasStream || (own.length === 0 && table.ttlAttribute === undefined)) continue
    sources.push(...own)
    const marks = own.map((source) => source.checkpoint())
    const learned = options.checkpoints.get(`ttl/${table.name}`)
    if (table.ttlAttribute !== undefined) marks.push(learned)
    feeds.push(
      createStreamFeed({
        client,
        tableName: table.name,
        after: earliest(marks),
        onEntry: takeEntry(table, own, learned, options),
      }),
    )
  }
  return { feeds, sources }
}

const takeEntry = (
  table: TablePlan,
  sources: readonly StreamSource[],
  learned: string | undefined,
  options: Options,
) => {
  const { ttl, checkpoints, region, nowMs } = options
  return (entry: StreamEntry): void => {
    const { ttlAttribute } = table
    const isRemoval = ttlAttribute !== undefined && ttl.isRemoval(table.name, ttlAttribute, entry)
    if (ttlAttribute !== undefined && isLater(entry.sequenceNumber, learned)) {
      ttl.observe(table.name, ttlAttribute, entry)
      checkpoints.put(`ttl/${table.name}`, entry.sequenceNumber)
    }
    const seenAtMs = nowMs()
    const record = {
      sequenceNumber: entry.sequenceNumber,
      partition: partitionOf(entry, table),
      seenAtMs,
      event: streamEvent(entry, table, region, seenAtMs, isRemoval),
    }
    for (const source of sources) source.accept(record)
  }
}

const sourcesOf = (table: TablePlan, options: Options): StreamSource[] => {
  const { plan, checkpoints, queues, nowMs, invoke } = options
  return plan.streamSources
    .filter(({ tableName }) => tableName === table.name)
    .map((source) => {
      const key = `source/${source.logicalId}`
      const target = plan.functions.find(({ name }) => name === source.functionName)
      const destination =
        source.onFailureQueueArn === undefined ? undefined : queues.find(source.onFailureQueueArn)
      return createStreamSource({
        plan: source,
        checkpoint: checkpoints.get(key),
        nowMs,
        invoke: (event, records) => invoke(source.functionName, event, records),
        saveCheckpoint: (sequenceNumber) => checkpoints.put(key, sequenceNumber),
        giveUp: (batch) => {
          if (destination === undefined || target === undefined) return
          queues.send(destination, { body: givenUpNote(batch, table, target, nowMs()) })
        },
      })
    })
}

/** The mark from which on all have to read; none when one has read nothing yet. */
const earliest = (marks: readonly (string | undefined)[]): string | undefined => {
  let first = marks[0]
  for (const mark of marks) {
    if (mark === undefined || first === undefined) return undefined
    if (isLater(first, mark)) first = mark
  }
  return first
}
