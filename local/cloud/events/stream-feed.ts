import { type DynamodbClient, EngineError } from '#local/cloud/engine/dynamodb-client.ts'
import { isJsonObject, type Json, type JsonObject } from '#local/cloud/json.ts'

/** One change of a table, as the engine tells it. */
export type StreamEntry = { sequenceNumber: string; record: JsonObject; change: JsonObject }

export type StreamFeed = {
  tableName: string
  /** Reads what is new and hands it on, in order. Returns how many changes there were. */
  poll(): Promise<number>
}

type Options = {
  client: DynamodbClient
  tableName: string
  /** Reading begins after this change, or with the oldest one. */
  after: string | undefined
  onEntry: (entry: StreamEntry) => void
}

type Shard = { id: string; first: string }

const PAGE = 1_000
// A page ends at 1 MB as well; a page near that may have a next one.
const LARGE_PAGE_BYTES = 400_000
const FORGOTTEN = new Set(['ExpiredIteratorException', 'TrimmedDataAccessException', 'ValidationException'])

/** Is sequence number `one` later than `other`? Engines write them with and without leading zeros. */
export const isLater = (one: string, other: string | undefined): boolean =>
  other === undefined || BigInt(one) > BigInt(other)

/**
 * Reads the stream of one table, shard after shard, from where an earlier run ended.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
 */
export const createStreamFeed = ({ client, tableName, after, onEntry }: Options): StreamFeed => {
  let streamArn: string | undefined
  let shard: Shard | undefined
  let iterator: string | undefined
  let last = after

  const findStream = async (): Promise<string> => {
    const table = (await client.call('DescribeTable', { TableName: tableName }))['Table']
    const arn = isJsonObject(table) ? table['LatestStreamArn'] : undefined
    if (typeof arn !== 'string') throw new Error(`table ${tableName} has no stream`)
    return arn
  }
  const iteratorFor = async (arn: string, { id }: Shard, position: object): Promise<string | undefined> => {
    const answer = await client.callStreams('GetShardIterator', { StreamArn: arn, ShardId: id, ...position })
    return typeof answer['ShardIterator'] === 'string' ? answer['ShardIterator'] : undefined
  }
  /** The shard to read next: the one that holds `last`, or else the first that begins later. */
  const open = async (): Promise<void> => {
    streamArn ??= await findStream()
    const shards = await listShards(client, streamArn)
    const finished = shard
    shard =
      finished !== undefined
        ? shards.find(({ first }) => isLater(first, finished.first))
        : (shards.findLast(({ first }) => !isLater(first, last ?? '-1')) ?? shards[0])
    if (shard === undefined) {
      shard = finished
      return
    }
    const resumes = last !== undefined && !isLater(shard.first, last)
    iterator = resumes
      ? await resume(streamArn, shard, last)
      : await iteratorFor(streamArn, shard, { ShardIteratorType: 'TRIM_HORIZON' })
  }
  const resume = async (arn: string, from: Shard, sequenceNumber: string | undefined) => {
    try {
      return await iteratorFor(arn, from, {
        ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
        SequenceNumber: sequenceNumber,
      })
    } catch (error) {
      if (!(error instanceof EngineError && FORGOTTEN.has(error.name))) throw error
      // What was read is no longer kept: go on with the oldest that is. `last` keeps repetitions out.
      return iteratorFor(arn, from, { ShardIteratorType: 'TRIM_HORIZON' })
    }
  }
  const readPage = async (): Promise<StreamEntry[] & { more?: boolean }> => {
    if (iterator === undefined) await open()
    if (iterator === undefined) return []
    let page: JsonObject
    try {
      page = await client.callStreams('GetRecords', { ShardIterator: iterator, Limit: PAGE })
    } catch (error) {
      if (!(error instanceof EngineError && FORGOTTEN.has(error.name))) throw error
      iterator = undefined
      shard = undefined
      return Object.assign([], { more: true })
    }
    const next = page['NextShardIterator']
    iterator = typeof next === 'string' ? next : undefined
    const records = page['Records']
    const entries = Array.isArray(records) ? records.flatMap(parseEntry) : []
    const bytes = entries.reduce((sum, { change }) => sum + Number(change['SizeBytes'] ?? 0), 0)
    return Object.assign(entries, { more: entries.length === PAGE || bytes > LARGE_PAGE_BYTES })
  }

  return {
    tableName,
    poll: async () => {
      let count = 0
      for (;;) {
        const page = await readPage()
        for (const entry of page) {
          if (!isLater(entry.sequenceNumber, last)) continue
          last = entry.sequenceNumber
          count += 1
          onEntry(entry)
        }
        if (page.more !== true) return count
      }
    },
  }
}

const listShards = async (client: DynamodbClient, arn: string): Promise<Shard[]> => {
  const shards: Shard[] = []
  let from: string | undefined
  do {
    const { StreamDescription } = await client.callStreams('DescribeStream', {
      StreamArn: arn,
      ...(from !== undefined && { ExclusiveStartShardId: from }),
    })
    const description = isJsonObject(StreamDescription) ? StreamDescription : {}
    const page = description['Shards']
    shards.push(...(Array.isArray(page) ? page.flatMap(parseShard) : []))
    const next = description['LastEvaluatedShardId']
    from = typeof next === 'string' ? next : undefined
  } while (from !== undefined)
  return shards.sort((a, b) => (isLater(a.first, b.first) ? 1 : -1))
}

const parseShard = (shard: Json): Shard[] => {
  if (!isJsonObject(shard)) return []
  const range = shard['SequenceNumberRange']
  const first = isJsonObject(range) ? range['StartingSequenceNumber'] : undefined
  return [{ id: String(shard['ShardId']), first: typeof first === 'string' ? first : '0' }]
}

const parseEntry = (record: Json): StreamEntry[] => {
  if (!isJsonObject(record)) return []
  const change = record['dynamodb']
  if (!isJsonObject(change)) return []
  return [{ sequenceNumber: String(change['SequenceNumber']), record, change }]
}
