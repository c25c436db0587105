import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { toDomainError } from '#shared/adapters/aws-errors.ts'
import { BusyError } from '#shared/domain/busy-error.ts'

const BATCH = 10
/** The longest delay that SQS knows. */
export const MAX_DELAY_S = 900

/** A message for a queue: a body that becomes JSON, or a text as it is; `attributes` travel beside it. */
export type QueueEntry = ({ readonly body: unknown } | { readonly text: string }) & {
  readonly delayS?: number
  readonly attributes?: Readonly<Record<string, string>>
}

/** Puts messages on a queue; resolves when SQS has taken all of them. May put one twice when it is asked again. */
export type SendToQueue = (
  queueUrl: string,
  entries: readonly QueueEntry[],
  signal?: AbortSignal,
) => Promise<void>

const attributesOf = (attributes: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  )

const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  )

/**
 * The SQS client of a function: 1 s to connect, 3 s a request, 3 attempts.
 *
 * @example
 * const send = createQueueSender()
 * await send(queueUrl, [{ body: { kind: 'dwell' }, delayS: 300 }])
 */
export const createQueueSender = (): SendToQueue => {
  const client = new SQSClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
  })
  const sendBatch = async (
    queueUrl: string,
    entries: readonly QueueEntry[],
    signal?: AbortSignal,
  ): Promise<void> => {
    const command = new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: entries.map(({ delayS = 0, attributes = {}, ...entry }, index) => ({
        Id: String(index),
        MessageBody: 'text' in entry ? entry.text : JSON.stringify(entry.body),
        DelaySeconds: Math.max(0, Math.min(MAX_DELAY_S, Math.ceil(delayS))),
        ...(Object.keys(attributes).length > 0 && { MessageAttributes: attributesOf(attributes) }),
      })),
    })
    const answer = await client
      .send(command, signal ? { abortSignal: signal } : {})
      .catch((error: unknown) => {
        throw toDomainError(error)
      })
    if ((answer.Failed ?? []).length > 0) throw new BusyError(`a queue refused ${answer.Failed?.[0]?.Code}`)
  }
  return async (queueUrl, entries, signal) => {
    for (const chunk of chunks(entries, BATCH)) await sendBatch(queueUrl, chunk, signal)
  }
}
