import type { SQSRecord } from 'aws-lambda'
import * as z from 'zod'
import type { Lane, SendServices } from '#functions/send-messages/attempt.ts'
import { PoisonError } from '#functions/send-messages/poison-error.ts'
import { sendMessage } from '#functions/send-messages/send-message.ts'
import { id } from '#shared/contracts/items/ids.ts'

export type ReceiveServices = SendServices & {
  /** Which queue a record came from, by its ARN. */
  readonly laneOf: (queueArn: string) => Lane
  /** Puts a record aside, with the reason. */
  readonly putAside: (lane: Lane, body: string, reason: string, signal?: AbortSignal) => Promise<void>
  readonly maxReceives: number
}

/** Told of each record that failed, and whether that was its last time. */
export type OnFailure = (error: unknown, record: SQSRecord, isLast: boolean) => void

const outboxEntry = z.object({ user: id('usr'), messageId: id('msg') })
const MAX_REASON = 200

const entryOf = (body: string) => {
  try {
    return outboxEntry.parse(JSON.parse(body))
  } catch (cause) {
    throw new PoisonError('the record names no message', { cause })
  }
}

// Other errors' texts may quote what was sent.
const reasonOf = (error: unknown): string =>
  (error instanceof PoisonError ? error.message : error instanceof Error ? error.name : typeof error).slice(
    0,
    MAX_REASON,
  )

/**
 * Works off one record of a queue. What can never be done, or was tried for the last time, goes to the dead letters with
 * its reason instead of coming back.
 *
 * @throws what went wrong, when the record is to be delivered again
 */
export const receiveRecord = async (
  services: ReceiveServices,
  record: SQSRecord,
  nowMs: number,
  onFailure: OnFailure,
  signal?: AbortSignal,
): Promise<void> => {
  const lane = services.laneOf(record.eventSourceARN)
  try {
    await sendMessage(services, entryOf(record.body), lane, nowMs, signal)
  } catch (error) {
    const receives = Number(record.attributes.ApproximateReceiveCount)
    if (!(error instanceof PoisonError) && receives < services.maxReceives) throw error
    await services.putAside(lane, record.body, reasonOf(error), signal)
    onFailure(error, record, true)
  }
}
