import { createHash } from 'node:crypto'
import { startPeer } from '#test/support/peers.ts'

type Entry = { readonly Id: string; readonly MessageBody: string; readonly DelaySeconds?: number }
type Batch = { readonly QueueUrl: string; readonly Entries: readonly Entry[] }

/** What was put on a queue. */
export type Queued = { readonly queue: string; readonly body: unknown; readonly delayS: number }

export type QueueRecorder = {
  readonly urlOf: (queue: string) => string
  /** What was queued since the last look, oldest first. */
  readonly taken: () => Queued[]
  /** The next `times` requests fail as an SQS that is out of order does. */
  readonly breakDown: (times: number) => void
  readonly close: () => Promise<void>
}

const headers = { 'content-type': 'application/x-amz-json-1.0' }
const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** Stands in for SQS: takes SendMessageBatch and remembers. Points the SDK of this test file to itself. */
export const recordQueues = async (): Promise<QueueRecorder> => {
  let queued: Queued[] = []
  let failures = 0
  const peer = await startPeer(({ body }) => {
    if (failures > 0) {
      failures -= 1
      return { status: 500, body: '{"__type":"com.amazonaws.sqs#InternalFailure"}', headers }
    }
    const { QueueUrl, Entries } = JSON.parse(body) as Batch
    const queue = QueueUrl.split('/').at(-1) ?? ''
    for (const { MessageBody, DelaySeconds = 0 } of Entries) {
      queued.push({ queue, body: JSON.parse(MessageBody), delayS: DelaySeconds })
    }
    const Successful = Entries.map(({ Id, MessageBody }) => ({
      Id,
      MessageId: `m-${Id}`,
      MD5OfMessageBody: md5(MessageBody),
    }))
    return { status: 200, body: JSON.stringify({ Successful, Failed: [] }), headers }
  })
  process.env['AWS_ENDPOINT_URL_SQS'] = peer.url
  return {
    urlOf: (queue) => `${peer.url}/000000000000/${queue}`,
    taken: () => {
      const all = queued
      queued = []
      return all
    },
    breakDown: (times) => {
      failures = times
    },
    close: peer.close,
  }
}
