import { REQUEUE_AFTER_MS } from '#shared/contracts/items/decision.ts'
import { dueKey, expiryOf, userKey } from '#shared/contracts/items/ledger.ts'
import { type MessageId, shardOf, type UserId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { MessageContent } from '#shared/domain/messages/message.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

const WORTH_MS = 600_000
/** Stands where an offer's code will stand; no till takes it. */
const SAMPLE_CODE = 'TEST0-TEST0'

const contentOf = ({ message, offerId }: Scene, channel: Channel): MessageContent => {
  const { push, sms, translations } = message
  return {
    ...(channel === 'push' && push && { push }),
    ...(channel === 'sms' && sms && { sms: { ...sms, ...(offerId !== undefined && { code: SAMPLE_CODE }) } }),
    ...(translations && { translations }),
  }
}

/** A MESSAGE item of a test send: of no grant, so that it holds nothing and counts nowhere. */
export const testMessageItem = (
  user: UserId,
  messageId: MessageId,
  scene: Scene,
  channel: Channel,
  nowMs: number,
  dueShards: number,
) => ({
  pk: userKey(user),
  sk: `MESSAGE#${messageId}`,
  kind: 'message',
  user,
  messageId,
  merchantId: scene.merchantId,
  sceneId: scene.id,
  channel,
  state: 'queued',
  content: contentOf(scene, channel),
  createdAtMs: nowMs,
  expiresAtMs: nowMs + WORTH_MS,
  ...dueKey(nowMs + REQUEUE_AFTER_MS, messageId, shardOf(messageId, dueShards)),
  ttl: expiryOf(nowMs),
})
