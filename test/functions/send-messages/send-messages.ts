import type { SQSRecord } from 'aws-lambda'
import { createPhoneGateway, type PhoneGateway } from '#local/peers/phone-gateway.ts'
import {
  type Grant,
  grantIdOf,
  grantItem,
  messageIdOf,
  messageItem,
} from '#shared/contracts/items/decision.ts'
import type { MessageId, UserId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import type { Channel } from '#shared/domain/scenes/facts.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { setEnvironment } from '#test/functions/decide-offers/environment.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { createMemoryStore } from '#test/local/peers/memory-store.ts'
import { servePeer } from '#test/local/peers/peer-server.ts'
import { anEnter, anOffer, aProfileItem, aScene, CAFE, named, T0 } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { lambdaContext } from '#test/support/http-event.ts'

export const FCM = 'arn:aws:sns:us-east-1:000000000000:app/GCM/beckon'

export type Granted = {
  readonly user: UserId
  readonly messageId: MessageId
  readonly offer: Offer
  readonly scene: Scene
  readonly phoneNumber: string
}

const both = {
  push: { title: 'Hello', body: 'Come in', deepLink: 'beckon://offer' },
  sms: { body: 'Come in' },
  ttlS: 600,
}

const queueRecord = ({ user, messageId }: Granted, index: number): SQSRecord => ({
  messageId: `record-${index}`,
  receiptHandle: 'receipt',
  body: JSON.stringify({ user, messageId }),
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '0',
    SenderId: 'sender',
    ApproximateFirstReceiveTimestamp: '0',
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:push',
  awsRegion: 'us-east-1',
})

/** send-messages over tables of its own and a phone gateway, on a clock that stands at T0. */
export const startSendMessages = async () => {
  const tables = await createTables()
  const clock = setClock(T0)
  const gateway: PhoneGateway = createPhoneGateway({ store: createMemoryStore(), nowMs: () => clock.nowMs })
  const server = await servePeer((request) => gateway.handle(request))
  setEnvironment({
    LEDGER_TABLE: tables.ledger,
    DUE_SHARDS: '2',
    FCM_APPLICATION_ARN: FCM,
    SMS_SENDER_ID: 'Beckon',
    SMS_MAX_PRICE_USD: '0.10',
    AWS_ENDPOINT_URL_SNS: server.url,
  })
  const { handler } = await import('#functions/send-messages/handler.ts')
  const stored = storedIn(tables)
  let customers = 0

  return {
    stored,
    clock,
    gateway,
    endpointUrl: server.url,
    close: async () => {
      gateway.close()
      await server.close()
    },

    /** A new customer with a granted message of an offer of which 1 of 5 is reserved, as decide-offers stores it. */
    grant: async (
      channel: Channel,
      profile: Parameters<typeof aProfileItem>[1] = {},
      rest: Partial<Scene> = {},
    ): Promise<Granted> => {
      customers += 1
      const user = named('usr', `customer ${customers}`)
      const phoneNumber = `+1415555${1000 + customers}`
      const offer = anOffer(`offer ${customers}`)
      const scene = aScene(`scene ${customers}`, { offerId: offer.id, message: both, ...rest })
      const candidate = { scene, trigger: anEnter({ user }) }
      const grantId = grantIdOf(candidate)
      const messageId = messageIdOf(grantId)
      const grant: Grant = {
        candidate,
        channel,
        grantId,
        messageId,
        offer,
        code: 'AAAAA-BBBBB',
        stockShard: 0,
        content: { push: both.push, sms: { body: 'Come in Code AAAAA-BBBBB' } },
        deliverUntilMs: T0 + scene.message.ttlS * 1000,
        score: 500,
        send: { kind: 'offer' },
        tallies: [],
      }
      await stored.putLedger(
        aProfileItem(user, {
          phoneNumber,
          recentSends: [{ atMs: T0, merchantId: CAFE, sceneId: scene.id, messageId }],
          ...profile,
        }),
        grantItem(grant, T0, 2),
        messageItem(grant, T0, 2),
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
      return { user, messageId, offer, scene, phoneNumber }
    },

    /** Delivers messages of a queue; the ids of the records that failed. */
    deliver: async (...granted: Granted[]): Promise<string[]> => {
      const { batchItemFailures } = await handler({ Records: granted.map(queueRecord) }, lambdaContext())
      return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
    },

    messageOf: ({ user, messageId }: Granted) => stored.ledgerItem(`U#${user}`, `MESSAGE#${messageId}`),
    grantOf: async ({ user }: Granted) =>
      (await stored.ledgerItems('grant')).find((item) => item['user'] === user),
    /** What reached this customer's phones. */
    receivedBy: ({ user, phoneNumber }: Granted) =>
      gateway
        .received()
        .filter((one) =>
          one.channel === 'push' ? one.token.includes(user) : one.phoneNumber === phoneNumber,
        ),
  }
}
