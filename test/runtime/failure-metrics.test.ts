import type { DynamoDBStreamEvent, SQSEvent } from 'aws-lambda'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { BusyError } from '#shared/domain/busy-error.ts'
import { httpHandler } from '#shared/runtime/http/http-handler.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import { route } from '#shared/runtime/http/route.ts'
import { failureCounter } from '#shared/runtime/metrics.ts'
import { callApi, lambdaContext } from '#test/support/http-event.ts'
import { sqsRecord } from '#test/support/sqs-record.ts'

// Powertools then writes to the global console, where the test sees it; it would switch metrics off, too.
Object.assign(process.env, {
  POWERTOOLS_DEV: 'true',
  POWERTOOLS_METRICS_DISABLED: 'false',
  POWERTOOLS_LOG_LEVEL: 'SILENT',
  POWERTOOLS_METRICS_NAMESPACE: 'Beckon/test',
})
const lines: string[] = []
vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
afterEach(() => {
  lines.length = 0
})

/** What CloudWatch reads in a line: the metric in the stage's namespace, with the function as its only dimension. */
const emf = (service: string, name: string, value: number) => ({
  _aws: {
    Timestamp: expect.any(Number),
    CloudWatchMetrics: [
      { Namespace: 'Beckon/test', Dimensions: [['service']], Metrics: [{ Name: name, Unit: 'Count' }] },
    ],
  },
  service,
  [name]: value,
})
const written = () => lines.map((line): unknown => JSON.parse(line))

const messages: SQSEvent = { Records: [sqsRecord('queue', '{', 'm-1')] }
const changes: DynamoDBStreamEvent = {
  Records: [
    {
      eventName: 'MODIFY',
      dynamodb: { SequenceNumber: '1', NewImage: { pk: { S: 'U#x' }, sk: { S: 'y' } } },
    },
  ],
}

// Without their environment no record succeeds.
const handlers = {
  'decide-offers, of a queue': async () =>
    (await import('#functions/decide-offers/handler.ts')).handler(messages, lambdaContext()),
  'decide-offers, of a stream': async () =>
    (await import('#functions/decide-offers/handler.ts')).handler(changes, lambdaContext()),
  'send-messages': async () =>
    (await import('#functions/send-messages/handler.ts')).handler(messages, lambdaContext()),
  'run-jobs': async () => (await import('#functions/run-jobs/handler.ts')).handler(messages, lambdaContext()),
}

describe('a record that fails', () => {
  it.each(Object.entries(handlers))('is counted by %s', async (name, handle) => {
    const { batchItemFailures } = await handle()
    expect(batchItemFailures).toHaveLength(1)
    expect(written()).toEqual([emf(name.replace(/,.*/, ''), 'recordsFailed', 1)])
  })
})

describe('a request', () => {
  const answer = (use: () => Promise<{ status: 200; body: object }>) =>
    callApi(
      httpHandler({
        name: 'merchant-api',
        routes: {
          'GET /v1/work': route({
            operationId: 'work',
            summary: 'Works',
            scopes: ['merchant'],
            use: () => use,
          }),
        },
        services: async () => ({}),
      }),
      'GET /v1/work',
    )

  it.each([
    ['for an unknown error', new Error('broken'), 500],
    ['because something is busy', new BusyError('throttled'), 503],
  ])('that fails %s is counted', async (_, error, status) => {
    expect((await answer(() => Promise.reject(error))).status).toBe(status)
    expect(written()).toEqual([emf('merchant-api', 'requestsFailed', 1)])
  })

  it('that is refused is not, nor is one that succeeds', async () => {
    expect((await answer(() => Promise.reject(new Problem('conflict')))).status).toBe(409)
    expect((await answer(async () => ({ status: 200, body: {} }))).status).toBe(200)
    expect(lines).toEqual([])
  })
})

describe('the counter', () => {
  it('writes nothing, not even a warning, while nothing fails', () => {
    const warn = vi.spyOn(console, 'warn')
    failureCounter('remind-revisits', 'recordsFailed')(0)
    expect(lines).toEqual([])
    expect(warn).not.toHaveBeenCalled()
  })

  it('adds up in one line', () => {
    failureCounter('remind-revisits', 'recordsFailed')(3)
    expect(written()).toEqual([emf('remind-revisits', 'recordsFailed', 3)])
  })
})
