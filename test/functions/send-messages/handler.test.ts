import {
  CreatePlatformEndpointCommand,
  DeleteEndpointCommand,
  SetEndpointAttributesCommand,
  SNSClient,
} from '@aws-sdk/client-sns'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LEASE_MS } from '#functions/send-messages/send-message.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createReadStanding } from '#shared/adapters/dynamodb/ledger/merchant-standing.ts'
import { testMessageItem } from '#shared/contracts/items/test-message.ts'
import { NO_RELATIONSHIP } from '#shared/domain/customers/relationship.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import { MAX_REFUSALS } from '#shared/domain/messages/backoff.ts'
import { FCM, type Granted, startSendMessages } from '#test/functions/send-messages/send-messages.ts'
import { dummyAws } from '#test/local/peers/peer-server.ts'
import { aProfileItem, aTombstone, CAFE, DAY, MINUTE, named, SECOND, T0 } from '#test/support/builders.ts'

const {
  tables,
  stored,
  clock,
  gateway,
  lanes,
  endpointUrl,
  close,
  grant,
  giveDevice,
  deliver,
  pump,
  messageOf,
  grantOf,
  receivedBy,
} = await startSendMessages()
const sns = new SNSClient({ ...dummyAws, endpoint: endpointUrl })

beforeEach(() => {
  clock.nowMs = T0 + SECOND
})
afterEach(() => {
  gateway.clearFaults()
  lanes.purge()
})
afterAll(async () => {
  sns.destroy()
  await close()
})

const MESSAGE = { push: { title: 'Hello', body: 'Come in' }, ttlS: 600 }
const PUSH = { push: { granted: true } }
const SMS = { sms: { [CAFE]: { granted: true } } }
const BOTH = { ...PUSH, ...SMS }

const deviceOf = ({ user }: Granted, deviceId = 'pixel') =>
  stored.ledgerItem(`U#${user}`, `DEVICE#${deviceId}`)
const createEndpoint = async (Token: string): Promise<string> => {
  const created = await sns.send(new CreatePlatformEndpointCommand({ PlatformApplicationArn: FCM, Token }))
  return created.EndpointArn ?? ''
}
const disableEndpoint = (EndpointArn: string) =>
  sns.send(new SetEndpointAttributesCommand({ EndpointArn, Attributes: { Enabled: 'false' } }))

const reserved = { free: 4, reserved: 1, confirmed: 0 }
const givenBack = { free: 5, reserved: 0, confirmed: 0 }
const sendsOf = async ({ user }: Granted) =>
  (await stored.ledgerItem(`U#${user}`, 'PROFILE'))?.['recentSends']

describe('a push', () => {
  it('reaches the phone with its expiry and is recorded as sent; the endpoint is remembered', async () => {
    const granted = await grant('push')
    await giveDevice(granted)
    expect(await deliver(granted)).toEqual([])
    const [push] = receivedBy(granted)
    expect(push).toMatchObject({
      channel: 'push',
      title: 'Hello',
      text: 'Come in',
      ttlS: 599,
      collapseKey: granted.messageId,
    })
    const message = await messageOf(granted)
    expect(message).toMatchObject({ state: 'sent', snsMessageId: push?.messageId, endedAtMs: T0 + SECOND })
    expect(message).not.toHaveProperty('duePk')
    expect(await deviceOf(granted)).toMatchObject({ endpointArn: expect.stringContaining(':endpoint/GCM/') })
    expect(await stored.countsOf(granted.scene.id)).toEqual({ sent: 1 })
    expect(await stored.stockOf(granted.offer.id)).toEqual(reserved)
  })

  it('is published once, though it is delivered again and again, also at the same time', async () => {
    const granted = await grant('push')
    await giveDevice(granted)
    await Promise.all([deliver(granted), deliver(granted), deliver(granted)])
    expect(await deliver(granted, granted)).toEqual([])
    expect(receivedBy(granted)).toHaveLength(1)
    expect(await stored.countsOf(granted.scene.id)).toEqual({ sent: 1 })
  })

  it('to a dead phone goes to the customer’s next one; the dead one is dropped', async () => {
    const granted = await grant('push')
    const dead = `fcm:${granted.user}-dead`
    const endpointArn = await createEndpoint(dead)
    await giveDevice(granted, 'dead', {
      token: dead,
      endpointArn,
      updatedAt: new Date(T0 + 1).toISOString(),
    })
    await giveDevice(granted, 'pixel')
    await disableEndpoint(endpointArn)
    await deliver(granted)
    expect(receivedBy(granted)).toMatchObject([{ token: `fcm:${granted.user}-pixel` }])
    expect(await deviceOf(granted, 'dead')).toMatchObject({ enabled: false })
    expect(await messageOf(granted)).toMatchObject({ state: 'sent' })
  })

  it('falls back to SMS with that merchant’s consent', async () => {
    const granted = await grant('push', { consents: BOTH })
    await giveDevice(granted)
    gateway.setFault({ kind: 'disableEndpoint' })
    await deliver(granted)
    expect(receivedBy(granted)).toMatchObject([
      {
        channel: 'sms',
        text: 'Come in Code AAAAA-BBBBB Reply STOP to opt out.',
        senderId: 'Beckon',
        smsType: 'Promotional',
      },
    ])
    expect(await messageOf(granted)).toMatchObject({ state: 'sent', channel: 'sms' })
    expect(await deviceOf(granted)).toMatchObject({ enabled: false })
  })

  it.each([
    ['no consent to SMS', PUSH],
    ['consent to another merchant’s SMS only', { ...PUSH, sms: { another: { granted: true } } }],
    ['consent to SMS taken back', { ...PUSH, sms: { [CAFE]: { granted: false } } }],
  ])('does not fall back with %s; what it held is given back', async (_, consents) => {
    const granted = await grant('push', { consents })
    await giveDevice(granted)
    gateway.setFault({ kind: 'disableEndpoint' })
    expect(await deliver(granted)).toEqual([])
    expect(receivedBy(granted)).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'failed', reason: 'noChannel' })
    expect(await stored.stockOf(granted.offer.id)).toEqual(givenBack)
    expect(await grantOf(granted)).toMatchObject({ state: 'released' })
    expect(await sendsOf(granted)).toEqual([])
  })

  it('reaches a phone that registered again after its endpoint was disabled', async () => {
    const granted = await grant('push')
    const token = `fcm:${granted.user}-pixel`
    const endpointArn = await createEndpoint(token)
    await giveDevice(granted, 'pixel', { endpointArn })
    await disableEndpoint(endpointArn)
    await deliver(granted)
    expect(await deviceOf(granted)).toMatchObject({ enabled: false })

    // The app registers the same token: customer-api keeps the endpoint that the device has.
    const device = await deviceOf(granted)
    await stored.putLedger({ ...device, enabled: true })
    const next = { ...(await grant('push')), user: granted.user }
    const item = await messageOf(await grant('push'))
    await stored.putLedger({
      ...item,
      pk: `U#${granted.user}`,
      sk: `MESSAGE#${next.messageId}`,
      user: granted.user,
      messageId: next.messageId,
    })
    await deliver(next)
    expect(receivedBy(granted)).toMatchObject([{ token, collapseKey: next.messageId }])
  })

  it('makes the endpoint anew when it is gone', async () => {
    const granted = await grant('push')
    const endpointArn = await createEndpoint(`fcm:${granted.user}-pixel`)
    await giveDevice(granted, 'pixel', { endpointArn })
    await sns.send(new DeleteEndpointCommand({ EndpointArn: endpointArn }))
    await deliver(granted)
    expect(receivedBy(granted)).toHaveLength(1)
    const device = await deviceOf(granted)
    expect(device).toMatchObject({ enabled: true, endpointArn: expect.stringContaining(':endpoint/') })
    expect(device?.['endpointArn']).not.toBe(endpointArn)
  })

  it('leaves a phone registered whose platform has no application here', async () => {
    const granted = await grant('push', { consents: BOTH })
    await giveDevice(granted, 'iphone', { platform: 'apns', token: 'ab'.repeat(32) })
    await deliver(granted)
    expect(await messageOf(granted)).toMatchObject({ state: 'sent', channel: 'sms' })
    expect(await deviceOf(granted, 'iphone')).toMatchObject({ enabled: true })
  })

  it('whose fate is unclear is repeated when its lease is over, and replaces itself', async () => {
    const granted = await grant('push')
    await giveDevice(granted)
    gateway.setFault({ kind: 'serverError', taken: true })
    expect(await deliver(granted)).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'sending', leaseUntilMs: T0 + SECOND + LEASE_MS })
    expect(await deliver(granted)).toEqual([])
    clock.nowMs = T0 + SECOND + LEASE_MS
    await deliver(granted)
    expect(await messageOf(granted)).toMatchObject({ state: 'sent' })
    expect(receivedBy(granted)).toHaveLength(2)
    expect(gateway.screen(`fcm:${granted.user}-pixel`)).toHaveLength(1)
  })

  it('ends unknown when its fate stays unclear, and keeps what it held', async () => {
    const granted = await grant('push', {}, { message: { push: { title: 'Hi', body: 'Hi' }, ttlS: 3600 } })
    await giveDevice(granted)
    gateway.setFault({ kind: 'serverError', taken: true, times: 8 })
    for (let attempt = 0; attempt < 8; attempt++) {
      await deliver(granted)
      clock.advance(LEASE_MS)
    }
    expect(await messageOf(granted)).toMatchObject({ state: 'unknown', attempts: 8 })
    expect(await stored.stockOf(granted.offer.id)).toEqual(reserved)
  })

  it('that was left while it was sent, and is over meanwhile, ends unknown', async () => {
    const granted = await grant('push')
    await stored.putLedger({ ...(await messageOf(granted)), state: 'sending', leaseUntilMs: T0 })
    clock.nowMs = T0 + 601 * SECOND
    await deliver(granted)
    expect(await messageOf(granted)).toMatchObject({ state: 'unknown', reason: 'abandoned' })
    expect(await stored.stockOf(granted.offer.id)).toEqual(reserved)
  })
})

describe('an SMS', () => {
  it('reaches the phone and is recorded as sent', async () => {
    const granted = await grant('sms', { consents: SMS })
    expect(await deliver(granted)).toEqual([])
    expect(receivedBy(granted)).toMatchObject([
      { channel: 'sms', text: 'Come in Code AAAAA-BBBBB Reply STOP to opt out.', parts: 1 },
    ])
    expect(await messageOf(granted)).toMatchObject({ state: 'sent' })
    expect(await stored.countsOf(granted.scene.id)).toEqual({ sent: 1, messageCents: 1 })
  })

  it.each([
    ['time-out', { kind: 'hang', forMs: 20, taken: true }],
    ['lost connection', { kind: 'reset', taken: true }],
    ['server error', { kind: 'serverError' }],
    ['answer that nobody understands', { kind: 'malformed', taken: true }],
  ] as const)('is unknown after a %s and is never sent again', async (_, fault) => {
    const granted = await grant('sms', { consents: SMS })
    gateway.setFault(fault)
    expect(await deliver(granted)).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'unknown' })
    const received = receivedBy(granted).length
    clock.advance(10 * MINUTE)
    expect(await deliver(granted)).toEqual([])
    expect(receivedBy(granted)).toHaveLength(received)
    expect(await stored.stockOf(granted.offer.id)).toEqual(reserved)
  })

  it('that was being sent when its function ended is unknown, once the lease is over', async () => {
    const granted = await grant('sms', { consents: SMS })
    const sending = { ...(await messageOf(granted)), state: 'sending', leaseUntilMs: T0 + MINUTE }
    await stored.putLedger(sending)
    await deliver(granted)
    expect(await messageOf(granted)).toEqual(sending)
    clock.nowMs = T0 + MINUTE
    await deliver(granted)
    expect(await messageOf(granted)).toMatchObject({ state: 'unknown', reason: 'abandoned' })
    expect(receivedBy(granted)).toEqual([])
  })

  it('to a number that SNS refuses fails and gives back what it held', async () => {
    const granted = await grant('sms', { consents: SMS, phoneNumber: 'not a number' })
    expect(await deliver(granted)).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'failed' })
    expect(await stored.stockOf(granted.offer.id)).toEqual(givenBack)
  })
})

describe('a message that SNS throttles', () => {
  it.each(['push', 'sms'] as const)('is queued again: %s', async (channel) => {
    const granted = await grant(channel, { consents: BOTH })
    await giveDevice(granted)
    gateway.setFault({ kind: 'throttle', when: { channel } })
    expect(await deliver(granted)).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'queued', attempts: 1 })
    expect(receivedBy(granted)).toEqual([])
    expect(lanes.waiting(channel)).toEqual({ visible: 0, inFlight: 0, delayed: 1 })
    clock.advance(2 * SECOND)
    await pump()
    expect(await messageOf(granted)).toMatchObject({ state: 'sent', attempts: 2 })
    expect(receivedBy(granted)).toHaveLength(1)
  })

  it('does not hold up the others of its batch', async () => {
    const [slow, fast] = [await grant('push'), await grant('push')]
    await giveDevice(slow)
    await giveDevice(fast)
    gateway.setFault({ kind: 'throttle', when: { token: `fcm:${slow.user}-pixel` } })
    expect(await deliver(fast, slow)).toEqual([])
    expect(await messageOf(slow)).toMatchObject({ state: 'queued' })
    expect(await messageOf(fast)).toMatchObject({ state: 'sent' })
  })

  it('too often fails and gives back what it held', async () => {
    const granted = await grant('push')
    await giveDevice(granted)
    gateway.setFault({ kind: 'throttle', times: MAX_REFUSALS })
    for (let attempt = 0; attempt < MAX_REFUSALS; attempt++) await deliver(granted)
    expect(await messageOf(granted)).toMatchObject({ state: 'failed', reason: 'throttled' })
    expect(await stored.stockOf(granted.offer.id)).toEqual(givenBack)
  })
})

describe('a message that is not to be sent any more', () => {
  it('expires and gives back its stock and its place under the caps', async () => {
    const granted = await grant('push')
    await giveDevice(granted)
    clock.nowMs = T0 + 600 * SECOND
    expect(await deliver(granted)).toEqual([])
    expect(receivedBy(granted)).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'expired' })
    expect(await grantOf(granted)).toMatchObject({ state: 'released' })
    expect(await stored.stockOf(granted.offer.id)).toEqual(givenBack)
    expect(await sendsOf(granted)).toEqual([])
    expect(await stored.countsOf(granted.scene.id)).toEqual({ expired: 1 })
    await deliver(granted)
    expect(await stored.stockOf(granted.offer.id)).toEqual(givenBack)
  })

  it('gives nothing back when its offer was redeemed before', async () => {
    const granted = await grant('push')
    await stored.putLedger({ ...(await grantOf(granted)), state: 'redeemed' })
    clock.nowMs = T0 + 600 * SECOND
    await deliver(granted)
    expect(await messageOf(granted)).toMatchObject({ state: 'expired' })
    expect(await grantOf(granted)).toMatchObject({ state: 'redeemed' })
    expect(await stored.stockOf(granted.offer.id)).toEqual(reserved)
  })

  it('ends although its stock is gone with a deleted offer', async () => {
    const granted = await grant('push')
    await stored.putLedger({ pk: `OFFER#${granted.offer.id}#0`, sk: 'STOCK', kind: 'stock' })
    clock.nowMs = T0 + 600 * SECOND
    expect(await deliver(granted)).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'expired' })
    expect(await grantOf(granted)).toMatchObject({ state: 'released' })
  })

  it.each([
    ['push', { push: { granted: false } }],
    ['sms', { sms: { [CAFE]: { granted: false } } }],
    ['sms', {}],
  ] as const)('is not published after the consent to %s was withdrawn', async (channel, consents) => {
    const granted = await grant(channel, { consents: BOTH })
    await giveDevice(granted)
    await stored.putLedger(
      aProfileItem(granted.user, { version: 2, consents, phoneNumber: granted.phoneNumber }),
    )
    expect(await deliver(granted)).toEqual([])
    expect(receivedBy(granted)).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'failed', reason: 'consent' })
  })

  const relationship = (rest: object) => ({
    sk: `M#${CAFE}`,
    kind: 'relationship',
    version: 1,
    known: { ...NO_RELATIONSHIP, ...rest, visits: { recentAtMs: [] } },
  })
  it.each([
    ['muted the merchant', 'muted', 'offer', { preferences: { mutedMerchants: [CAFE] } }],
    [
      'muted everybody',
      'muted',
      'service',
      { preferences: { mutedUntil: new Date(T0 + DAY).toISOString() } },
    ],
    ['was blocked', 'blocked', 'service', relationship({ block: { reason: 'no-shows', sinceMs: 0 } })],
    ['complained', 'complaintOpen', 'offer', relationship({ openComplaints: 1 })],
  ] as const)(
    'is not published after the customer %s; what it held is given back',
    async (_, reason, kind, change) => {
      const granted = await grant('push', {}, { message: { ...MESSAGE, kind } })
      await giveDevice(granted)
      if ('sk' in change) await stored.putLedger({ pk: `U#${granted.user}`, ...change })
      else {
        const { version, recentSends } = (await stored.ledgerItem(`U#${granted.user}`, 'PROFILE')) ?? {}
        await stored.change(`U#${granted.user}`, 'PROFILE', { ...change, version, recentSends })
      }
      expect(await deliver(granted)).toEqual([])
      expect(receivedBy(granted)).toEqual([])
      expect(await messageOf(granted)).toMatchObject({ state: 'failed', reason })
      expect(await stored.stockOf(granted.offer.id)).toEqual(givenBack)
      expect(await grantOf(granted)).toMatchObject({ state: 'released' })
      expect(await sendsOf(granted)).toEqual([])
    },
  )

  it('over a complaint is published all the same when it answers an own act', async () => {
    const granted = await grant('push', {}, { message: { ...MESSAGE, kind: 'service' } })
    await giveDevice(granted)
    await stored.putLedger({ pk: `U#${granted.user}`, ...relationship({ openComplaints: 1 }) })
    await deliver(granted)
    expect(await messageOf(granted)).toMatchObject({ state: 'sent' })
  })

  it('of a merchant that was suspended is not published, and gives back what it held; later ones are again', async () => {
    const merchantId = named('mer', 'suspended')
    const granted = await grant('push', {}, { merchantId })
    const later = await grant('push', {}, { merchantId })
    for (const one of [granted, later]) await giveDevice(one)
    await stored.suspend(merchantId)
    await deliver(granted)
    expect(receivedBy(granted)).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'failed', reason: 'merchantSuspended' })
    expect(await stored.stockOf(granted.offer.id)).toEqual(givenBack)
    await stored.reinstate(merchantId)
    await deliver(granted, later)
    expect([receivedBy(granted).length, receivedBy(later).length]).toEqual([0, 1])
    expect(await messageOf(later)).toMatchObject({ state: 'sent' })
  })

  it('as a test is published all the same, but not for a merchant that was suspended meanwhile', async () => {
    const merchantId = named('mer', 'suspended after a test')
    const [muted, before, after] = [
      await grant('push', { preferences: { mutedMerchants: [merchantId] } }, { merchantId }),
      await grant('push', {}, { merchantId }),
      await grant('push', {}, { merchantId }),
    ]
    for (const one of [muted, before, after]) {
      await giveDevice(one)
      const { user, messageId, scene } = one
      const content = { push: { title: 'Hello', body: 'Come in' } }
      await stored.putLedger(testMessageItem(user, messageId, scene, 'push', content, T0, 2))
    }
    await deliver(muted, before)
    await stored.suspend(merchantId)
    await deliver(after)
    expect([muted, before, after].map((one) => receivedBy(one).length)).toEqual([1, 1, 0])
    expect(await messageOf(after)).toMatchObject({ state: 'failed', reason: 'merchantSuspended' })
  })

  it('is looked at consistently: a suspension that the operator was told of counts for every message', async () => {
    const asked: unknown[] = []
    const client = createDocumentClient()
    client.middlewareStack.add(
      (next) => (request) => {
        asked.push(request.input)
        return next(request)
      },
      { step: 'initialize' },
    )
    await createReadStanding(client, tables)(named('usr', 'somebody'), named('mer', 'suspended'))
    expect(asked).toMatchObject([
      {
        RequestItems: {
          [tables.ledger]: { ConsistentRead: true },
          [tables.catalog]: { ConsistentRead: true },
        },
      },
    ])
    client.destroy()
  })

  let rulesVersion = 0
  it.each([
    ['that the operator has narrowed since', 'offer', [{ country: 'US', hours: [] }], 'failed'],
    ['of another place, narrowed since', 'offer', [{ country: 'FR', hours: [] }], 'sent'],
    ['narrowed since, as the answer to an own act,', 'service', [{ country: 'US', hours: [] }], 'sent'],
    ['that nobody can read any more', 'offer', 'lost', 'failed'],
  ] as const)('outside the lawful hours %s (%s)', async (_, kind, rules, state) => {
    const told = { source: 'counsel', revision: 1, changedAt: new Date(T0).toISOString() }
    rulesVersion += 1
    const item = {
      version: rulesVersion,
      rules: rules === 'lost' ? [{}] : rules.map((rule) => ({ ...rule, ...told })),
    }
    await stored.putCatalog({ pk: 'PLATFORM', sk: 'LAWFUL_HOURS', kind: 'lawfulRules', ...item })
    const count = (version: number) =>
      stored.putLedger({ pk: 'PLATFORM', sk: 'STATE', kind: 'platform', rulesVersion: version })
    await count(rulesVersion)
    // Each case looks at a time of its own: what is known holds for 5 s.
    clock.advance(rulesVersion * 10 * SECOND)
    const granted = await grant('push', {}, { message: { ...MESSAGE, kind } })
    await giveDevice(granted)
    await deliver(granted)
    expect(receivedBy(granted)).toHaveLength(state === 'sent' ? 1 : 0)
    expect(await messageOf(granted)).toMatchObject({
      state,
      ...(state === 'failed' && { reason: 'lawfulHours' }),
    })
    if (state === 'failed') expect(await stored.stockOf(granted.offer.id)).toEqual(givenBack)
    await count(0)
  })

  it('is not published to an erased customer', async () => {
    const granted = await grant('push')
    await giveDevice(granted)
    await stored.putLedger(aTombstone({ pk: `U#${granted.user}`, sk: 'PROFILE' }))
    expect(await deliver(granted)).toEqual([])
    expect(receivedBy(granted)).toEqual([])
    expect(await messageOf(granted)).toMatchObject({ state: 'failed', reason: 'erased' })
    expect(await stored.ledgerItem(`U#${granted.user}`, 'PROFILE')).toMatchObject({ tombstone: true })
  })

  it('is left alone when it does not exist; an unreadable record fails alone', async () => {
    const granted = await grant('push')
    await giveDevice(granted)
    const [missing, unreadable] = [
      { ...granted, messageId: (await grant('push')).messageId },
      { ...granted, messageId: 'nonsense' as MerchantId as never },
    ]
    expect(await deliver(missing, unreadable, granted)).toEqual([])
    expect(lanes.deadLetters('push')).toEqual([
      { body: expect.stringContaining('nonsense'), reason: 'the record names no message' },
    ])
    expect(await messageOf(granted)).toMatchObject({ state: 'sent' })
  })
})
