import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { notErased } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { readDevices } from '#shared/adapters/dynamodb/ledger/read-devices.ts'
import { batchGetAll, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { parseProfile, profileKey, userKey } from '#shared/contracts/items/ledger.ts'
import { testMessageItem } from '#shared/contracts/items/test-message.ts'
import type { MessageId, UserId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { MessageContent } from '#shared/domain/messages/message.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

/** A test costs what a message costs. */
export const MAX_TEST_SENDS_PER_DAY = 20
const COUNT_TTL_S = 2 * 86_400

const countKey = (user: UserId, nowMs: number) => ({
  pk: userKey(user),
  sk: `TESTSENDS#${new Date(nowMs).toISOString().slice(0, 10)}`,
})

export type TestSends = {
  /**
   * In which language somebody reads a channel, and how many tests they have sent themselves on this day (UTC); `noPhone`
   * when the channel reaches nobody.
   */
  readonly findReader: (
    user: UserId,
    channel: Channel,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<{ readonly locale?: string; readonly sentToday: number } | 'noPhone'>
  readonly store: (
    user: UserId,
    messageId: MessageId,
    scene: Pick<Scene, 'id' | 'merchantId' | 'message' | 'offerId'>,
    channel: Channel,
    content: MessageContent,
    nowMs: number,
    signal?: AbortSignal,
    /** `known` where a try of the same request has stored this message. */
  ) => Promise<'stored' | 'known' | 'tooMany' | 'erased'>
}

/** Messages that a merchant's member sends to the own phone. */
export const createTestSends = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
): TestSends => ({
  findReader: async (user, channel, nowMs, signal) => {
    const keys = [profileKey(user), countKey(user, nowMs)]
    const reads = [{ table, keys, consistent: true }]
    const [[item, count] = []] = await batchGetAll(client, reads, { random: Math.random, signal })
    const profile = parseProfile(item)
    const [freshest] = channel === 'push' ? await readDevices(client, table, user, signal) : []
    if (channel === 'push' ? freshest === undefined : !profile.hasPhoneNumber) return 'noPhone'
    const locale = freshest?.locale ?? profile.locale
    const sentToday = Number(count?.['sent'] ?? 0)
    return { sentToday, ...(locale !== undefined && { locale }) }
  },

  store: async (user, messageId, scene, channel, content, nowMs, signal) => {
    const outcome = await transact(
      client,
      [
        notErased(table, user),
        {
          Update: {
            TableName: table,
            Key: countKey(user, nowMs),
            ConditionExpression: 'attribute_not_exists(sent) OR sent < :most',
            UpdateExpression: 'SET kind = :kind, #ttl = :ttl ADD sent :one',
            ExpressionAttributeNames: { '#ttl': 'ttl' },
            ExpressionAttributeValues: {
              ':kind': 'testSends',
              ':ttl': Math.floor(nowMs / 1000) + COUNT_TTL_S,
              ':most': MAX_TEST_SENDS_PER_DAY,
              ':one': 1,
            },
          },
        },
        {
          Put: {
            TableName: table,
            Item: testMessageItem(user, messageId, scene, channel, content, nowMs, dueShards),
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ],
      { random: Math.random, signal },
    )
    if (outcome.kind === 'done') return 'stored'
    const [isErased, , isThere] = outcome.reasons
    if (isErased !== undefined) return 'erased'
    return isThere === undefined ? 'tooMany' : 'known'
  },
})
