import * as z from 'zod'
import { itemBytes, writeUnits } from '#local/peers/dynamodb/item-size.ts'
import type { Answerer, MemoryTables, WireItem } from './memory-network.ts'
import { cpuMicros } from './rounds.ts'

const READ_UNIT_BYTES = 4_096

/** Units that were consumed, and what else a bill or a design asks for. */
export type Meter = {
  presenceReads: number
  versionReads: number
  /** Rows and geometry: once for each tile that a container meets. */
  loadReads: number
  writes: number
  /** DynamoDB calls. */
  calls: number
  /** Bytes of each item that was written. */
  readonly written: number[]
  /** Processor time of the tables in memory themselves, in microseconds: not the function's. */
  ownMicros: number
}

export const newMeter = (): Meter => ({
  presenceReads: 0,
  versionReads: 0,
  loadReads: 0,
  writes: 0,
  calls: 0,
  written: [],
  ownMicros: 0,
})

/** Read units of one item, or of none: that costs as much as the smallest. */
const readUnits = (item: WireItem | undefined, isConsistent: boolean): number =>
  Math.max(1, Math.ceil((item === undefined ? 0 : itemBytes(item)) / READ_UNIT_BYTES)) *
  (isConsistent ? 1 : 0.5)

const item = z.record(z.string(), z.record(z.string(), z.unknown()))
const keysSchema = z.object({ Keys: z.array(item), ConsistentRead: z.boolean().default(false) })
const schemas = {
  GetItem: z.object({ TableName: z.string(), Key: item, ConsistentRead: z.boolean().default(false) }),
  PutItem: z.object({ TableName: z.string(), Item: item }),
  BatchGetItem: z.object({ RequestItems: z.record(z.string(), keysSchema) }),
} as const
const pageSchema = z.object({ Items: z.array(item) })

/**
 * Tables in memory that count what DynamoDB would: a unit for each 4 KB that is read (half of one when it need not be
 * consistent) or each KB that is written, each item by itself, a query by the sum.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
 * @param meterOf asked at each call, so that what leads up to a measurement can be counted elsewhere
 */
export const meteredAnswers = (tables: MemoryTables, meterOf: () => Meter): Answerer => {
  const read = (table: string, key: WireItem, isConsistent: boolean): void => {
    const meter = meterOf()
    const units = readUnits(tables.get(table, key), isConsistent)
    if (table === 'Presence') meter.presenceReads += units
    else if (isConsistent) meter.loadReads += units
    else meter.versionReads += units
  }
  const count: Readonly<Record<string, (body: unknown) => void>> = {
    GetItem: (body) => {
      const { TableName, Key, ConsistentRead } = schemas.GetItem.parse(body)
      read(TableName, Key, ConsistentRead)
    },
    BatchGetItem: (body) => {
      for (const [table, { Keys, ConsistentRead }] of Object.entries(
        schemas.BatchGetItem.parse(body).RequestItems,
      )) {
        for (const key of Keys) read(table, key, ConsistentRead)
      }
    },
    PutItem: (body) => {
      const { TableName, Item } = schemas.PutItem.parse(body)
      const bytes = itemBytes(Item)
      const before = tables.get(TableName, { pk: Item['pk'] ?? {} })
      const meter = meterOf()
      meter.writes += writeUnits(Math.max(bytes, before === undefined ? 0 : itemBytes(before)))
      meter.written.push(bytes)
    },
  }
  const answer: Answerer = (operation, body) => {
    count[operation]?.(JSON.parse(body))
    const answered = tables.answer(operation, body)
    if (operation === 'Query') {
      const { Items } = pageSchema.parse(JSON.parse(Buffer.from(answered).toString('utf8')))
      const bytes = Items.reduce((sum, one) => sum + itemBytes(one), 0)
      meterOf().loadReads += Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES))
    }
    return answered
  }
  return (operation, body) => {
    const startedAt = cpuMicros()
    const answered = answer(operation, body)
    const meter = meterOf()
    meter.calls += 1
    meter.ownMicros += cpuMicros() - startedAt
    return answered
  }
}
