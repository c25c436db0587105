import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { readDevices } from '#shared/adapters/dynamodb/ledger/read-devices.ts'
import { batchGetAll, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { parseProfile, profileKey, userKey } from '#shared/contracts/items/ledger.ts'
import { testMessageItem } from '#shared/contracts/items/test-message.ts'
import type { MessageId, UserId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

/** A test costs what a message costs. */
export const MAX_TEST_SENDS_PER_DAY = 20
const COUNT_TTL_S = 2 * 86_400

export type TestSends = {
  /** Has this person a phone that the channel reaches? */
  readonly isReachable: (user: UserId, channel: Channel, signal?: AbortSignal) => Promise<boolean>
  readonly store: (
    user: UserId,
    messageId: MessageId,
    scene: Scene,
    channel: Channel,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'stored' | 'tooMany' | 'erased'>
}

/** Messages that a merchant's member sends to the own phone. */
export const createTestSends = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
): TestSends => ({
  isReachable: async (user, channel, signal) => {
    if (channel === 'push') return (await readDevices(client, table, user, signal)).length > 0
    const reads = [{ table, keys: [profileKey(user)], consistent: true }]
    const [[profile] = []] = await batchGetAll(client, reads, { random: Math.random, signal })
    return parseProfile(profile).hasPhoneNumber
  },

  store: async (user, messageId, scene, channel, nowMs, signal) => {
    const outcome = await transact(
      client,
      [
        {
          ConditionCheck: {
            TableName: table,
            Key: profileKey(user),
            ConditionExpression: 'attribute_not_exists(tombstone)',
          },
        },
        {
          Update: {
            TableName: table,
            Key: { pk: userKey(user), sk: `TESTSENDS#${new Date(nowMs).toISOString().slice(0, 10)}` },
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
          Put: { TableName: table, Item: testMessageItem(user, messageId, scene, channel, nowMs, dueShards) },
        },
      ],
      { random: Math.random, signal },
    )
    if (outcome.kind === 'done') return 'stored'
    return outcome.reasons[0] === undefined ? 'tooMany' : 'erased'
  },
})
