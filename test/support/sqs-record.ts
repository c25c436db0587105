import type { SQSRecord } from 'aws-lambda'

/**
 * A message as SQS hands it to Lambda, received for the first time.
 *
 * @param body its text, or what its text is the JSON of
 */
export const sqsRecord = (queueName: string, body: unknown, messageId = 'm-1'): SQSRecord => ({
  messageId,
  receiptHandle: 'receipt',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '0',
    SenderId: 'sender',
    ApproximateFirstReceiveTimestamp: '0',
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queueName}`,
  awsRegion: 'us-east-1',
})
