import { type DynamoDBDocumentClient, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb'
import { wasWritten } from '#shared/adapters/dynamodb/condition-failure.ts'
import { tokenKey } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { finishMessage } from '#shared/adapters/dynamodb/ledger/finish-message.ts'
import { readDevices } from '#shared/adapters/dynamodb/ledger/read-devices.ts'
import { addToTally } from '#shared/adapters/dynamodb/ledger/stock-writes.ts'
import { batchGetAll, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { REQUEUE_AFTER_MS } from '#shared/contracts/items/decision.ts'
import {
  type Device,
  dueKey,
  messageKey,
  type ProfileFacts,
  parseMessage,
  parseProfile,
  profileKey,
  type StoredMessage,
  userKey,
} from '#shared/contracts/items/ledger.ts'
import { isOfBudget, withCents } from '#shared/contracts/items/stock.ts'
import { type MessageId, shardOf, type UserId } from '#shared/domain/ids.ts'
import { UNREADABLE } from '#shared/domain/messages/message.ts'
import { messageCents } from '#shared/domain/messages/price.ts'

/** How a message ended, with what is known of it. */
export type Ending =
  | { readonly state: 'sent'; readonly snsMessageId: string }
  | { readonly state: 'failed' | 'unknown'; readonly reason: string }
  | { readonly state: 'expired' }

export type MessageStore = {
  readonly read: (
    user: UserId,
    messageId: MessageId,
    signal?: AbortSignal,
  ) => Promise<{ message: StoredMessage | 'unreadable' | undefined; profile: ProfileFacts }>
  readonly devices: (user: UserId, signal?: AbortSignal) => Promise<Device[]>
  /** Takes the message for `untilMs`, if it is still as it was read; `deviceId` is the phone that it is to go to. */
  readonly lease: (message: StoredMessage, untilMs: number, signal?: AbortSignal) => Promise<boolean>
  /** Notes that a leased push goes to another phone; false when the lease was lost. */
  readonly aim: (message: StoredMessage, deviceId: string, signal?: AbortSignal) => Promise<boolean>
  /**
   * Gives a leased push, surely not sent, to those who send SMS, and counts its price on the merchant's budget; false when
   * the lease was lost.
   */
  readonly handToSms: (message: StoredMessage, nowMs: number, signal?: AbortSignal) => Promise<boolean>
  /** Gives a leased message, surely not sent, back until `untilMs`; false when the lease was lost. */
  readonly release: (message: StoredMessage, untilMs: number, signal?: AbortSignal) => Promise<boolean>
  /** Ends a message that nobody can read and nobody holds, until a program that can looks at it again. */
  readonly setAside: (
    user: UserId,
    messageId: MessageId,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<void>
  /** Records the end, once; a message that did not go out gives back what it held: the stock and the place under the caps. */
  readonly finish: (
    message: StoredMessage,
    ending: Ending,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<void>
  /** `orphan`: the phone is gone meanwhile, and nobody else has its token; nothing will ever point to the endpoint. */
  readonly rememberEndpoint: (
    user: UserId,
    device: Device,
    endpointArn: string,
    signal?: AbortSignal,
  ) => Promise<'kept' | 'orphan'>
  /** The phone is out of reach until the app registers again. */
  readonly dropDevice: (user: UserId, device: Device, reason: string, signal?: AbortSignal) => Promise<void>
}

const SAME_TOKEN = '#token = :token'
/** An app that registers at the same time knows better than an answer to what was sent before. */
const AS_REGISTERED = `${SAME_TOKEN} AND updatedAt = :registered`

/** Messages and the phones they go to, in the Ledger. */
export const createMessageStore = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
): MessageStore => {
  const options = (signal?: AbortSignal) => (signal ? { abortSignal: signal } : {})

  const readBoth = async (user: UserId, messageId: MessageId, signal?: AbortSignal) => {
    const keys = [messageKey(user, messageId), profileKey(user)]
    const [[message, profile] = []] = await batchGetAll(client, [{ table, keys, consistent: true }], {
      random: Math.random,
      signal,
    })
    return { message: message && parseMessage(message), profile: parseProfile(profile) }
  }

  const readProfile = async (message: StoredMessage, signal?: AbortSignal): Promise<ProfileFacts> =>
    (await readBoth(message.user, message.messageId, signal)).profile

  const setOnDevice = async (
    user: UserId,
    device: Device,
    attributes: Readonly<Record<string, string | boolean>>,
    condition: string,
    signal?: AbortSignal,
  ): Promise<boolean> => {
    const names = Object.keys(attributes)
    return await wasWritten(
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: { pk: userKey(user), sk: `DEVICE#${device.deviceId}` },
          // The phone may have registered another token meanwhile, or moved to another customer.
          ConditionExpression: condition,
          UpdateExpression: `SET ${names.map((name) => `${name} = :${name}`).join(', ')}`,
          ExpressionAttributeNames: { '#token': 'token' },
          ExpressionAttributeValues: {
            ':token': device.token,
            ...(condition.includes(':registered') && { ':registered': device.updatedAt }),
            ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`:${name}`, value])),
          },
        }),
        options(signal),
      ),
    )
  }

  const updateMessage = async (
    message: Pick<StoredMessage, 'user' | 'messageId'>,
    update: Omit<UpdateCommandInput, 'TableName' | 'Key'>,
    signal?: AbortSignal,
  ) => {
    const Key = messageKey(message.user, message.messageId)
    return await wasWritten(
      client.send(new UpdateCommand({ TableName: table, Key, ...update }), options(signal)),
    )
  }

  const dueOf = ({ messageId }: StoredMessage, atMs: number) =>
    dueKey(atMs, messageId, shardOf(messageId, dueShards))

  /** What puts a leased message back, and under the eye of the minute schedule a minute after `untilMs`. */
  const givenBack = (
    message: StoredMessage,
    untilMs: number,
    more: { readonly set: string; readonly values: Readonly<Record<string, unknown>> },
  ) => {
    const { duePk, dueSk } = dueOf(message, untilMs + REQUEUE_AFTER_MS)
    return {
      ConditionExpression: '#state = :sending AND leaseUntilMs = :lease',
      UpdateExpression: `SET #state = :queued, duePk = :pk, dueSk = :sk${more.set}`,
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: {
        ':sending': 'sending',
        ':lease': message.leaseUntilMs,
        ':queued': 'queued',
        ':pk': duePk,
        ':sk': dueSk,
        ...more.values,
      },
    }
  }

  /**
   * Puts a leased push back as an SMS, and what that costs on the merchant's budget of the day, where it keeps one: also
   * beyond its limit, since the customer was promised the message. What is then noted on the message is what it gives back.
   */
  const handToSms = async (message: StoredMessage, nowMs: number, signal?: AbortSignal): Promise<boolean> => {
    const cents = messageCents('sms', message.smsCents)
    const budget = message.tallies.find(isOfBudget)
    const tallies = message.tallies.map((tally) => (tally === budget ? withCents(tally, cents) : tally))
    const asSms = givenBack(message, nowMs, {
      set: ', channel = :sms, attempts = :none, tallies = :tallies',
      values: { ':sms': 'sms', ':none': 0, ':tallies': tallies },
    })
    const Key = messageKey(message.user, message.messageId)
    const spent = budget && { ...budget, add: { cents }, max: {} }
    const items = [
      { Update: { TableName: table, Key, ...asSms } },
      ...(spent ? [addToTally(table, spent, nowMs)] : []),
    ]
    return (await transact(client, items, { random: Math.random, signal })).kind === 'done'
  }

  return {
    read: readBoth,

    devices: (user, signal) => readDevices(client, table, user, signal),

    lease: (message, untilMs, signal) => {
      const { duePk, dueSk } = dueOf(message, untilMs)
      return updateMessage(
        message,
        {
          // As it was read, or somebody else was here.
          ConditionExpression:
            '#state = :was AND channel = :channel AND (attribute_not_exists(leaseUntilMs) OR leaseUntilMs = :lease)',
          UpdateExpression: `SET #state = :sending, leaseUntilMs = :until, mayHaveLeft = :left, duePk = :pk, dueSk = :sk${
            message.deviceId === undefined ? '' : ', deviceId = :device'
          } ADD attempts :one`,
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: {
            ':was': message.state,
            ':channel': message.channel,
            ':lease': message.leaseUntilMs,
            ':sending': 'sending',
            ':until': untilMs,
            ':left': message.mayHaveLeft || message.state === 'sending',
            ':pk': duePk,
            ':sk': dueSk,
            ':one': 1,
            ...(message.deviceId !== undefined && { ':device': message.deviceId }),
          },
        },
        signal,
      )
    },

    aim: (message, deviceId, signal) =>
      updateMessage(
        message,
        {
          ConditionExpression: '#state = :sending AND leaseUntilMs = :lease',
          UpdateExpression: 'SET deviceId = :device',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: {
            ':sending': 'sending',
            ':lease': message.leaseUntilMs,
            ':device': deviceId,
          },
        },
        signal,
      ),

    handToSms,

    release: (message, untilMs, signal) =>
      updateMessage(message, givenBack(message, untilMs, { set: '', values: {} }), signal),

    setAside: async (user, messageId, nowMs, signal) => {
      const endIf = (condition: string, set = '') =>
        updateMessage(
          { user, messageId },
          {
            ConditionExpression: condition,
            UpdateExpression: `SET #state = :failed, reason = :reason, endedAtMs = :now${set} REMOVE duePk, dueSk`,
            ExpressionAttributeNames: { '#state': 'state' },
            ExpressionAttributeValues: {
              ...(set === '' ? { ':queued': 'queued' } : { ':sending': 'sending', ':left': true }),
              ':failed': 'failed',
              ':reason': UNREADABLE,
              ':now': nowMs,
            },
          },
          signal,
        )
      if (await endIf('#state = :queued')) return
      // A program that could read it may be sending it; what that one has left half way may have gone out.
      await endIf('#state = :sending AND leaseUntilMs <= :now', ', mayHaveLeft = :left')
    },

    finish: (message, ending, nowMs, signal) =>
      finishMessage({ client, table, readProfile }, message, ending, nowMs, signal),

    rememberEndpoint: async (user, device, endpointArn, signal) => {
      if (await setOnDevice(user, device, { endpointArn }, SAME_TOKEN, signal)) return 'kept'
      const keys = [tokenKey(device.platform, device.token)]
      const [[owner] = []] = await batchGetAll(client, [{ table, keys, consistent: true }], {
        random: Math.random,
        signal,
      })
      // With an owner, a phone has registered the same token: the endpoint is that one's.
      return owner === undefined ? 'orphan' : 'kept'
    },

    dropDevice: async (user, device, disabledReason, signal) => {
      await setOnDevice(user, device, { enabled: false, disabledReason }, AS_REGISTERED, signal)
    },
  }
}
