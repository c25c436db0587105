import { describe, expect, test } from 'vitest'
import { startFixtureCloud } from '#test/local/cloud/fixture-cloud.ts'
import {
  eventSource,
  everyMinute,
  queue,
  START_MS,
  tableWithStream,
} from '#test/local/cloud/fixture-parts.ts'

const MINUTE = 60_000
const minutesAfter = (minutes: number) => START_MS + minutes * MINUTE
const S = (value: string) => ({ S: value })

describe('streams, queues, schedules and expiries on the virtual clock', () => {
  test('a change reaches the function that the filter wants it for, with the template’s stream and the local time', async () => {
    await using fixture = await startFixtureCloud({
      handlers: { Work: 'record(event.Records)' },
      resources: {
        Items: tableWithStream(),
        Source: eventSource({ table: 'Items' }, 'Work', {
          FilterCriteria: { Filters: [{ Pattern: '{"dynamodb":{"NewImage":{"news":{"S":["yes"]}}}}' }] },
        }),
      },
    })
    await fixture.put('Items', { pk: S('a'), news: S('no') })
    await fixture.put('Items', { pk: S('b'), news: S('yes') })
    const { invocations } = await fixture.cloud.drain()
    expect(invocations).toMatchObject([{ function: 'Work', records: 1 }])
    expect(fixture.records()).toMatchObject([
      [
        {
          eventName: 'INSERT',
          eventSource: 'aws:dynamodb',
          awsRegion: 'us-east-1',
          eventSourceARN: `arn:aws:dynamodb:us-east-1:000000000000:table/${fixture.table('Items')}/stream/local`,
          dynamodb: {
            Keys: { pk: S('b') },
            ApproximateCreationDateTime: START_MS / 1000,
            StreamViewType: 'NEW_AND_OLD_IMAGES',
          },
        },
      ],
    ])
    expect((await fixture.cloud.drain()).invocations).toEqual([])
  })

  test('what a function writes is drained as well, over as many steps as it takes', async () => {
    await using fixture = await startFixtureCloud({
      handlers: {
        Work: `
          for (const { dynamodb: { NewImage } } of event.Records) {
            const left = Number(NewImage.left.N)
            record(left)
            if (left > 0) await dynamodb('PutItem', { TableName: process.env.ITEMS, Item: { pk: { S: 'x' + left }, left: { N: String(left - 1) } } })
          }`,
      },
      resources: {
        Items: tableWithStream(),
        Work: {
          Type: 'AWS::Lambda::Function',
          Properties: { Environment: { Variables: { ITEMS: { Ref: 'Items' } } } },
        },
        Source: eventSource({ table: 'Items' }, 'Work'),
      },
    })
    await fixture.put('Items', { pk: S('a'), left: { N: '3' } })
    await fixture.cloud.drain()
    expect(fixture.records()).toEqual([3, 2, 1, 0])
  })

  test('delays, schedules and expiries come in the order of their times', async () => {
    await using fixture = await startFixtureCloud({
      handlers: {
        Timer: 'for (const { body } of event.Records) record([body, clock()])',
        Tick: 'record(["tick", clock()])',
        Gone: `
          for (const { eventName, userIdentity } of event.Records)
            if (eventName === 'REMOVE') record([userIdentity?.principalId, clock()])`,
      },
      resources: {
        Items: tableWithStream(),
        Timers: queue(),
        FromTimers: eventSource({ queue: 'Timers' }, 'Timer'),
        FromItems: eventSource({ table: 'Items' }, 'Gone'),
        EveryMinute: everyMinute('Tick'),
      },
    })
    const { cloud } = fixture
    cloud.queueStore.send(fixture.queue('Timers'), { body: 'late', delayS: 100 })
    cloud.queueStore.send(fixture.queue('Timers'), { body: 'soon', delayS: 30 })
    await fixture.put('Items', { pk: S('a'), ttl: { N: String(START_MS / 1000 + 90) } })
    await fixture.put('Items', { pk: S('b'), ttl: { N: String(START_MS / 1000 + 900) } })
    await cloud.advanceTo(minutesAfter(2))
    expect(fixture.records()).toEqual([
      ['soon', START_MS + 30_000],
      ['tick', START_MS + 60_000],
      ['dynamodb.amazonaws.com', START_MS + 90_000],
      ['late', START_MS + 100_000],
      ['tick', START_MS + 120_000],
    ])
    expect(cloud.clock.nowMs()).toBe(minutesAfter(2))
    await expect(cloud.advanceTo(START_MS)).rejects.toThrow(/does not go back/)
  })

  test('an item that was given a later expiry, or none, stays; one that was deleted by hand carries no identity', async () => {
    await using fixture = await startFixtureCloud({
      handlers: {
        Gone: 'for (const r of event.Records) if (r.eventName === "REMOVE") record([r.dynamodb.Keys.pk.S, r.userIdentity ?? null])',
      },
      resources: { Items: tableWithStream(), FromItems: eventSource({ table: 'Items' }, 'Gone') },
    })
    const soon = { N: String(START_MS / 1000 + 60) }
    for (const pk of ['prolonged', 'kept', 'deleted', 'expired'])
      await fixture.put('Items', { pk: S(pk), ttl: soon })
    await fixture.cloud.drain()
    await fixture.put('Items', { pk: S('prolonged'), ttl: { N: String(START_MS / 1000 + 600) } })
    await fixture.put('Items', { pk: S('kept') })
    await fixture.client.call('DeleteItem', { TableName: fixture.table('Items'), Key: { pk: S('deleted') } })
    await fixture.cloud.advanceTo(minutesAfter(5))
    const identity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' }
    expect(fixture.records()).toEqual([
      ['deleted', null],
      ['expired', identity],
    ])
    await fixture.cloud.advanceTo(minutesAfter(20))
    expect(fixture.records().at(-1)).toEqual(['prolonged', identity])
    const { Count } = await fixture.client.call('Scan', { TableName: fixture.table('Items') })
    expect(Count).toBe(1)
  })

  test('a message that fails comes back after its visibility time-out and ends in the dead-letter queue', async () => {
    await using fixture = await startFixtureCloud({
      handlers: {
        Work: `
          for (const r of event.Records) record([r.body, r.attributes.ApproximateReceiveCount, clock()])
          return { batchItemFailures: event.Records.filter((r) => r.body === 'bad').map((r) => ({ itemIdentifier: r.messageId })) }`,
      },
      resources: {
        Dead: queue(),
        Jobs: queue({
          VisibilityTimeout: 120,
          RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 2 },
        }),
        Source: eventSource({ queue: 'Jobs' }, 'Work', {
          FunctionResponseTypes: ['ReportBatchItemFailures'],
        }),
      },
    })
    const { cloud } = fixture
    for (const body of ['good', 'bad']) cloud.queueStore.send(fixture.queue('Jobs'), { body })
    await cloud.advanceTo(minutesAfter(10))
    expect(fixture.records()).toEqual([
      ['good', '1', START_MS],
      ['bad', '1', START_MS],
      ['bad', '2', START_MS + 120_000],
    ])
    expect(cloud.queueStore.counts(fixture.queue('Dead')).visible).toBe(1)
    expect(cloud.queueStore.counts(fixture.queue('Jobs'))).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
  })

  test('a queue’s filter deletes what nobody wants', async () => {
    await using fixture = await startFixtureCloud({
      handlers: { Work: 'for (const r of event.Records) record(r.body)' },
      resources: {
        Jobs: queue(),
        Source: eventSource({ queue: 'Jobs' }, 'Work', {
          FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["erasure"]}}' }] },
        }),
      },
    })
    for (const body of ['{"kind":"erasure"}', '{"kind":"other"}', 'no json']) {
      fixture.cloud.queueStore.send(fixture.queue('Jobs'), { body })
    }
    await fixture.cloud.drain()
    expect(fixture.records()).toEqual(['{"kind":"erasure"}'])
    expect(fixture.cloud.queueStore.counts(fixture.queue('Jobs'))).toEqual({
      visible: 0,
      inFlight: 0,
      delayed: 0,
    })
  })

  test('a record that always fails is alone in the end, grows too old, and leaves a note; the others are done', async () => {
    await using fixture = await startFixtureCloud({
      handlers: {
        Work: `
          const names = event.Records.map((r) => r.dynamodb.Keys.pk.S)
          if (names.includes('bad')) throw new Error('bad')
          record(names)`,
      },
      resources: {
        Items: tableWithStream(),
        Dead: queue(),
        Source: eventSource({ table: 'Items' }, 'Work', {
          BisectBatchOnFunctionError: true,
          MaximumRecordAgeInSeconds: 3_600,
          DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Dead', 'Arn'] } } },
        }),
      },
    })
    for (const pk of ['a', 'bad']) await fixture.put('Items', { pk: S(pk) })
    await fixture.cloud.advanceTo(minutesAfter(30))
    expect(fixture.records()).toEqual([['a']])
    // These stand behind it, and are young enough when it is given up.
    for (const pk of ['c', 'd']) await fixture.put('Items', { pk: S(pk) })
    await fixture.cloud.advanceTo(minutesAfter(90))
    expect(fixture.records()).toEqual([['a'], ['c', 'd']])
    const [note] = fixture.cloud.queueStore.receive(fixture.queue('Dead'), 1)
    expect(JSON.parse(note?.body ?? '')).toMatchObject({
      requestContext: { condition: 'RecordAgeExceeded' },
      DDBStreamBatchInfo: { batchSize: 1, streamArn: expect.stringMatching(/stream\/local$/) },
    })
  })

  test('a schedule hands its input over, and a failing tick does not stop the clock', async () => {
    await using fixture = await startFixtureCloud({
      handlers: { Work: 'record([event, clock()]); throw new Error("no")' },
      resources: { Tick: everyMinute('Work', '{"sweep":true}') },
    })
    await fixture.cloud.advanceTo(minutesAfter(3))
    expect(fixture.records()).toEqual([1, 2, 3].map((minute) => [{ sweep: true }, minutesAfter(minute)]))
    expect(fixture.cloud.stats().functions['Work']).toMatchObject({ invocations: 3, errors: 3 })
  })

  test('a jump of the clock plays nothing in between', async () => {
    await using fixture = await startFixtureCloud({
      handlers: { Work: 'record(clock())' },
      resources: { Tick: everyMinute('Work') },
    })
    fixture.cloud.clock.setVirtual(minutesAfter(1_000))
    await fixture.cloud.advanceTo(minutesAfter(1_001))
    expect(fixture.records()).toEqual([minutesAfter(1_001)])
  })

  test('two advances at the same time take turns', async () => {
    await using fixture = await startFixtureCloud({
      handlers: { Work: 'record(clock())' },
      resources: { Tick: everyMinute('Work') },
    })
    await Promise.all([fixture.cloud.advanceTo(minutesAfter(1)), fixture.cloud.advanceTo(minutesAfter(2))])
    expect(fixture.records()).toEqual([minutesAfter(1), minutesAfter(2)])
  })
})

describe('on the wall clock', () => {
  test('changes and messages are played without being asked', async () => {
    await using fixture = await startFixtureCloud(
      {
        handlers: { Work: 'for (const r of event.Records) record(r.body ?? r.dynamodb.Keys.pk.S)' },
        resources: {
          Items: tableWithStream(),
          Jobs: queue(),
          FromItems: eventSource({ table: 'Items' }, 'Work'),
          FromJobs: eventSource({ queue: 'Jobs' }, 'Work'),
        },
      },
      { clock: { kind: 'wall' } },
    )
    await fixture.put('Items', { pk: S('item') })
    fixture.cloud.queueStore.send(fixture.queue('Jobs'), { body: 'message' })
    await expect.poll(() => fixture.records().sort(), { timeout: 10_000 }).toEqual(['item', 'message'])
  })

  test('an expired item is removed', async () => {
    await using fixture = await startFixtureCloud(
      {
        handlers: {
          Work: 'for (const r of event.Records) record([r.eventName, r.userIdentity?.type ?? null])',
        },
        resources: { Items: tableWithStream(), FromItems: eventSource({ table: 'Items' }, 'Work') },
      },
      { clock: { kind: 'wall' } },
    )
    await fixture.put('Items', { pk: S('item'), ttl: { N: String(Math.floor(Date.now() / 1000) - 10) } })
    await expect
      .poll(() => fixture.records(), { timeout: 10_000 })
      .toEqual([
        ['INSERT', null],
        ['REMOVE', 'Service'],
      ])
  })
})
