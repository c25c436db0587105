import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FixtureCloud, startFixtureCloud } from '#test/local/cloud/fixture-cloud.ts'
import { queue } from '#test/local/cloud/fixture-parts.ts'

let fixture: FixtureCloud
let sqs: SQSClient
let QueueUrl: string

beforeAll(async () => {
  fixture = await startFixtureCloud({ resources: { Jobs: queue({ QueueName: 'jobs' }), Other: queue() } })
  sqs = new SQSClient({
    endpoint: fixture.cloud.endpoints.sqs,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  QueueUrl = fixture.queue('Jobs').url
})
afterAll(async () => {
  sqs.destroy()
  await fixture[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await sqs.send(new PurgeQueueCommand({ QueueUrl }))
})

describe('the SQS endpoint, through the SDK (which checks the MD5 of bodies)', () => {
  test('sends, receives and deletes a message with attributes', async () => {
    const sent = await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: 'héllo <&> 🙂',
        MessageAttributes: {
          when: { DataType: 'Number', StringValue: '17' },
          raw: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255, 7) },
        },
      }),
    )
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
    )
    expect(Messages).toMatchObject([
      {
        MessageId: sent.MessageId,
        Body: 'héllo <&> 🙂',
        Attributes: { ApproximateReceiveCount: '1' },
        MessageAttributes: { when: { StringValue: '17' }, raw: { BinaryValue: Uint8Array.of(0, 255, 7) } },
      },
    ])
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }))
    expect(fixture.cloud.queueStore.counts(fixture.queue('Jobs'))).toEqual({
      visible: 0,
      inFlight: 0,
      delayed: 0,
    })
  })

  test('sends and deletes batches', async () => {
    const entries = Array.from({ length: 10 }, (_, at) => ({ Id: `m${at}`, MessageBody: `body ${at}` }))
    const { Successful = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries }))
    expect(Successful.map(({ Id }) => Id)).toEqual(entries.map(({ Id }) => Id))
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))
    expect(Messages).toHaveLength(10)
    const receipts = Messages.map(({ ReceiptHandle }, at) => ({ Id: `d${at}`, ReceiptHandle }))
    const deleted = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: receipts }))
    expect(deleted.Successful).toHaveLength(10)
  })

  test('finds queues and tells their attributes', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', DelaySeconds: 5 }))
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'jobs' }))).QueueUrl).toBe(QueueUrl)
    expect((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'jo' }))).QueueUrls).toEqual([QueueUrl])
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    )
    expect(Attributes).toMatchObject({
      QueueArn: 'arn:aws:sqs:us-east-1:000000000000:jobs',
      ApproximateNumberOfMessagesDelayed: '1',
    })
  })

  test('makes a message visible again on request', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }))
    const ReceiptHandle = Messages[0]?.ReceiptHandle
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }))
    expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toHaveLength(1)
  })

  test('answers an empty queue at once on the virtual clock, also to a long poll', async () => {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }))
    expect(Messages ?? []).toEqual([])
  })

  test('refuses in SQS’s words', async () => {
    await expect(
      sqs.send(new SendMessageCommand({ QueueUrl: `${QueueUrl}-gone`, MessageBody: 'x' })),
    ).rejects.toThrow(QueueDoesNotExist)
    await expect(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '' }))).rejects.toThrow(
      /MessageBody/,
    )
    await expect(
      sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', DelaySeconds: 901 })),
    ).rejects.toThrow(/DelaySeconds/)
    await expect(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '\u0000' }))).rejects.toThrow(
      /characters outside/,
    )
    await expect(
      sqs.send(
        new SendMessageBatchCommand({
          QueueUrl,
          Entries: [
            { Id: 'a', MessageBody: 'x' },
            { Id: 'a', MessageBody: 'y' },
          ],
        }),
      ),
    ).rejects.toThrow(/same Id/)
  })
})
