import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { receiveRecord } from '#functions/send-messages/receive-record.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import { APNS_SANDBOX, type Granted, startSendMessages } from '#test/functions/send-messages/send-messages.ts'
import { CAFE, MINUTE, SECOND, T0 } from '#test/support/builders.ts'

const world = await startSendMessages({ APNS_SANDBOX_APPLICATION_ARN: APNS_SANDBOX })
const { clock, lanes, stored, grant, giveDevice, enqueue, pump, runOut, messageOf, receivedBy } = world
const healthy = world.services()

beforeEach(() => {
  clock.nowMs = T0 + SECOND
  lanes.purge()
  world.use(() => healthy)
})
afterAll(world.close)

describe('a message that nobody can read', () => {
  it('goes to the dead letters once, with the reason, and is not queued again', async () => {
    const granted = await grant('push')
    await giveDevice(granted)
    await stored.putLedger({ ...(await messageOf(granted)), content: 'of a later program' })
    await runOut(granted)
    expect(lanes.deadLetters('push')).toEqual([
      {
        body: JSON.stringify({ user: granted.user, messageId: granted.messageId }),
        reason: 'the message has a form that nobody knows',
      },
    ])
    const message = await messageOf(granted)
    expect(message).toMatchObject({ state: 'failed', reason: 'unreadable' })
    expect(message).not.toHaveProperty('duePk')
  })

  it('is sent when it is brought back to a program that can', async () => {
    const granted = await grant('push')
    await giveDevice(granted)
    const readable = await messageOf(granted)
    await stored.putLedger({ ...readable, content: 'of a later program' })
    await runOut(granted)
    await stored.putLedger({ ...(await messageOf(granted)), content: readable?.['content'] })
    enqueue(granted)
    await runOut(granted)
    expect(await messageOf(granted)).toMatchObject({ state: 'sent' })
    expect(receivedBy(granted)).toHaveLength(1)
    expect(await stored.countsOf(granted.scene.id)).toEqual({ sent: 1 })
  })
})

describe('an SMS that an older program meets half way', () => {
  const smsConsent = { consents: { sms: { [CAFE]: { granted: true } } } }

  /** A newer program publishes it; meanwhile one that cannot read it is given the same record. */
  const meetHalfWay = async (sent: () => Promise<never> | undefined) => {
    const granted = await grant('sms', smsConsent)
    const readable = await messageOf(granted)
    world.use((services) => ({
      ...services,
      publisher: {
        ...services.publisher,
        sms: async (...args) => {
          const published = await services.publisher.sms(...args)
          await stored.putLedger({ ...(await messageOf(granted)), content: 'of a later program' })
          await receiveRecord(
            healthy,
            { ...aRecord(granted), attributes: { ApproximateReceiveCount: '1' } } as never,
            clock.nowMs,
            () => {},
          )
          await sent()
          return published
        },
      },
    }))
    enqueue(granted)
    await pump()
    world.use(() => healthy)
    return { granted, readable }
  }

  it('is left to the one that holds it', async () => {
    const { granted } = await meetHalfWay(() => undefined)
    expect(await messageOf(granted)).toMatchObject({ state: 'sent' })
  })

  it('is not sent again when that one ends before it has recorded the end', async () => {
    const { granted, readable } = await meetHalfWay(() => Promise.reject(new BusyError('crash')))
    await runOut(granted)
    expect(await messageOf(granted)).toMatchObject({ state: 'failed', reason: 'unreadable' })
    await stored.putLedger({ ...(await messageOf(granted)), content: readable?.['content'] })
    enqueue(granted)
    await runOut(granted)
    expect(receivedBy(granted)).toHaveLength(1)
    expect(await messageOf(granted)).toMatchObject({ state: 'unknown', reason: 'abandoned' })
  })
})

describe('a record that fails', () => {
  it('five times goes to the dead letters with the name of the error', async () => {
    const granted = await grant('push')
    world.use((services) => ({
      ...services,
      messages: { ...services.messages, read: () => Promise.reject(new BusyError('no answer')) },
    }))
    enqueue(granted)
    for (let time = 0; time < 5; time += 1) {
      expect(lanes.deadLetters('push')).toEqual([])
      await pump()
      clock.advance(6 * MINUTE)
    }
    expect(lanes.deadLetters('push')).toMatchObject([{ reason: 'BusyError' }])
    expect(lanes.waiting('push')).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
  })

  it('because it names no message goes there at once', async () => {
    lanes.send('sms', 'no JSON at all')
    await pump()
    expect(lanes.deadLetters('sms')).toEqual([
      { body: 'no JSON at all', reason: 'the record names no message' },
    ])
  })
})

describe('the queues', () => {
  it('pass a message on to the one for its phone', async () => {
    const apple = await startAppleCustomer()
    enqueue(apple)
    await pump()
    expect(await messageOf(apple)).toMatchObject({ state: 'sent', attempts: 1 })
    expect(receivedBy(apple)).toMatchObject([{ platform: 'APNS_SANDBOX' }])
  })
})

const aRecord = ({ user, messageId }: Granted) => ({
  body: JSON.stringify({ user, messageId }),
  eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:sms',
})

const startAppleCustomer = async () => {
  const granted = await grant('push')
  await giveDevice(granted, 'iphone', { platform: 'apns-sandbox' })
  return granted
}
