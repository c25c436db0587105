import { REQUEUE_AFTER_MS } from '#shared/contracts/items/decision.ts'
import { dueKey, expiryOf, userKey } from '#shared/contracts/items/ledger.ts'
import { type MessageId, shardOf, type UserId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { MessageContent } from '#shared/domain/messages/message.ts'
import { kindOf, type Scene } from '#shared/domain/scenes/scene.ts'

const WORTH_MS = 600_000
/** A MESSAGE item of a test send: of no grant, so that it holds nothing and counts nowhere. */
export const testMessageItem = (
  user: UserId,
  messageId: MessageId,
  scene: Pick<Scene, 'id' | 'merchantId' | 'message' | 'offerId'>,
  channel: Channel,
  content: MessageContent,
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
  messageKind: kindOf(scene),
  state: 'queued',
  content,
  createdAtMs: nowMs,
  expiresAtMs: nowMs + WORTH_MS,
  ...dueKey(nowMs + REQUEUE_AFTER_MS, messageId, shardOf(messageId, dueShards)),
  ttl: expiryOf(nowMs),
})
