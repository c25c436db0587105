import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createSuppressions, phoneHashOf } from '#shared/adapters/dynamodb/customers/suppressions.ts'
import { STOP_CODE, stopCodeOf } from '#shared/domain/messages/stop-code.ts'
import {
  APNS,
  APNS_SANDBOX,
  FCM,
  type Granted,
  type Platform,
  startSendMessages,
  tokenOf,
} from '#test/functions/send-messages/send-messages.ts'
import { CAFE, SECOND, T0 } from '#test/support/builders.ts'
import { sqsRecord } from '#test/support/sqs-record.ts'

// Every request that leaves for SNS, as the SDK writes it, against what the documentation asks:
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html, …/dg/sns-ttl.html, …/dg/mobile-push-send-custommessage.html,
// …/dg/sns-fcm-v1-payloads.html, …/dg/sms_publish-to-phone.html. The function runs whole, from its handler.
const world = await startSendMessages({
  APNS_APPLICATION_ARN: APNS,
  APNS_SANDBOX_APPLICATION_ARN: APNS_SANDBOX,
  SMS_ORIGINATION_NUMBER: '+18335550100',
})
const customers = { client: world.tables.client, ledger: world.tables.ledger }
const { clock, requests, handler, lanes, stored, grant, giveDevice, messageOf } = world

beforeEach(() => {
  clock.nowMs = T0 + SECOND
  requests.length = 0
  lanes.purge()
})
afterAll(world.close)

const message = {
  push: {
    title: 'Hello',
    body: 'Come in',
    deepLink: 'shop://offers/1',
    imageUrl: 'https://cdn.example.com/cup.png',
  },
  sms: { body: 'Come in' },
  ttlS: 600,
}

/** The parameters of the requests; message attributes by their names. */
const forms = () =>
  requests.map((body) => {
    const params = new URLSearchParams(body)
    const attributes: Record<string, string> = {}
    const rest: Record<string, string> = {}
    for (const [name, value] of params) {
      const [, index] = /^MessageAttributes\.entry\.(\d+)\.Name$/.exec(name) ?? []
      const prefix = `MessageAttributes.entry.${index}.Value.`
      if (index !== undefined) {
        attributes[value] = `${params.get(`${prefix}DataType`)} ${params.get(`${prefix}StringValue`)}`
      } else if (!name.startsWith('MessageAttributes.')) rest[name] = value
    }
    return Object.keys(attributes).length > 0 ? { ...rest, attributes } : rest
  })

const deliver = async (granted: Granted, lane: string) => {
  const record = sqsRecord(lane, { user: granted.user, messageId: granted.messageId })
  await handler({ Records: [record] } as never, { getRemainingTimeInMillis: () => 10_000 } as never)
}

const endpointOf = async ({ user }: Granted) =>
  (await stored.ledgerItem(`U#${user}`, 'DEVICE#phone'))?.['endpointArn']

describe('a push leaves as', () => {
  const apnsPayload = (id: string) => ({
    aps: { alert: { title: 'Hello', body: 'Come in' }, sound: 'default', 'mutable-content': 1 },
    messageId: id,
    deepLink: 'shop://offers/1',
    imageUrl: 'https://cdn.example.com/cup.png',
  })
  const fcmPayload = (id: string) => ({
    fcmV1Message: {
      message: {
        notification: { title: 'Hello', body: 'Come in', image: 'https://cdn.example.com/cup.png' },
        data: { messageId: id, deepLink: 'shop://offers/1' },
        android: { priority: 'HIGH', collapse_key: id, ttl: '599s', notification: { tag: id } },
      },
    },
  })
  const apnsAttributes = (id: string) => ({
    'AWS.SNS.MOBILE.APNS.PUSH_TYPE': 'String alert',
    'AWS.SNS.MOBILE.APNS.PRIORITY': 'String 10',
    'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': `String ${id}`,
  })

  it.each([
    [
      'apns',
      'push-apple',
      APNS,
      'APNS',
      apnsPayload,
      (id: string) => ({ 'AWS.SNS.MOBILE.APNS.TTL': 'String 599', ...apnsAttributes(id) }),
    ],
    [
      'apns-sandbox',
      'push-apple',
      APNS_SANDBOX,
      'APNS_SANDBOX',
      apnsPayload,
      (id: string) => ({ 'AWS.SNS.MOBILE.APNS_SANDBOX.TTL': 'String 599', ...apnsAttributes(id) }),
    ],
    ['fcm', 'push', FCM, 'GCM', fcmPayload, () => ({ 'AWS.SNS.MOBILE.FCM.TTL': 'String 599' })],
  ] as const)(
    '%s: endpoint made, read, published to',
    async (platform, lane, application, key, payload, attributes) => {
      const granted = await grant('push', {}, { message })
      await giveDevice(granted, 'phone', { platform })
      await deliver(granted, lane)
      const EndpointArn = await endpointOf(granted)
      const Version = '2010-03-31'
      const [created, read, published, ...others] = forms()
      expect(others).toEqual([])
      expect(created).toEqual({
        Action: 'CreatePlatformEndpoint',
        Version,
        PlatformApplicationArn: application,
        Token: tokenOf(granted.user, 'phone', platform as Platform),
      })
      expect(read).toEqual({ Action: 'GetEndpointAttributes', Version, EndpointArn })
      expect(published).toEqual({
        Action: 'Publish',
        Version,
        TargetArn: EndpointArn,
        MessageStructure: 'json',
        Message: JSON.stringify({ default: 'Come in', [key]: JSON.stringify(payload(granted.messageId)) }),
        attributes: attributes(granted.messageId),
      })
    },
  )

  it('one request when the endpoint is known', async () => {
    const granted = await grant('push', {}, { message })
    await giveDevice(granted, 'phone')
    await deliver(granted, 'push')
    const again = await grant('push', {}, { message })
    await giveDevice(again, 'phone', { endpointArn: String(await endpointOf(granted)) })
    requests.length = 0
    await deliver(again, 'push')
    expect(forms()).toEqual([expect.objectContaining({ Action: 'Publish' })])
  })
})

describe('an SMS leaves as', () => {
  it('a look at the account’s opt-outs, and one publish with type, price, sender and number', async () => {
    const granted = await grant('sms', { consents: { sms: { [CAFE]: { granted: true } } } }, { message })
    await deliver(granted, 'sms')
    expect(forms()).toEqual([
      { Action: 'CheckIfPhoneNumberIsOptedOut', Version: '2010-03-31', phoneNumber: granted.phoneNumber },
      {
        Action: 'Publish',
        Version: '2010-03-31',
        PhoneNumber: granted.phoneNumber,
        Message: 'Come in Code AAAAA-BBBBB Reply STOP to opt out.',
        attributes: {
          'AWS.SNS.SMS.SMSType': 'String Promotional',
          'AWS.SNS.SMS.MaxPrice': 'Number 0.10',
          'AWS.SNS.SMS.SenderID': 'String Beckon',
          'AWS.MM.SMS.OriginationNumber': 'String +18335550100',
        },
      },
    ])
  })

  it('transactional and without an opt-out, when it answers an own act', async () => {
    const consents = { sms: { [CAFE]: { granted: true } } }
    const granted = await grant('sms', { consents }, { message: { ...message, kind: 'service' } })
    world.use((services) => ({ ...services, optOutUrl: 'https://s.example/stop/' }))
    world.enqueue(granted)
    await world.pump()
    expect(forms().at(-1)).toMatchObject({
      Message: 'Come in Code AAAAA-BBBBB',
      attributes: { 'AWS.SNS.SMS.SMSType': 'String Transactional' },
    })
    expect(await messageOf(granted)).toMatchObject({ state: 'sent', messageKind: 'service' })
    expect(await messageOf(granted)).not.toHaveProperty('stopCode')
  })

  it('the opt-out in the customer’s language, with a link where nobody can answer', async () => {
    const consents = { sms: { [CAFE]: { granted: true } } }
    const german = { ...message, sms: { body: 'Komm rein' } }
    const granted = await grant('sms', { consents, preferences: { locale: 'de' } }, { message: german })
    world.use((services) => ({ ...services, optOutUrl: 'https://s.example/stop/' }))
    world.enqueue(granted)
    await world.pump()
    const code = String((await messageOf(granted))?.['stopCode'])
    expect(code).toMatch(STOP_CODE)
    // A merchant sees the names of grants, from which those of messages follow: no code may follow from these.
    expect(code).not.toBe(stopCodeOf(granted.messageId))
    expect(forms().at(-1)).toMatchObject({
      Message: `Komm rein Code AAAAA-BBBBB Abmelden: https://s.example/stop/${code}`,
    })
    expect(await messageOf(granted)).toMatchObject({ state: 'sent' })
    expect(await stored.ledgerItem(`STOP#${code}`, 'SMS')).toMatchObject({ merchantId: CAFE })
  })

  it.each([
    ['it was sent', undefined, CAFE],
    ['nobody can tell', { kind: 'serverError', taken: true }, CAFE],
    ['SNS refused it', { kind: 'refuse', code: 'InvalidParameter' }, undefined],
    ['SNS throttled it', { kind: 'throttle' }, undefined],
  ] as const)('what STOP is meant for, when %s', async (_, fault, writer) => {
    const granted = await grant('sms', { consents: { sms: { [CAFE]: { granted: true } } } }, { message })
    if (fault !== undefined) world.gateway.setFault({ ...fault, when: { action: 'Publish' } })
    await deliver(granted, 'sms')
    const phoneHash = phoneHashOf(granted.phoneNumber)
    expect(await createSuppressions(customers).lastWriter(phoneHash)).toBe(writer)
  })

  it('nothing, when the number has changed hands', async () => {
    const granted = await grant('sms', { consents: { sms: { [CAFE]: { granted: true } } } }, { message })
    await grant('sms', { phoneNumber: granted.phoneNumber })
    await deliver(granted, 'sms')
    expect(requests.filter((body) => body.includes('Action=Publish'))).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'failed', reason: 'noChannel' })
  })
})
