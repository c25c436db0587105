import {
  CheckIfPhoneNumberIsOptedOutCommand,
  CreatePlatformEndpointCommand,
  DeleteEndpointCommand,
  GetEndpointAttributesCommand,
  GetSMSAttributesCommand,
  ListEndpointsByPlatformApplicationCommand,
  ListPhoneNumbersOptedOutCommand,
  OptInPhoneNumberCommand,
  PublishCommand,
  type PublishCommandInput,
  SetEndpointAttributesCommand,
  SetSMSAttributesCommand,
  SNSClient,
} from '@aws-sdk/client-sns'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PeerStore } from '#local/cloud/peer-store.ts'
import { parsePhoneFault } from '#local/peers/phone-faults.ts'
import { createPhoneGateway, type PhoneGateway } from '#local/peers/phone-gateway.ts'
import { createMemoryStore } from './memory-store.ts'
import { dummyAws, type PeerServer, servePeer } from './peer-server.ts'

const APNS = 'arn:aws:sns:us-east-1:000000000000:app/APNS/beckon'
const SANDBOX = 'arn:aws:sns:us-east-1:000000000000:app/APNS_SANDBOX/beckon'
const FCM = 'arn:aws:sns:us-east-1:000000000000:app/GCM/beckon'
const IPHONE = 'a1b2c3d4'.repeat(8)
const PIXEL = 'fcm:APA91b-pixel_token'
const AT_MS = Date.UTC(2026, 4, 1, 9, 30)

let store: PeerStore
let gateway: PhoneGateway
let server: PeerServer
let sns: SNSClient

beforeEach(async () => {
  store = createMemoryStore()
  gateway = createPhoneGateway({ store, nowMs: () => AT_MS })
  server = await servePeer((request) => gateway.handle(request))
  sns = new SNSClient({ ...dummyAws, endpoint: `${server.url}/sns` })
})
afterEach(async () => {
  gateway.close()
  sns.destroy()
  await server.close()
})

const register = async (application: string, token: string, rest: object = {}): Promise<string> => {
  const { EndpointArn } = await sns.send(
    new CreatePlatformEndpointCommand({ PlatformApplicationArn: application, Token: token, ...rest }),
  )
  return EndpointArn ?? ''
}
const publish = (input: Partial<PublishCommandInput>) =>
  sns.send(new PublishCommand({ Message: 'Hi', ...input }))
const text = (value: string) => ({ DataType: 'String', StringValue: value })
const structured = (platforms: Record<string, unknown>) => ({
  MessageStructure: 'json',
  Message: JSON.stringify({
    default: 'Coffee on us',
    ...Object.fromEntries(Object.entries(platforms).map(([name, value]) => [name, JSON.stringify(value)])),
  }),
})
const coffee = { aps: { alert: { title: 'Café Uno', body: 'Coffee on us' } }, beckon: { messageId: 'msg_1' } }
const coffeeV1 = {
  fcmV1Message: {
    message: {
      notification: { title: 'Café Uno', body: 'Coffee on us' },
      data: { messageId: 'msg_1' },
      android: { ttl: '600s', collapse_key: 'msg_1', notification: { tag: 'msg_1' } },
    },
  },
}

describe('platform endpoints', () => {
  it('answers the same ARN for the same token and attributes', async () => {
    const first = await register(APNS, IPHONE, { CustomUserData: 'usr_1' })
    expect(first).toMatch(/^arn:aws:sns:us-east-1:000000000000:endpoint\/APNS\/beckon\/[0-9a-f-]{36}$/)
    expect(await register(APNS, IPHONE, { CustomUserData: 'usr_1' })).toBe(first)
    expect(await register(SANDBOX, IPHONE)).not.toBe(first)
  })

  it.each([
    ['other user data', { CustomUserData: 'usr_2' }],
    ['no user data', {}],
    ['another Enabled', { CustomUserData: 'usr_1', Attributes: { Enabled: 'false' } }],
  ])('refuses the same token with %s and names the endpoint', async (_, rest) => {
    const arn = await register(APNS, IPHONE, { CustomUserData: 'usr_1' })
    await expect(register(APNS, IPHONE, rest)).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: `Invalid parameter: Token Reason: Endpoint ${arn} already exists with the same Token, but different attributes.`,
      $metadata: { httpStatusCode: 400 },
    })
  })

  it('answers the ARN of a disabled endpoint as if nothing were wrong', async () => {
    const arn = await register(FCM, PIXEL)
    await sns.send(new SetEndpointAttributesCommand({ EndpointArn: arn, Attributes: { Enabled: 'false' } }))
    expect(await register(FCM, PIXEL)).toBe(arn)
    const { Attributes } = await sns.send(new GetEndpointAttributesCommand({ EndpointArn: arn }))
    expect(Attributes).toEqual({ Enabled: 'false', Token: PIXEL })
  })

  it('moves an endpoint to a new token, which frees the old one', async () => {
    const arn = await register(FCM, PIXEL)
    await sns.send(
      new SetEndpointAttributesCommand({
        EndpointArn: arn,
        Attributes: { Token: 'fcm:new', Enabled: 'true' },
      }),
    )
    expect(await register(FCM, 'fcm:new')).toBe(arn)
    expect(await register(FCM, PIXEL)).not.toBe(arn)
  })

  it('does not give a token to two endpoints', async () => {
    const arn = await register(FCM, PIXEL)
    const other = await register(FCM, 'fcm:other')
    await expect(
      sns.send(new SetEndpointAttributesCommand({ EndpointArn: other, Attributes: { Token: PIXEL } })),
    ).rejects.toThrow(`Endpoint ${arn} already exists with the same Token, but different attributes.`)
  })

  it('deletes an endpoint, twice without complaint, and knows it no more', async () => {
    const arn = await register(APNS, IPHONE)
    await sns.send(new DeleteEndpointCommand({ EndpointArn: arn }))
    await sns.send(new DeleteEndpointCommand({ EndpointArn: arn }))
    await expect(sns.send(new GetEndpointAttributesCommand({ EndpointArn: arn }))).rejects.toMatchObject({
      name: 'NotFoundException',
      message: 'Endpoint does not exist',
      $metadata: { httpStatusCode: 404 },
    })
    await expect(publish({ TargetArn: arn })).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified',
    })
  })

  it('lists the endpoints of an application in pages of 100', async () => {
    for (let n = 0; n < 101; n += 1) await register(FCM, `fcm:${n}`)
    await register(APNS, IPHONE)
    const first = await sns.send(
      new ListEndpointsByPlatformApplicationCommand({ PlatformApplicationArn: FCM }),
    )
    const second = await sns.send(
      new ListEndpointsByPlatformApplicationCommand({
        PlatformApplicationArn: FCM,
        NextToken: first.NextToken,
      }),
    )
    expect([first.Endpoints?.length, second.Endpoints?.length, second.NextToken]).toEqual([100, 1, undefined])
    const tokens = [...(first.Endpoints ?? []), ...(second.Endpoints ?? [])].map(
      (one) => one.Attributes?.['Token'],
    )
    expect(new Set(tokens).size).toBe(101)
  })

  it.each([
    ['a token that is not hexadecimal', APNS, 'not-hex', /no more than 400 hexadecimal characters/],
    ['an empty token', FCM, '', /Token Reason: cannot be empty/],
    [
      'no ARN',
      'beckon',
      IPHONE,
      /PlatformApplicationArn Reason: An ARN must have at least 6 elements, not 1/,
    ],
    ['another platform', 'arn:aws:sns:us-east-1:000000000000:app/ADM/x', 't', /ADM is not supported/],
  ])('refuses %s', async (_, application, token, message) => {
    await expect(register(application, token)).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringMatching(message),
    })
  })

  it('knows only the applications it is told of', async () => {
    gateway = createPhoneGateway({ store, nowMs: () => AT_MS, applications: [FCM] })
    await expect(register(APNS, IPHONE)).rejects.toMatchObject({ name: 'NotFoundException' })
    await expect(register(FCM, PIXEL)).resolves.toContain(':endpoint/GCM/beckon/')
  })
})

describe('push', () => {
  it.each([
    ['APNS', APNS],
    ['APNS_SANDBOX', SANDBOX],
  ])('delivers an %s payload with its headers', async (platform, application) => {
    const arn = await register(application, IPHONE)
    const { MessageId } = await publish({
      TargetArn: arn,
      ...structured({ [platform]: coffee }),
      MessageAttributes: {
        [`AWS.SNS.MOBILE.${platform}.TTL`]: text('600'),
        'AWS.SNS.MOBILE.APNS.PUSH_TYPE': text('alert'),
        'AWS.SNS.MOBILE.APNS.PRIORITY': text('10'),
        'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': text('msg_1'),
      },
    })
    expect(gateway.received()).toEqual([
      {
        channel: 'push',
        seq: 1,
        messageId: MessageId,
        atMs: AT_MS,
        platform,
        endpointArn: arn,
        token: IPHONE,
        payload: coffee,
        title: 'Café Uno',
        text: 'Coffee on us',
        collapseKey: 'msg_1',
        ttlS: 600,
        attributes: expect.objectContaining({ 'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': 'msg_1' }),
      },
    ])
  })

  it('delivers an FCM v1 message', async () => {
    const arn = await register(FCM, PIXEL)
    await publish({ TargetArn: arn, ...structured({ GCM: coffeeV1 }) })
    expect(gateway.received()).toMatchObject([
      {
        token: PIXEL,
        title: 'Café Uno',
        text: 'Coffee on us',
        collapseKey: 'msg_1',
        payload: coffeeV1.fcmV1Message.message,
      },
    ])
  })

  it.each(['FCM', 'GCM'])('reads the TTL of FCM under the name %s', async (name) => {
    const arn = await register(FCM, PIXEL)
    await publish({
      TargetArn: arn,
      ...structured({ GCM: coffeeV1 }),
      MessageAttributes: { [`AWS.SNS.MOBILE.${name}.TTL`]: text('600') },
    })
    expect(gateway.received()).toMatchObject([{ ttlS: 600 }])
  })

  it('delivers the default where the platform has no payload, and a plain text', async () => {
    const arn = await register(FCM, PIXEL)
    await publish({ TargetArn: arn, ...structured({ APNS: coffee }) })
    await publish({ TargetArn: arn, Message: 'Plain & <simple>' })
    expect(gateway.received().map(({ text: shown }) => shown)).toEqual(['Coffee on us', 'Plain & <simple>'])
  })

  it('shows a repeat with the same collapse key in place of the first', async () => {
    const arn = await register(FCM, PIXEL)
    const shown = (tag: string, body: string) =>
      structured({ GCM: { fcmV1Message: { message: { android: { notification: { tag, body } } } } } })
    await publish({ TargetArn: arn, ...shown('a', 'first') })
    await publish({ TargetArn: arn, ...shown('b', 'other') })
    await publish({ TargetArn: arn, ...shown('a', 'again') })
    expect(gateway.received()).toHaveLength(3)
    expect(gateway.screen(PIXEL).map((message) => message.text)).toEqual(['other', 'again'])
  })

  it('refuses a disabled endpoint', async () => {
    const arn = await register(APNS, IPHONE, { Attributes: { Enabled: 'false' } })
    await expect(publish({ TargetArn: arn })).rejects.toMatchObject({
      name: 'EndpointDisabledException',
      message: 'Endpoint is disabled',
    })
    expect(gateway.received()).toEqual([])
  })

  it.each<[string, Partial<PublishCommandInput>, RegExp]>([
    [
      'a structure without default',
      { MessageStructure: 'json', Message: '{"APNS":"{}"}' },
      /No default entry in JSON message body/,
    ],
    [
      'a structure that is no JSON',
      { MessageStructure: 'json', Message: 'Hi' },
      /JSON message body failed to parse/,
    ],
    ['another structure', { MessageStructure: 'xml' }, /MessageStructure/],
    ['an empty message', { Message: '' }, /Empty message/],
    ['a message of 256 kB', { Message: 'x'.repeat(262_145) }, /Message too long/],
    [
      'a payload without aps',
      structured({ APNS: { alert: 'Hi' } }),
      /Invalid notification for protocol APNS: .*aps/,
    ],
    [
      'a payload of 4 kB',
      structured({ APNS: { aps: { alert: 'x'.repeat(4096) } } }),
      /protocol APNS: Notification is too long/,
    ],
    [
      'a payload that is no JSON',
      { MessageStructure: 'json', Message: '{"default":"Hi","APNS":"Hi"}' },
      /not a JSON object/,
    ],
    [
      'a TTL that is no number',
      { MessageAttributes: { 'AWS.SNS.MOBILE.APNS.TTL': text('soon') } },
      /APNS.TTL/,
    ],
    [
      'a TTL of more than 28 days',
      { MessageAttributes: { 'AWS.SNS.MOBILE.APNS.TTL': text('2419201') } },
      /APNS.TTL/,
    ],
    [
      'a long collapse id',
      { MessageAttributes: { 'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': text('x'.repeat(65)) } },
      /COLLAPSE_ID/,
    ],
    [
      'a push type of its own',
      { MessageAttributes: { 'AWS.SNS.MOBILE.APNS.PUSH_TYPE': text('loud') } },
      /PUSH_TYPE/,
    ],
    ['two targets', { PhoneNumber: '+14155550100' }, /only one of/],
    ['a subject with a line break', { Subject: 'a\nb' }, /Subject/],
  ])('refuses %s', async (_, input, message) => {
    const arn = await register(APNS, IPHONE)
    await expect(publish({ TargetArn: arn, ...input })).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringMatching(message),
    })
    expect(gateway.received()).toEqual([])
  })

  it.each<[string, object, RegExp]>([
    ['no message', { message: undefined }, /fcmV1Message has no message/],
    ['a token, which SNS sets', { message: { token: 'x' } }, /message.token is set by Amazon SNS/],
    ['data that is not text', { message: { data: { n: 1 } } }, /message.data.n is not a string/],
  ])('refuses an FCM v1 message with %s', async (_, fcmV1Message, message) => {
    const arn = await register(FCM, PIXEL)
    await expect(publish({ TargetArn: arn, ...structured({ GCM: { fcmV1Message } }) })).rejects.toThrow(
      message,
    )
  })

  it.each<[string, Record<string, { DataType: string; StringValue: string }>, RegExp]>([
    [
      'an empty value',
      { a: { DataType: 'String', StringValue: '' } },
      /must contain non-empty message attribute value/,
    ],
    ['an unknown type', { a: { DataType: 'Date', StringValue: 'x' } }, /invalid message attribute type/],
    [
      'a number that is none',
      { a: { DataType: 'Number', StringValue: 'x' } },
      /Could not cast message attribute 'a'/,
    ],
    ['a name with a space', { 'a b': text('x') }, /Invalid non-alphanumeric character '#x20'/],
    ['a name that ends in a dot', { 'a.': text('x') }, /ending with character '.'/],
  ])('refuses an attribute with %s', async (_, MessageAttributes, message) => {
    const arn = await register(APNS, IPHONE)
    await expect(publish({ TargetArn: arn, MessageAttributes })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringMatching(message),
    })
  })

  it('refuses topics clearly', async () => {
    await expect(publish({ TopicArn: 'arn:aws:sns:us-east-1:000000000000:alarms' })).rejects.toThrow(
      'Invalid parameter: TopicArn Reason: the phone gateway has no topics: arn:aws:sns:us-east-1:000000000000:alarms',
    )
    await expect(publish({})).rejects.toThrow('TopicArn or TargetArn Reason: no value for required parameter')
  })
})

describe('SMS', () => {
  const sms = (input: Partial<PublishCommandInput> = {}) => publish({ PhoneNumber: '+14155550100', ...input })

  it('delivers a text with its attributes, encoding and parts', async () => {
    const { MessageId } = await sms({
      Message: 'Café Uno: coffee on us ☕',
      MessageAttributes: {
        'AWS.SNS.SMS.SenderID': text('CafeUno'),
        'AWS.SNS.SMS.SMSType': text('Transactional'),
        'AWS.SNS.SMS.MaxPrice': { DataType: 'Number', StringValue: '0.05' },
      },
    })
    expect(gateway.received()).toEqual([
      {
        channel: 'sms',
        seq: 1,
        messageId: MessageId,
        atMs: AT_MS,
        phoneNumber: '+14155550100',
        text: 'Café Uno: coffee on us ☕',
        encoding: 'UCS-2',
        parts: 1,
        senderId: 'CafeUno',
        smsType: 'Transactional',
        attributes: {
          'AWS.SNS.SMS.SenderID': 'CafeUno',
          'AWS.SNS.SMS.SMSType': 'Transactional',
          'AWS.SNS.SMS.MaxPrice': '0.05',
        },
      },
    ])
  })

  it.each([
    ['x'.repeat(160), 'GSM-7', 1],
    ['x'.repeat(161), 'GSM-7', 2],
    ['x'.repeat(306), 'GSM-7', 2],
    ['€'.repeat(81), 'GSM-7', 2],
    ['ж'.repeat(70), 'UCS-2', 1],
    ['ж'.repeat(71), 'UCS-2', 2],
  ])('counts the parts of %s', async (message, encoding, parts) => {
    await sms({ Message: message })
    expect(gateway.received()).toMatchObject([{ encoding, parts }])
  })

  it('takes the sms part of a structured message', async () => {
    await sms({ MessageStructure: 'json', Message: JSON.stringify({ default: 'long', sms: 'short' }) })
    expect(gateway.received()).toMatchObject([{ text: 'short' }])
  })

  it.each<[string, Partial<PublishCommandInput>, RegExp]>([
    [
      'a national number',
      { PhoneNumber: '4155550100' },
      /PhoneNumber Reason: 4155550100 is not valid to publish to/,
    ],
    ['a number of 16 digits', { PhoneNumber: '+1234567890123456' }, /is not valid to publish to/],
    ['1,601 bytes', { Message: 'x'.repeat(1_601) }, /1600 bytes/],
    [
      'a sender of 12 characters',
      { MessageAttributes: { 'AWS.SNS.SMS.SenderID': text('TwelveLetter') } },
      /SenderID/,
    ],
    ['a sender of digits', { MessageAttributes: { 'AWS.SNS.SMS.SenderID': text('12345') } }, /SenderID/],
    ['a type of its own', { MessageAttributes: { 'AWS.SNS.SMS.SMSType': text('Urgent') } }, /SMSType/],
    ['a price of nothing', { MessageAttributes: { 'AWS.SNS.SMS.MaxPrice': text('0') } }, /MaxPrice/],
  ])('refuses %s', async (_, input, message) => {
    await expect(sms(input)).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringMatching(message),
    })
  })

  it('takes an SMS to a number that is opted out, and delivers none until it is opted in', async () => {
    gateway.optOut('+14155550100')
    expect(await sms()).toHaveProperty('MessageId')
    expect(gateway.received()).toEqual([])
    expect(gateway.undelivered()).toMatchObject([
      { reason: 'phoneNumberOptedOut', message: { phoneNumber: '+14155550100' } },
    ])
    const check = () => sns.send(new CheckIfPhoneNumberIsOptedOutCommand({ phoneNumber: '+14155550100' }))
    expect(await check()).toMatchObject({ isOptedOut: true })
    expect(await sns.send(new ListPhoneNumbersOptedOutCommand({}))).toMatchObject({
      phoneNumbers: ['+14155550100'],
    })
    await sns.send(new OptInPhoneNumberCommand({ phoneNumber: '+14155550100' }))
    expect(await check()).toMatchObject({ isOptedOut: false })
    await sms()
    expect(gateway.received()).toHaveLength(1)
  })

  it('keeps the account’s SMS attributes and uses them', async () => {
    await sns.send(
      new SetSMSAttributesCommand({
        attributes: { DefaultSenderID: 'Beckon', DefaultSMSType: 'Transactional' },
      }),
    )
    expect(await sns.send(new GetSMSAttributesCommand({ attributes: ['DefaultSenderID'] }))).toMatchObject({
      attributes: { DefaultSenderID: 'Beckon' },
    })
    await sms()
    expect(gateway.received()).toMatchObject([{ senderId: 'Beckon', smsType: 'Transactional' }])
    await expect(
      sns.send(new SetSMSAttributesCommand({ attributes: { Colour: 'red' } })),
    ).rejects.toMatchObject({
      name: 'InvalidParameterException',
    })
  })
})

describe('the record of what phones received', () => {
  it('outlives the gateway, with its numbering', async () => {
    await publish({ PhoneNumber: '+14155550100', Message: 'one' })
    gateway.optOut('+14155550199')
    await publish({ PhoneNumber: '+14155550199', Message: 'nobody' })
    gateway = createPhoneGateway({ store, nowMs: () => AT_MS + 1_000 })
    await publish({ PhoneNumber: '+14155550100', Message: 'two' })
    expect(gateway.received()).toMatchObject([
      { seq: 1, text: 'one', atMs: AT_MS },
      { seq: 3, text: 'two', atMs: AT_MS + 1_000 },
    ])
    expect(gateway.undelivered()).toMatchObject([{ message: { seq: 2 } }])
  })

  it('tells listeners until they stop', async () => {
    const heard: string[] = []
    const stop = gateway.onReceived((message) => heard.push(message.text ?? ''))
    await publish({ PhoneNumber: '+14155550100', Message: 'one' })
    stop()
    await publish({ PhoneNumber: '+14155550100', Message: 'two' })
    expect(heard).toEqual(['one'])
  })

  it('forgets the oldest beyond its limit', async () => {
    gateway = createPhoneGateway({ store, nowMs: () => AT_MS, maxMessages: 2 })
    for (const message of ['one', 'two', 'three'])
      await publish({ PhoneNumber: '+14155550100', Message: message })
    const again = createPhoneGateway({ store, nowMs: () => AT_MS })
    for (const one of [gateway, again]) expect(one.received().map((m) => m.text)).toEqual(['two', 'three'])
  })
})

describe('the protocol', () => {
  const post = (body: string) => fetch(`${server.url}/sns`, { method: 'POST', body })

  it('answers XML in the namespace of SNS with a request id', async () => {
    const response = await post('Action=Publish&PhoneNumber=%2B14155550100&Message=Hi%21')
    const xml = await response.text()
    expect(response.headers.get('content-type')).toBe('text/xml')
    expect(xml).toMatch(
      /^<PublishResponse xmlns="http:\/\/sns\.amazonaws\.com\/doc\/2010-03-31\/"><PublishResult><MessageId>[0-9a-f-]{36}<\/MessageId><\/PublishResult><ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata><\/PublishResponse>$/,
    )
    expect(xml).toContain(`<RequestId>${response.headers.get('x-amzn-requestid')}</RequestId>`)
  })

  it('keeps every character that XML can hold', async () => {
    const arn = await register(FCM, 'a&b<c>"d\'é\r\n☕', { CustomUserData: ']]>&amp;' })
    const { Attributes } = await sns.send(new GetEndpointAttributesCommand({ EndpointArn: arn }))
    expect(Attributes).toEqual({ Enabled: 'true', Token: 'a&b<c>"d\'é\r\n☕', CustomUserData: ']]>&amp;' })
  })

  it.each([
    ['Version=2010-03-31', 400, 'MissingAction'],
    ['Action=CreateTopic&Name=x', 400, 'InvalidAction'],
    ['Action=toString', 400, 'InvalidAction'],
    ['Action=Publish&PhoneNumber=%2B14155550100', 400, 'ValidationError'],
    ['Action=GetEndpointAttributes', 400, 'ValidationError'],
    [`Action=Publish${'&a=b'.repeat(1_000)}`, 400, 'MalformedQueryString'],
  ])('refuses %s', async (body, status, code) => {
    const response = await post(body)
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(`<Type>Sender</Type><Code>${code}</Code>`)
  })
})

describe('faults', () => {
  const sms = () => publish({ PhoneNumber: '+14155550100' })

  it('throttles as often as told, then not', async () => {
    gateway.setFault({ kind: 'throttle', times: 2, when: { channel: 'sms' } })
    gateway.setFault({ kind: 'throttle', code: 'Throttled' })
    const arn = await register(APNS, IPHONE)
    await expect(sms()).rejects.toMatchObject({ name: 'Throttling', $metadata: { httpStatusCode: 400 } })
    await expect(sms()).rejects.toMatchObject({ name: 'Throttling' })
    await expect(publish({ TargetArn: arn })).rejects.toMatchObject({
      name: 'ThrottledException',
      $metadata: { httpStatusCode: 429 },
    })
    expect(gateway.pendingFaults()).toBe(0)
    await sms()
    expect(gateway.received()).toHaveLength(1)
  })

  it('is retried by an SDK that may try twice', async () => {
    const patient = new SNSClient({ ...dummyAws, endpoint: server.url, maxAttempts: 2 })
    gateway.setFault({ kind: 'serverError' })
    await patient.send(new PublishCommand({ PhoneNumber: '+14155550100', Message: 'Hi' }))
    expect(gateway.received()).toHaveLength(1)
    patient.destroy()
  })

  it.each([false, true])('fails with 5xx, message taken: %s', async (taken) => {
    gateway.setFault({ kind: 'serverError', taken })
    gateway.setFault({ kind: 'serverError', status: 503, taken })
    await expect(sms()).rejects.toMatchObject({
      name: 'InternalErrorException',
      $metadata: { httpStatusCode: 500 },
    })
    await expect(sms()).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } })
    expect(gateway.received()).toHaveLength(taken ? 2 : 0)
  })

  it.each([false, true])('breaks the connection, message taken: %s', async (taken) => {
    gateway.setFault({ kind: 'reset', taken })
    await expect(sms()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(gateway.received()).toHaveLength(taken ? 1 : 0)
  })

  it('hangs until the caller gives up', async () => {
    const hasty = new SNSClient({
      ...dummyAws,
      endpoint: server.url,
      requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
    })
    gateway.setFault({ kind: 'hang', forMs: 60_000, taken: true })
    await expect(
      hasty.send(new PublishCommand({ PhoneNumber: '+14155550100', Message: 'Hi' })),
    ).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(gateway.received()).toHaveLength(1)
    hasty.destroy()
  })

  it('hangs no longer than told, and not beyond close', async () => {
    gateway.setFault({ kind: 'hang', forMs: 1 })
    await expect(sms()).rejects.toMatchObject({ code: 'ECONNRESET' })
    gateway.setFault({ kind: 'hang', forMs: 60_000 })
    const answer = gateway.handle({
      method: 'POST',
      headers: {},
      body: 'Action=Publish&PhoneNumber=%2B14155550100&Message=Hi',
    })
    gateway.close()
    expect(await answer).toMatchObject({ broken: true })
    expect(() => gateway.setFault({ kind: 'hang', forMs: 60_001 })).toThrow(/forMs/)
  })

  it.each([false, true])('answers nonsense, message taken: %s', async (taken) => {
    gateway.setFault({ kind: 'malformed', taken })
    await expect(sms()).rejects.toThrow()
    expect(gateway.received()).toHaveLength(taken ? 1 : 0)
  })

  it('disables an endpoint before it takes the message', async () => {
    const arn = await register(APNS, IPHONE)
    gateway.setFault({ kind: 'disableEndpoint', when: { token: IPHONE } })
    await expect(publish({ TargetArn: arn })).rejects.toMatchObject({ name: 'EndpointDisabledException' })
    expect(await sns.send(new GetEndpointAttributesCommand({ EndpointArn: arn }))).toMatchObject({
      Attributes: { Enabled: 'false' },
    })
  })

  it('disables an endpoint after it took the message, which is lost', async () => {
    const arn = await register(APNS, IPHONE)
    gateway.setFault({ kind: 'disableEndpoint', taken: true, when: { platform: 'APNS' } })
    await publish({ TargetArn: arn })
    expect(gateway.received()).toEqual([])
    expect(gateway.undelivered()).toMatchObject([{ reason: 'endpointDisabled' }])
    await expect(publish({ TargetArn: arn })).rejects.toMatchObject({ name: 'EndpointDisabledException' })
  })

  it('loses a message, opts a number out', async () => {
    gateway.setFault({ kind: 'lose' })
    gateway.setFault({ kind: 'optOut', when: { phoneNumber: '+14155550100' } })
    await sms()
    await sms()
    await sms()
    expect(gateway.undelivered().map(({ reason }) => reason)).toEqual([
      'lost',
      'phoneNumberOptedOut',
      'phoneNumberOptedOut',
    ])
  })

  it('are checked when they come from outside', () => {
    const fault = { kind: 'throttle', when: { channel: 'sms' }, times: 3 }
    expect(parsePhoneFault(fault)).toEqual(fault)
    expect(() => parsePhoneFault({ kind: 'burn' })).toThrow()
    expect(() => parsePhoneFault({ kind: 'lose', wenn: {} })).toThrow(/wenn/)
    expect(() => gateway.setFault({ kind: 'lose', times: 0 })).toThrow(/times/)
  })

  it('meets other actions and can be cleared', async () => {
    gateway.setFault({
      kind: 'serverError',
      taken: true,
      when: { action: 'CreatePlatformEndpoint', platform: 'GCM' },
    })
    await register(APNS, IPHONE)
    await expect(register(FCM, PIXEL)).rejects.toMatchObject({ name: 'InternalErrorException' })
    const list = await sns.send(
      new ListEndpointsByPlatformApplicationCommand({ PlatformApplicationArn: FCM }),
    )
    expect(list.Endpoints).toHaveLength(1)
    gateway.setFault({ kind: 'throttle', times: 1_000 })
    gateway.clearFaults()
    await sms()
  })
})
