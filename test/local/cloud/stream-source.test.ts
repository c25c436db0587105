import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { createStreamSource, type GivenUp, type StreamSource } from '#local/cloud/events/stream-source.ts'
import type { Outcome } from '#local/cloud/lambda/execution-environment.ts'
import type { StreamSourcePlan } from '#local/cloud/template/cloud-plan.ts'

const SECOND = 1_000

/** What a function does with the sequence numbers of a batch: throw, or report these as failed. */
type Behaviour = (batch: readonly string[]) => 'throw' | string[]

const harness = (behaviour: Behaviour, plan: Partial<StreamSourcePlan> = {}, checkpoint?: string) => {
  const batches: string[][] = []
  const givenUp: GivenUp[] = []
  const checkpoints: string[] = []
  const clock = { nowMs: 0 }
  const invoke = async (event: string): Promise<Outcome> => {
    const batch = sequenceNumbersOf(event)
    batches.push(batch)
    const result = behaviour(batch)
    const common = { durationMs: 1, writes: 0, requestId: 'r' }
    if (result === 'throw') {
      return { ...common, ok: false, error: { errorType: 'Error', errorMessage: 'no', trace: [] } }
    }
    const payload = JSON.stringify({
      batchItemFailures: result.map((itemIdentifier) => ({ itemIdentifier })),
    })
    return { ...common, ok: true, payload }
  }
  const source: StreamSource = createStreamSource({
    plan: {
      logicalId: 'S',
      functionName: 'f',
      tableName: 't',
      batchSize: 4,
      windowS: 0,
      patterns: [],
      reportsItemFailures: true,
      bisects: false,
      lanes: 1,
      ...plan,
    },
    checkpoint,
    nowMs: () => clock.nowMs,
    invoke,
    saveCheckpoint: (sequenceNumber) => checkpoints.push(sequenceNumber),
    giveUp: (batch) => givenUp.push(batch),
  })
  const accept = (...sequenceNumbers: number[]) => {
    for (const one of sequenceNumbers) acceptOf(String(one), `p${one}`)
  }
  const acceptOf = (sequenceNumber: string, partition: string) =>
    source.accept({
      sequenceNumber,
      partition,
      seenAtMs: clock.nowMs,
      event: {
        dynamodb: { SequenceNumber: sequenceNumber },
        odd: Number(sequenceNumber) % 2 === 1 ? 'yes' : 'no',
      },
    })
  return { source, batches, givenUp, checkpoints, clock, accept, acceptOf }
}

const sequenceNumbersOf = (event: string): string[] =>
  (JSON.parse(event) as { Records: { dynamodb: { SequenceNumber: string } }[] }).Records.map(
    ({ dynamodb }) => dynamodb.SequenceNumber,
  )
const allWell: Behaviour = () => []

describe('an event source from a stream', () => {
  test('sends batches in order and keeps how far it came', async () => {
    const { source, batches, checkpoints, accept } = harness(allWell)
    accept(1, 2, 3, 4, 5, 6)
    expect(await source.run()).toBe(2)
    expect(batches).toEqual([
      ['1', '2', '3', '4'],
      ['5', '6'],
    ])
    expect(checkpoints.at(-1)).toBe('6')
  })

  test('passes over what an earlier run has done, also with leading zeros', async () => {
    const { source, batches, acceptOf } = harness(allWell, {}, '000000000000000000009')
    for (const one of ['000000000000000000008', '000000000000000000009', '000000000000000000010'])
      acceptOf(one, 'p')
    await source.run()
    expect(batches).toEqual([['000000000000000000010']])
  })

  test('counts what its filter drops as done', async () => {
    const { source, batches, accept } = harness(allWell, { patterns: ['{"odd":["yes"]}'] })
    accept(1, 2, 3, 4)
    expect(source.checkpoint()).toBeUndefined()
    await source.run()
    expect(batches).toEqual([['1', '3']])
    expect(source.checkpoint()).toBe('4')
  })

  test('repeats from the first reported failure on, after a delay', async () => {
    let failing = true
    const { source, batches, clock, accept } = harness((batch) =>
      failing && batch.includes('3') ? ['3'] : [],
    )
    accept(1, 2, 3, 4)
    await source.run()
    expect(source.checkpoint()).toBe('2')
    expect(source.nextAtMs()).toBe(SECOND)
    expect(await source.run()).toBe(0)
    failing = false
    clock.nowMs = SECOND
    await source.run()
    expect(batches).toEqual([
      ['1', '2', '3', '4'],
      ['3', '4'],
    ])
    expect(source.checkpoint()).toBe('4')
  })

  test('an answer without sense fails the whole batch', async () => {
    const { source, accept } = harness(() => ['unknown'])
    accept(1, 2)
    await source.run()
    expect(source.checkpoint()).toBeUndefined()
    expect(source.nextAtMs()).toBe(SECOND)
  })

  test('halves a failing batch until the bad record is alone; what comes after waits for it', async () => {
    const { source, batches, accept } = harness((batch) => (batch.includes('3') ? 'throw' : []), {
      bisects: true,
      batchSize: 8,
    })
    accept(1, 2, 3, 4, 5, 6, 7, 8)
    await source.run()
    expect(batches).toEqual([
      ['1', '2', '3', '4', '5', '6', '7', '8'],
      ['1', '2', '3', '4'],
      ['1', '2'],
      ['3', '4'],
      ['3'],
    ])
    expect(source.checkpoint()).toBe('2')
  })

  test('gives a record up after its retries and goes on', async () => {
    const { source, batches, givenUp, clock, accept } = harness(
      (batch) => (batch.includes('1') ? 'throw' : []),
      {
        bisects: true,
        maxRetries: 2,
      },
    )
    accept(1, 2)
    for (const atMs of [0, SECOND, 3 * SECOND]) {
      clock.nowMs = atMs
      await source.run()
    }
    expect(batches).toEqual([['1', '2'], ['1'], ['1'], ['1'], ['2']])
    expect(givenUp).toMatchObject([
      { reason: 'RetryAttemptsExhausted', invocations: 3, records: [{ sequenceNumber: '1' }] },
    ])
    expect(source.checkpoint()).toBe('2')
  })

  test('gives records up that have become too old, and them only', async () => {
    const { source, batches, givenUp, clock, accept } = harness(() => 'throw', { maxRecordAgeS: 60 })
    accept(1)
    await source.run()
    clock.nowMs = 61 * SECOND
    accept(2)
    await source.run()
    expect(givenUp).toMatchObject([{ reason: 'RecordAgeExceeded', records: [{ sequenceNumber: '1' }] }])
    expect(batches).toEqual([['1'], ['2']])
    expect(source.checkpoint()).toBe('1')
  })

  test('waits for a full batch or the end of the window', async () => {
    const { source, batches, clock, accept } = harness(allWell, { windowS: 5, batchSize: 3 })
    accept(1, 2)
    expect(await source.run()).toBe(0)
    expect(source.nextAtMs()).toBe(5 * SECOND)
    accept(3)
    await source.run()
    accept(4)
    clock.nowMs = 5 * SECOND
    await source.run()
    expect(batches).toEqual([['1', '2', '3'], ['4']])
  })

  test('a failing key holds up its own lane only, and the checkpoint', async () => {
    const { source, batches, acceptOf } = harness((batch) => (batch.includes('1') ? 'throw' : []), {
      lanes: 2,
    })
    acceptOf('1', 'a')
    acceptOf('2', 'b')
    acceptOf('3', 'a')
    await source.run()
    expect(batches).toContainEqual(['2'])
    expect(source.checkpoint()).toBeUndefined()
  })

  property.prop([
    fc.array(
      fc.record({ partition: fc.constantFrom('a', 'b', 'c'), faults: fc.integer({ min: 0, max: 3 }) }),
      {
        minLength: 1,
        maxLength: 30,
      },
    ),
    fc.integer({ min: 1, max: 7 }),
    fc.integer({ min: 1, max: 3 }),
    fc.boolean(),
  ])(
    'every change is done, those of one key in order, whatever fails',
    async (changes, batchSize, lanes, bisects) => {
      const faults = changes.map((change) => change.faults)
      const done: string[] = []
      const behave: Behaviour = (batch) => {
        for (const one of batch) {
          const index = Number(one) - 1
          if ((faults[index] ?? 0) > 0) {
            faults[index] = (faults[index] ?? 0) - 1
            return [one]
          }
          done.push(one)
        }
        return []
      }
      const { source, clock, acceptOf } = harness(behave, { batchSize, lanes, bisects })
      for (const [index, { partition }] of changes.entries()) acceptOf(String(index + 1), partition)
      for (let turns = 0; source.nextAtMs() !== undefined && turns < 1_000; turns += 1) {
        clock.nowMs = Math.max(clock.nowMs, source.nextAtMs() ?? 0)
        await source.run()
      }
      expect(source.checkpoint()).toBe(String(changes.length))
      for (const partition of ['a', 'b', 'c']) {
        const own = changes.flatMap((change, index) =>
          change.partition === partition ? [String(index + 1)] : [],
        )
        expect(done.filter((one) => own.includes(one))).toEqual(own)
      }
    },
  )
})
