import { SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { openQueueStore } from '#local/cloud/queues/queue-store.ts'
import { createSqsEndpoint } from '#local/cloud/queues/sqs-endpoint.ts'
import { openState } from '#local/cloud/state.ts'
import { dummyAws, servePeer } from '#test/local/peers/peer-server.ts'
import { redrive } from '../../scripts/redrive.ts'

const names = ['PushQueueA1', 'PushDeadLettersB2', 'PushAppleQueueC3', 'PushAppleDeadLettersD4']
const prefix = 'beckon-prod-pipeline-'
const state = openState(undefined)
const server = await servePeer((request) => endpoint.handle(request))
const plans = names.map((name) => ({
  logicalId: name,
  name: `${prefix}${name}`,
  arn: `arn:aws:sqs:us-east-1:000000000000:${prefix}${name}`,
  url: `${server.url}/000000000000/${prefix}${name}`,
  delayS: 0,
  visibilityTimeoutS: 30,
  retentionS: 86_400,
}))
let nowMs = 0
const store = openQueueStore(state, plans, () => nowMs)
const endpoint = createSqsEndpoint({ store, isVirtual: () => true })
const sqs = new SQSClient({ ...dummyAws, endpoint: server.url })
const queue = (name: string) => {
  const found = store.find(`${prefix}${name}`)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}
const bodiesIn = (name: string) => store.receive(queue(name), 100, 0).map(({ body }) => body)

beforeEach(() => {
  for (const plan of plans) store.purge(plan)
  nowMs += 86_400_000
})
afterAll(async () => {
  sqs.destroy()
  await server.close()
  state.close()
})

const putAside = (count: number): void => {
  for (let index = 0; index < count; index += 1) {
    const attributes = { reason: { DataType: 'String', StringValue: 'nobody knows' } }
    store.send(queue('PushDeadLettersB2'), { body: `{"n":${index}}`, attributes })
  }
}
const run = async (rest: { queue?: string; lookOnly?: boolean } = {}) => {
  const said: string[] = []
  const say = (line: string) => said.push(line)
  const count = await redrive({ sqs, prefix, queue: 'push', lookOnly: false, say, ...rest })
  return { count, said }
}

describe('bringing dead letters back', () => {
  it('moves all of them, as they were, and tells their reasons', async () => {
    putAside(25)
    const { count, said } = await run()
    expect(count).toBe(25)
    expect(said[0]).toBe('nobody knows: {"n":0}')
    expect(bodiesIn('PushDeadLettersB2')).toEqual([])
    expect(bodiesIn('PushQueueA1')).toEqual(Array.from({ length: 25 }, (_, n) => `{"n":${n}}`))
    expect(bodiesIn('PushAppleQueueC3')).toEqual([])
  })

  it('leaves for the next time what comes back at once', async () => {
    putAside(3)
    // A worker that puts aside again whatever it is given.
    const say = () => {
      for (const { body } of store.receive(queue('PushQueueA1'), 10, 30)) {
        store.send(queue('PushDeadLettersB2'), { body })
        store.purge(queue('PushQueueA1'))
      }
    }
    const count = await redrive({ sqs, prefix, queue: 'push', lookOnly: false, say })
    expect(count).toBe(3)
    nowMs += 3_600_000
    expect(bodiesIn('PushDeadLettersB2').length + bodiesIn('PushQueueA1').length).toBe(3)
  })

  it('only shows them when it is asked to look', async () => {
    putAside(3)
    expect((await run({ lookOnly: true })).count).toBe(3)
    nowMs += 60_000
    expect(bodiesIn('PushDeadLettersB2')).toHaveLength(3)
    expect(bodiesIn('PushQueueA1')).toEqual([])
  })

  it('knows Apple’s queue from the other, and names what it knows', async () => {
    putAside(1)
    expect((await run({ queue: 'push-apple' })).count).toBe(0)
    await expect(run({ queue: 'pigeons' })).rejects.toThrow(/timers, push, push-apple, sms, jobs/)
  })
})
