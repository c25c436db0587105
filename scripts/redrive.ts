import { parseArgs } from 'node:util'
import {
  DeleteMessageCommand,
  ListQueuesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import * as z from 'zod'

const USAGE = `Brings dead letters back to their queue: npm run redrive -- QUEUE [options]

  QUEUE        timers, push, push-apple, sms or jobs
  --stage S    the stage in AWS, with the credentials and region of the shell (dev)
  --url URL    a local cloud instead, e.g. http://127.0.0.1:4000
  --look       only show what lies there
`

/** The queues by their names here and in the stack. */
const QUEUES: Readonly<Record<string, string>> = {
  timers: 'Timers',
  push: 'Push',
  'push-apple': 'PushApple',
  sms: 'Sms',
  jobs: 'Jobs',
}
const MAX_LETTERS = 100_000
const BATCH = 10
/** So long a letter that was only looked at is hidden from the next look. */
const LOOK_S = 5
const MOVE_S = 60

export type RedriveOptions = {
  readonly sqs: SQSClient
  /** What the queues' names begin with, e.g. `beckon-prod-pipeline-`. */
  readonly prefix: string
  /** One of timers, push, push-apple, sms, jobs. */
  readonly queue: string
  readonly lookOnly: boolean
  readonly say: (line: string) => void
}

/** The queue whose generated name begins so, before any other letters than CloudFormation's own. */
const findQueue = async (sqs: SQSClient, prefix: string): Promise<string> => {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: prefix }))
  const [url, ...others] = QueueUrls
  if (url === undefined || others.length > 0) throw new Error(`${QueueUrls.length} queues named ${prefix}…`)
  return url
}

const receive = async (sqs: SQSClient, QueueUrl: string, VisibilityTimeout: number): Promise<Message[]> => {
  const command = new ReceiveMessageCommand({
    QueueUrl,
    MaxNumberOfMessages: BATCH,
    MessageAttributeNames: ['All'],
    VisibilityTimeout,
    WaitTimeSeconds: 1,
  })
  return (await sqs.send(command)).Messages ?? []
}

/**
 * Moves what lies in a dead-letter queue back to its queue; at most once each, so that a letter which fails again stays
 * for the next time. Stopped anywhere it loses nothing: a letter is deleted after it was sent, and messages are safe to
 * deliver twice.
 *
 * @returns how many letters were moved, or shown
 * @throws {Error} when there is no such queue
 */
export const redrive = async ({ sqs, prefix, queue, lookOnly, say }: RedriveOptions): Promise<number> => {
  const name = QUEUES[queue]
  if (name === undefined) throw new Error(`no queue ${queue}; there is ${Object.keys(QUEUES).join(', ')}`)
  const dead = await findQueue(sqs, `${prefix}${name}DeadLetters`)
  const alive = await findQueue(sqs, `${prefix}${name}Queue`)
  // By what they say: a letter that is put aside again at once has another id.
  const seen = new Set<string>()
  while (seen.size < MAX_LETTERS) {
    const letters = await receive(sqs, dead, lookOnly ? LOOK_S : MOVE_S)
    const fresh = letters.filter(({ Body = '' }) => !seen.has(Body))
    if (fresh.length === 0) return seen.size
    for (const { Body = '', ReceiptHandle, MessageAttributes } of fresh) {
      seen.add(Body)
      say(`${MessageAttributes?.['reason']?.StringValue ?? 'failed too often'}: ${Body}`)
      if (lookOnly) continue
      await sqs.send(new SendMessageCommand({ QueueUrl: alive, MessageBody: Body }))
      await sqs.send(new DeleteMessageCommand({ QueueUrl: dead, ReceiptHandle }))
    }
  }
  return seen.size
}

const health = z.object({ endpoints: z.object({ sqs: z.url() }) })

/** A client for AWS, or for the SQS of a local cloud. */
const clientFor = async (url: string | undefined): Promise<SQSClient> => {
  if (url === undefined) return new SQSClient({})
  const answer = await fetch(new URL('/_local/health', url))
  const { endpoints } = health.parse(await answer.json())
  return new SQSClient({
    endpoint: endpoints.sqs,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
}

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stage: { type: 'string', default: 'dev' },
      url: { type: 'string' },
      look: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [queue] = positionals
  if (values.help || queue === undefined) {
    console.log(USAGE)
    return
  }
  const sqs = await clientFor(values.url)
  const stage = values.url === undefined ? values.stage : 'local'
  const count = await redrive({
    sqs,
    prefix: `beckon-${stage}-pipeline-`,
    queue,
    lookOnly: values.look,
    say: console.log,
  })
  sqs.destroy()
  console.log(`${count} ${values.look ? 'there' : 'brought back'}`)
}

if (import.meta.main) await main()
