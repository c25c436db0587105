import { createHash } from 'node:crypto'
import { DeleteCommand } from '@aws-sdk/lib-dynamodb'
import type { SQSRecord } from 'aws-lambda'
import { sweepDue } from '#functions/remind-revisits/sweep-due.ts'
import { sendMessagesEnv } from '#functions/send-messages/env.ts'
import { type ReceiveServices, receiveRecord } from '#functions/send-messages/receive-record.ts'
import { buildServices } from '#functions/send-messages/services.ts'
import { createPhoneGateway, type PhoneGateway } from '#local/peers/phone-gateway.ts'
import { targetOf } from '#local/peers/phone-message.ts'
import { createPublisher } from '#shared/adapters/sns/publisher.ts'
import {
  correlationOf,
  decisionRefOf,
  exposureOf,
  type Grant,
  grantIdOf,
  grantItem,
  messageIdOf,
  messageItem,
} from '#shared/contracts/items/decision.ts'
import { exposureItem } from '#shared/contracts/items/exposure.ts'
import type { MessageId, UserId } from '#shared/domain/ids.ts'
import type { Channel } from '#shared/domain/messages/channel.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { kindOf, type Scene } from '#shared/domain/scenes/scene.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { eachAlone } from '#shared/runtime/records.ts'
import { setEnvironment } from '#test/functions/decide-offers/environment.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { type LaneName, openLanes } from '#test/functions/send-messages/lanes.ts'
import { createMemoryStore } from '#test/local/peers/memory-store.ts'
import { servePeer } from '#test/local/peers/peer-server.ts'
import {
  aDeviceItem,
  anEnter,
  anOffer,
  aProfileItem,
  aScene,
  CAFE,
  MINUTE,
  named,
  SAN_FRANCISCO,
  T0,
} from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { dueStoreOf } from '#test/support/due-store.ts'
import { createTables } from '#test/support/engine.ts'
import { lambdaContext } from '#test/support/http-event.ts'
import { sqsRecord } from '#test/support/sqs-record.ts'

export const FCM = 'arn:aws:sns:us-east-1:000000000000:app/GCM/beckon'
export const APNS = 'arn:aws:sns:us-east-1:000000000000:app/APNS/beckon'
export const APNS_SANDBOX = 'arn:aws:sns:us-east-1:000000000000:app/APNS_SANDBOX/beckon'

export type Granted = {
  readonly user: UserId
  readonly messageId: MessageId
  readonly offer: Offer
  readonly scene: Scene
  readonly channel: Channel
  readonly phoneNumber: string
}

export type Platform = 'fcm' | 'apns' | 'apns-sandbox'

const both = {
  push: { title: 'Hello', body: 'Come in', deepLink: 'beckon://offer' },
  sms: { body: 'Come in' },
  ttlS: 600,
}

/** A token as the platform gives them out. */
export const tokenOf = (user: UserId, deviceId: string, platform: Platform = 'fcm'): string =>
  platform === 'fcm'
    ? `fcm:${user}-${deviceId}`
    : createHash('sha256').update(`${user}-${deviceId}`).digest('hex')

const queueRecord = ({ user, messageId }: Granted, lane: LaneName, index: number): SQSRecord =>
  sqsRecord(lane, { user, messageId }, `record-${index}`)

const DUE_SHARDS = 2
/** What SNS is given to answer, in place of 8 s. */
const TIMEOUT_MS = 120
/** So long a message may stay unfinished; everything below ends long before. */
const MAX_STEPS = 500

/** send-messages over tables of its own, its queues and a phone gateway, on a clock that stands at T0. */
export const startSendMessages = async (rest: Readonly<Record<string, string>> = {}) => {
  const tables = await createTables()
  const clock = setClock(T0)
  const gateway: PhoneGateway = createPhoneGateway({ store: createMemoryStore(), nowMs: () => clock.nowMs })
  const requests: string[] = []
  const server = await servePeer((request) => {
    requests.push(request.body)
    return gateway.handle(request)
  })
  const lanes = openLanes(() => clock.nowMs)
  const queues = await servePeer((request) => lanes.handle(request))
  const url = (name: string) => `${queues.url}/000000000000/${name}`
  setEnvironment({
    CATALOG_TABLE: tables.catalog,
    LEDGER_TABLE: tables.ledger,
    DUE_SHARDS: String(DUE_SHARDS),
    PUSH_QUEUE_URL: url('push'),
    PUSH_DEAD_LETTERS_URL: url('push-dead'),
    PUSH_APPLE_QUEUE_URL: url('push-apple'),
    PUSH_APPLE_DEAD_LETTERS_URL: url('push-apple-dead'),
    SMS_QUEUE_URL: url('sms'),
    SMS_DEAD_LETTERS_URL: url('sms-dead'),
    MAX_RECEIVES: '5',
    FCM_APPLICATION_ARN: FCM,
    SMS_SENDER_ID: 'Beckon',
    SMS_MAX_PRICE_USD: '0.10',
    AWS_ENDPOINT_URL_SNS: server.url,
    AWS_ENDPOINT_URL_SQS: queues.url,
    ...rest,
  })
  const { handler } = await import('#functions/send-messages/handler.ts')
  const faults: string[] = []
  const built = buildServices(parseEnv(sendMessagesEnv, process.env), (_, reason) => faults.push(reason))
  const options = {
    applications: { fcm: FCM, apns: APNS, 'apns-sandbox': APNS_SANDBOX },
    smsSenderId: 'Beckon',
    smsMaxPriceUsd: '0.10',
    timeoutMs: TIMEOUT_MS,
  }
  let services: ReceiveServices = { ...built, publisher: createPublisher(options) }
  const stored = storedIn(tables)
  const owners = new Map<string, UserId>()
  let customers = 0
  const sweeper = {
    due: dueStoreOf(tables, DUE_SHARDS),
    queueMessage: async (channel: Channel, user: UserId, messageId: MessageId) => {
      lanes.send(channel, JSON.stringify({ user, messageId }))
    },
    dueShards: DUE_SHARDS,
    maxReminders: 100,
    queueReplan: async () => {},
    memory: {},
  }
  const receive = (record: SQSRecord) => receiveRecord(services, record, clock.nowMs, () => {})
  const pump = () =>
    lanes.run(({ Records }) =>
      eachAlone(
        Records as SQSRecord[],
        ({ messageId }) => messageId,
        receive,
        () => {},
      ),
    )
  const messageOf = ({ user, messageId }: Pick<Granted, 'user' | 'messageId'>) =>
    stored.ledgerItem(`U#${user}`, `MESSAGE#${messageId}`)

  return {
    tables,
    /** Puts other services in the place of those that `pump` and `runOut` use. */
    use: (change: (services: ReceiveServices) => ReceiveServices) => {
      services = change(services)
    },
    services: () => services,
    /** What somebody had to be told. */
    faults,
    stored,
    clock,
    gateway,
    lanes,
    /** The bodies of all requests that left for SNS. */
    requests,
    handler,
    endpointUrl: server.url,
    close: async () => {
      gateway.close()
      await server.close()
      await queues.close()
      lanes.close()
    },

    /** A new customer with a granted message of an offer of which 1 of 5 is reserved, as decide-offers stores it. */
    grant: async (
      channel: Channel,
      profile: Parameters<typeof aProfileItem>[1] = {},
      rest: Partial<Scene> = {},
    ): Promise<Granted> => {
      customers += 1
      const user = named('usr', `customer ${customers}`)
      const phoneNumber = profile.phoneNumber ?? `+1415555${1000 + customers}`
      const offer = anOffer(`offer ${customers}`)
      const scene = aScene(`scene ${customers}`, { offerId: offer.id, message: both, ...rest })
      const candidate = { scene, trigger: anEnter({ user }) }
      const grantId = grantIdOf(candidate)
      const messageId = messageIdOf(grantId)
      const ref = decisionRefOf(user, [candidate.trigger], 0)
      const grant: Grant = {
        candidate,
        correlationId: correlationOf(ref, candidate.trigger),
        channel,
        grantId,
        messageId,
        offer,
        code: 'AAAAA-BBBBB',
        stockShard: 0,
        content: {
          ...(scene.message.push && { push: scene.message.push }),
          ...(scene.message.sms && { sms: { ...scene.message.sms, code: 'AAAAA-BBBBB' } }),
        },
        deliverUntilMs: T0 + scene.message.ttlS * 1000,
        lawPlace: { timeZone: SAN_FRANCISCO },
        score: 500,
        send: { kind: kindOf(scene) },
        tallies: [],
      }
      const phone = createHash('sha256').update(phoneNumber).digest('hex')
      await stored.putLedger(
        aProfileItem(user, {
          phoneNumber,
          recentSends: [{ atMs: T0, merchantId: CAFE, sceneId: scene.id, messageId }],
          ...profile,
        }),
        { pk: `PHONE#${phone}`, sk: 'OWNER', kind: 'phoneOwner', user },
        grantItem(grant, T0, DUE_SHARDS),
        messageItem(grant, T0, DUE_SHARDS),
        exposureItem(exposureOf(candidate, ref, messageId, T0)),
        {
          pk: `OFFER#${offer.id}#0`,
          sk: 'STOCK',
          kind: 'stock',
          offerId: offer.id,
          merchantId: CAFE,
          free: 4,
          reserved: 1,
          confirmed: 0,
        },
      )
      return { user, messageId, offer, scene, channel, phoneNumber }
    },

    giveDevice: async (
      { user }: Granted,
      deviceId = 'pixel',
      rest: Parameters<typeof aDeviceItem>[2] = {},
    ): Promise<void> => {
      const item = aDeviceItem(user, deviceId, { token: tokenOf(user, deviceId, rest.platform), ...rest })
      owners.set(item.token, user)
      await stored.putLedger(item)
    },

    /** The phone is somebody else's now. */
    dropDevice: ({ user }: Granted, deviceId: string): Promise<unknown> =>
      tables.client.send(
        new DeleteCommand({
          TableName: tables.ledger,
          Key: { pk: `U#${user}`, sk: `DEVICE#${deviceId}` },
        }),
      ),

    /** Delivers messages of a queue by hand, and then what that has put on queues; the ids of the records that failed. */
    deliver: async (...granted: Granted[]): Promise<string[]> => {
      const records = granted.map((one, index) => queueRecord(one, one.channel, index))
      const { batchItemFailures } = await handler({ Records: records }, lambdaContext())
      await pump()
      return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
    },

    /** Puts a message on its queue, as decide-offers does. */
    enqueue: ({ user, messageId, channel }: Granted): void => {
      lanes.send(channel, JSON.stringify({ user, messageId }))
    },
    pump,
    /** Lets the time pass, a minute's sweep after the other, until the message has ended and nothing waits for it. */
    runOut: async (granted: Granted): Promise<void> => {
      for (let step = 0; step < MAX_STEPS; step += 1) {
        await pump()
        const message = await messageOf(granted)
        const isOver = !['queued', 'sending'].includes(String(message?.['state']))
        const nextAtMs = lanes.nextAtMs()
        if (isOver && nextAtMs === undefined) return
        const minuteMs = Math.floor(clock.nowMs / MINUTE + 1) * MINUTE
        clock.nowMs = Math.min(nextAtMs ?? minuteMs, minuteMs)
        if (clock.nowMs === minuteMs) await sweepDue(sweeper, clock.nowMs)
      }
      throw new Error(`the message has not ended: ${JSON.stringify(await messageOf(granted))}`)
    },

    messageOf,
    grantOf: async ({ user }: Granted) =>
      (await stored.ledgerItems('grant')).find((item) => item['user'] === user),
    /** What reached this customer's phones. */
    receivedBy: ({ user, phoneNumber }: Granted) =>
      gateway
        .received()
        .filter((one) =>
          one.channel === 'push' ? owners.get(one.token) === user : one.phoneNumber === phoneNumber,
        ),
    /** What stands on this customer's screens: an SMS each, a push each that was not replaced. */
    screensOf: ({ user, phoneNumber }: Granted) =>
      [...owners]
        .flatMap(([token, owner]) => (owner === user ? gateway.screen(token) : []))
        .concat(gateway.screen(phoneNumber).filter((one) => targetOf(one) === phoneNumber)),
  }
}
