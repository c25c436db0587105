import { marshall } from '@aws-sdk/util-dynamodb'
import type { AttributeValue, DynamoDBRecord } from 'aws-lambda'
import { shardOf } from '#shared/domain/ids.ts'
import type { Item } from '#test/simulation/store/evaluate.ts'
import type { Write } from '#test/simulation/store/memory-tables.ts'
import type { Faults } from '#test/simulation/world/faults.ts'
import { between, randomFor } from '#test/simulation/world/random.ts'
import type { Timeline } from '#test/simulation/world/timeline.ts'

/** Works off a batch; answers the sequence number of the first that failed, that all did, or none. */
export type StreamWorker = (
  batch: readonly DynamoDBRecord[],
  onEnd: (failedFrom: string | 'all' | 'none') => void,
) => void

export type StreamSpec = {
  readonly table: string
  readonly isWanted: (write: Write) => boolean
  readonly work: StreamWorker
  /** A bug that is planted: this record never arrives. */
  readonly loses?: (write: Write) => boolean
}

export type Streams = {
  /** Takes up what was written since it was asked last. */
  readonly follow: (writes: readonly Write[]) => void
  /** How many records have not been worked off. */
  readonly waiting: () => number
  readonly calm: () => void
}

const BATCH = 25
const SHARDS = 3

/** Lambda hands binary attributes on as base64 text. */
const wireValue = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if ('B' in value && value.B instanceof Uint8Array) return { B: Buffer.from(value.B).toString('base64') }
  return value
}
const imageOf = (item: Item): Record<string, AttributeValue> =>
  Object.fromEntries(
    Object.entries(marshall(item, { removeUndefinedValues: true })).map(([name, value]) => [
      name,
      wireValue(value) as AttributeValue,
    ]),
  )

const recordOf = ({ before, after, isTtl }: Write, sequence: number): DynamoDBRecord => ({
  eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
  dynamodb: {
    SequenceNumber: String(sequence),
    ...(after && { NewImage: imageOf(after) }),
    ...(before && { OldImage: imageOf(before) }),
  },
  ...(isTtl && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
})

type Shard = { readonly pending: DynamoDBRecord[]; isBusy: boolean; tries: number; take: number }

const createShard = (
  spec: StreamSpec,
  name: string,
  timeline: Timeline,
  faults: Faults,
  seed: number,
  isCalm: () => boolean,
) => {
  const shard: Shard = { pending: [], isBusy: false, tries: 0, take: BATCH }

  const finish = (batch: readonly DynamoDBRecord[], failedFrom: string): void => {
    shard.isBusy = false
    const first = batch[0]?.dynamodb?.SequenceNumber ?? ''
    const random = randomFor(seed, `${name} ${first} ${shard.tries} end`)
    const failedAt =
      failedFrom === 'all' ? 0 : batch.findIndex(({ dynamodb }) => dynamodb?.SequenceNumber === failedFrom)
    if (failedFrom === 'none') {
      // Delivered once more as a whole, as Lambda may.
      const isRepeated = !isCalm() && random.happens(faults.duplicate)
      shard.tries += 1
      if (!isRepeated) shard.pending.splice(0, batch.length)
      if (!isRepeated) shard.tries = 0
      shard.take = BATCH
    } else {
      shard.tries += 1
      shard.pending.splice(0, failedAt)
      shard.take = failedFrom === 'all' ? Math.max(1, Math.ceil(batch.length / 2)) : BATCH
    }
    const afterMs = random.next() < 0.7 ? between(random, 100, 2000) : between(random, 2000, 120_000)
    if (shard.pending.length > 0) plan(failedFrom === 'none' && shard.tries === 0 ? 10 : afterMs)
  }

  const deliver = (): void => {
    if (shard.isBusy || shard.pending.length === 0) return
    shard.isBusy = true
    const batch = shard.pending.slice(0, shard.take)
    spec.work(batch, (failedFrom) => finish(batch, failedFrom))
  }

  const plan = (afterMs: number): void => timeline.at(timeline.nowMs() + afterMs, deliver)

  return {
    add: (record: DynamoDBRecord): void => {
      shard.pending.push(record)
      const random = randomFor(seed, `${name} ${record.dynamodb?.SequenceNumber}`)
      const isLate = !isCalm() && random.happens(faults.delay)
      plan(isLate ? between(random, 1000, 240_000) : between(random, 20, 300))
    },
    waiting: () => shard.pending.length,
  }
}

/** The streams of the tables: in order for each customer, each record at least once, batches that fail again. */
export const createStreams = (
  specs: readonly StreamSpec[],
  timeline: Timeline,
  faults: Faults,
  seed: number,
): Streams => {
  let isCalm = false
  let followed = 0
  const shards = new Map(
    specs.map((spec) => [
      spec.table,
      Array.from({ length: SHARDS }, (_, shard) =>
        createShard(spec, `${spec.table} ${shard}`, timeline, faults, seed, () => isCalm),
      ),
    ]),
  )
  return {
    follow: (writes) => {
      for (; followed < writes.length; followed++) {
        const write = writes[followed]
        const spec = specs.find(({ table }) => table === write?.table)
        if (write === undefined || spec === undefined || !spec.isWanted(write) || spec.loses?.(write))
          continue
        shards.get(spec.table)?.[shardOf(write.pk, SHARDS)]?.add(recordOf(write, followed + 1))
      }
    },
    waiting: () => [...shards.values()].flat().reduce((sum, shard) => sum + shard.waiting(), 0),
    calm: () => {
      isCalm = true
    },
  }
}
