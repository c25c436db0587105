import { rmSync } from 'node:fs'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { createClock } from '#local/cloud/clock.ts'
import type { JsonObject } from '#local/cloud/json.ts'
import { functionEnvironment } from '#local/cloud/lambda/function-environment.ts'
import { type LocalFunctions, runFunctions } from '#local/cloud/lambda/run-functions.ts'
import { planCloud } from '#local/cloud/template/plan-cloud.ts'
import { readAssembly } from '#local/cloud/template/read-assembly.ts'
import { START_MS, writeAssembly } from '#test/local/cloud/fixture-parts.ts'

const NO_SERVICES = {
  dynamodb: inject('dynamodbUrl'),
  sns: 'http://127.0.0.1:9/sns',
  sqs: 'http://127.0.0.1:9/sqs',
  location: 'http://127.0.0.1:9/location',
}

const start = (body: string, properties: JsonObject = {}): LocalFunctions => {
  const { folder } = writeAssembly({
    handlers: { Work: body },
    resources: { Work: { Type: 'AWS::Lambda::Function', Properties: properties } },
  })
  const { functions } = planCloud(readAssembly(folder), {
    region: 'us-east-1',
    accountId: '000000000000',
    sqsUrl: 'http://q',
    apiUrl: 'http://a',
    tablePrefix: '',
  })
  const running = runFunctions({
    functions,
    environmentOf: (plan) => functionEnvironment(plan, 'us-east-1', NO_SERVICES),
    clock: createClock({ kind: 'virtual', atMs: START_MS }),
    maxWorkers: 2,
    onLine: () => {},
  })
  onTestFinished(async () => {
    await running.close()
    rmSync(folder, { recursive: true })
  })
  return running
}
const NAME = 'fixture-Work'
const run = async (functions: LocalFunctions, event: unknown = {}) => {
  const outcome = await functions.invoke(NAME, JSON.stringify(event))
  return outcome.ok ? (JSON.parse(outcome.payload) as unknown) : outcome.error
}

describe('a function in its worker', () => {
  test('sees its own environment and nothing of ours', async () => {
    process.env['BECKON_SECRET_OF_THE_PARENT'] = 'x'
    onTestFinished(() => {
      delete process.env['BECKON_SECRET_OF_THE_PARENT']
    })
    const functions = start('return { ...process.env }', { Environment: { Variables: { OWN: 'yes' } } })
    const seen = await run(functions)
    expect(seen).toMatchObject({
      OWN: 'yes',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: NAME,
      AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:9/sqs',
    })
    expect(seen).not.toHaveProperty('BECKON_SECRET_OF_THE_PARENT')
    expect(seen).not.toHaveProperty('PATH')
  })

  test('reads the local clock', async () => {
    expect(await run(start('return clock()'))).toBe(START_MS)
  })

  test('gets the context that Lambda gives', async () => {
    const context = await run(
      start('return { ...context, leftMs: context.getRemainingTimeInMillis() }', {
        Timeout: 7,
        MemorySize: 512,
      }),
    )
    expect(context).toMatchObject({
      functionName: NAME,
      memoryLimitInMB: '512',
      invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${NAME}`,
    })
    expect(context).toHaveProperty('awsRequestId', expect.stringMatching(/^[0-9a-f-]{36}$/))
    expect(Number(Reflect.get(Object(context), 'leftMs'))).toBeGreaterThan(5_000)
  })

  test('is used again, and a second worker starts only for a second event at the same time', async () => {
    const functions = start('await new Promise((done) => setTimeout(done, event.ms)); return calls')
    expect(await run(functions, { ms: 0 })).toBe(1)
    expect(await run(functions, { ms: 0 })).toBe(2)
    const both = await Promise.all([run(functions, { ms: 100 }), run(functions, { ms: 100 })])
    expect(both.sort()).toEqual([1, 3])
    const three = await Promise.all([1, 2, 3].map(() => run(functions, { ms: 20 })))
    expect(three).toHaveLength(3)
    expect(functions.stats()['Work']?.workers).toBe(2)
  })

  test('keeps to its reserved concurrency', async () => {
    const functions = start('return calls', { ReservedConcurrentExecutions: 1 })
    expect(await Promise.all([run(functions), run(functions), run(functions)])).toEqual([1, 2, 3])
  })

  test('that throws fails with its error', async () => {
    expect(await run(start('throw new RangeError("too far")'))).toMatchObject({
      errorType: 'RangeError',
      errorMessage: 'too far',
    })
  })

  test('that takes too long is ended, and the next event finds a new one', async () => {
    const functions = start('if (event.hang) for (;;) {} ; return calls', { Timeout: 1 })
    expect(await run(functions)).toBe(1)
    expect(await run(functions, { hang: true })).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/Task timed out after 1\.00 seconds$/),
    })
    expect(await run(functions)).toBe(1)
    expect(functions.stats()['Work']).toMatchObject({ invocations: 3, errors: 1, timeouts: 1 })
  })

  test.each([
    ['exits', 'process.exit(3)', { errorType: 'Runtime.ExitError' }],
    [
      'leaves a rejection',
      'Promise.reject(new Error("left")); await new Promise(() => {})',
      { errorMessage: 'left' },
    ],
  ])('that %s fails, and does not take the cloud with it', async (_name, body, error) => {
    expect(await run(start(body))).toMatchObject(error)
  })

  test('answers what JSON can say', async () => {
    expect(await run(start('return { at: new Date(0), none: undefined }'))).toEqual({
      at: '1970-01-01T00:00:00.000Z',
    })
    expect(await run(start('return undefined'))).toBeNull()
  })

  test('tells how many of its requests may have written', async () => {
    // The engine refuses them all: what counts is the request.
    const functions = start('await dynamodb(event.operation, {})')
    const writes = async (operation: string) =>
      (await functions.invoke(NAME, JSON.stringify({ operation }))).writes
    expect([await writes('PutItem'), await writes('TransactWriteItems'), await writes('Query')]).toEqual([
      1, 1, 0,
    ])
  })

  test('adds its embedded metrics up', async () => {
    const metric = {
      _aws: {
        Timestamp: 0,
        CloudWatchMetrics: [{ Namespace: 'N', Dimensions: [[]], Metrics: [{ Name: 'sent' }] }],
      },
    }
    const functions = start(
      `console.log(JSON.stringify({ ...${JSON.stringify(metric)}, sent: event.sent })); return 1`,
    )
    await run(functions, { sent: 2 })
    await run(functions, { sent: [1, 3] })
    await expect.poll(() => functions.stats()['Work']?.metrics).toEqual({ sent: { sum: 6, count: 3 } })
    expect(functions.logLines(NAME)).toHaveLength(2)
  })
})
