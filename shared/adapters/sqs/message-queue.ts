import type { SendToQueue } from '#shared/adapters/sqs/queue-sender.ts'
import type { MessageId, UserId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'

/** Puts a message's id on the queue of its channel. */
export type QueueMessage = (
  channel: Channel,
  user: UserId,
  messageId: MessageId,
  signal?: AbortSignal,
) => Promise<void>

/** @example createMessageQueue(createQueueSender(), { push: env.PUSH_QUEUE_URL, sms: env.SMS_QUEUE_URL }) */
export const createMessageQueue =
  (send: SendToQueue, queueUrls: Readonly<Record<Channel, string>>): QueueMessage =>
  (channel, user, messageId, signal) =>
    send(queueUrls[channel], [{ body: { user, messageId } }], signal)
