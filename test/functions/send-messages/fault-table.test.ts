import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ReceiveServices } from '#functions/send-messages/receive-record.ts'
import type { PhoneFault } from '#local/peers/phone-faults.ts'
import { APNS, type Granted, startSendMessages } from '#test/functions/send-messages/send-messages.ts'
import { CAFE, SECOND, T0 } from '#test/support/builders.ts'

const world = await startSendMessages({ APNS_APPLICATION_ARN: APNS })
const {
  clock,
  gateway,
  lanes,
  stored,
  grant,
  giveDevice,
  enqueue,
  runOut,
  messageOf,
  receivedBy,
  screensOf,
} = world
const healthy = world.services()

beforeEach(() => {
  clock.nowMs = T0 + SECOND
})
afterEach(() => {
  gateway.clearFaults()
  lanes.purge()
  world.use(() => healthy)
})
afterAll(world.close)

const PUSH = { push: { granted: true } }
const SMS = { sms: { [CAFE]: { granted: true } } }

/** How often a phone buzzed, what stands on the screens in the end, what is recorded. */
type Result = readonly [received: number, onScreen: number, recorded: string]
const resultOf = async (granted: Granted): Promise<Result> => {
  const { state, reason } = (await messageOf(granted)) ?? {}
  return [
    receivedBy(granted).length,
    screensOf(granted).length,
    reason === undefined ? String(state) : `${state}: ${reason}`,
  ]
}

/** Every SMS that left for the number and was not surely refused. */
const published = ({ phoneNumber }: Granted): number =>
  [...gateway.received(), ...gateway.undelivered().map(({ message }) => message)].filter(
    (one) => one.channel === 'sms' && one.phoneNumber === phoneNumber,
  ).length

const held = { free: 4, reserved: 1, confirmed: 0 }
const givenBack = { free: 5, reserved: 0, confirmed: 0 }

const checkEnd = async (granted: Granted): Promise<void> => {
  const message = await messageOf(granted)
  expect(['sent', 'failed', 'expired', 'unknown']).toContain(message?.['state'])
  expect(message).not.toHaveProperty('duePk')
  expect(published(granted)).toBeLessThanOrEqual(1)
  expect(screensOf(granted).length).toBeLessThanOrEqual(1)
  const keeps = message?.['state'] === 'sent' || message?.['state'] === 'unknown'
  expect(await stored.stockOf(granted.offer.id)).toEqual(keeps ? held : givenBack)
  const counts = await stored.countsOf(granted.scene.id)
  // What an SMS costs is counted where it may have gone out.
  const { messageCents, ...ends } = counts
  expect(ends).toEqual({ [String(message?.['state'])]: 1 })
  const hasCost = message?.['channel'] === 'sms' && ['sent', 'unknown'].includes(String(message['state']))
  expect(messageCents).toBe(hasCost ? 1 : undefined)
  for (const lane of ['push', 'push-apple', 'sms'] as const) {
    expect(lanes.waiting(lane)).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
    expect(lanes.deadLetters(lane)).toEqual([])
  }
}

const FOREVER = 1_000_000
const HANG = { kind: 'hang', forMs: 400 } as const

/**
 * What the customer receives and what is recorded when something goes wrong at Amazon SNS: `[how often a phone buzzed,
 * how many messages stand on its screen, what is recorded]`, for somebody who consented to this channel only.
 */
const FAULTS: readonly (readonly [
  fault: string,
  script: PhoneFault | undefined,
  push: Result,
  sms: Result,
])[] = [
  ['nothing', undefined, [1, 1, 'sent'], [1, 1, 'sent']],
  ['throttling, three times', { kind: 'throttle', times: 3 }, [1, 1, 'sent'], [1, 1, 'sent']],
  ['throttling without end', { kind: 'throttle', times: FOREVER }, [0, 0, 'expired'], [0, 0, 'expired']],
  [
    '5xx before it was taken',
    { kind: 'serverError' },
    [1, 1, 'sent'],
    [0, 0, 'unknown: InternalErrorException'],
  ],
  [
    '5xx after it was taken',
    { kind: 'serverError', taken: true },
    [2, 1, 'sent'],
    [1, 1, 'unknown: InternalErrorException'],
  ],
  [
    '503 after it was taken',
    { kind: 'serverError', status: 503, taken: true },
    [2, 1, 'sent'],
    [1, 1, 'unknown: InternalErrorException'],
  ],
  ['time-out before it was taken', HANG, [1, 1, 'sent'], [0, 0, 'unknown: TimeoutError']],
  ['time-out after it was taken', { ...HANG, taken: true }, [2, 1, 'sent'], [1, 1, 'unknown: TimeoutError']],
  [
    'connection reset before it was taken',
    { kind: 'reset' },
    [1, 1, 'sent'],
    [0, 0, 'unknown: TimeoutError'],
  ],
  [
    'connection reset after it was taken',
    { kind: 'reset', taken: true },
    [2, 1, 'sent'],
    [1, 1, 'unknown: TimeoutError'],
  ],
  ['a malformed answer', { kind: 'malformed', taken: true }, [2, 1, 'sent'], [1, 1, 'unknown: Error']],
  ['a slow answer', { kind: 'slow', forMs: 40 }, [1, 1, 'sent'], [1, 1, 'sent']],
  [
    'a message that SNS refuses',
    { kind: 'refuse', code: 'InvalidParameter' },
    [0, 0, 'failed: InvalidParameterException'],
    [0, 0, 'failed: InvalidParameterException'],
  ],
  [
    'no right to publish, for a while',
    { kind: 'refuse', code: 'AuthorizationError', status: 403, times: 3 },
    [1, 1, 'sent'],
    [1, 1, 'sent'],
  ],
  [
    'expired credentials without end',
    { kind: 'refuse', code: 'PlatformApplicationDisabled', times: FOREVER },
    [0, 0, 'expired'],
    [0, 0, 'expired'],
  ],
  // SNS tells of neither: the alarms on its own metrics do (SMS spend, delivery failures).
  ['the spending limit', { kind: 'lose', reason: 'spendLimit' }, [0, 0, 'sent'], [0, 0, 'sent']],
  ['an opt-out just now', { kind: 'optOut' }, [1, 1, 'sent'], [0, 0, 'sent']],
]

describe('when SNS answers with', () => {
  it.each(FAULTS)('%s, a push', async (fault, script, push) => {
    const granted = await grant('push', { consents: PUSH })
    await giveDevice(granted)
    if (script !== undefined && script.kind !== 'optOut') gateway.setFault(script)
    enqueue(granted)
    await runOut(granted)
    expect([fault, ...(await resultOf(granted))]).toEqual([fault, ...push])
    await checkEnd(granted)
  })

  it.each(FAULTS)('%s, an SMS', async (fault, script, _, sms) => {
    const granted = await grant('sms', { consents: SMS })
    if (script !== undefined) gateway.setFault({ ...script, when: { channel: 'sms' } })
    enqueue(granted)
    await runOut(granted)
    expect([fault, ...(await resultOf(granted))]).toEqual([fault, ...sms])
    await checkEnd(granted)
  })

  it('no right to publish, somebody is told each time', async () => {
    const granted = await grant('push', { consents: PUSH })
    await giveDevice(granted)
    gateway.setFault({ kind: 'refuse', code: 'AuthorizationError', status: 403, times: 2 })
    const before = world.faults.length
    enqueue(granted)
    await runOut(granted)
    expect(world.faults.slice(before)).toEqual(['AuthorizationErrorException', 'AuthorizationErrorException'])
  })
})

describe('when nobody can tell whether a push arrived', () => {
  const taken: PhoneFault = { kind: 'serverError', taken: true }

  it.each([
    ['a new phone is registered', 0],
    ['a new phone is registered, and the first one was out of reach', 1],
  ])('and %s, the repeat replaces it on the phone that may have it', async (_, dead) => {
    const granted = await grant('push', { consents: PUSH })
    await giveDevice(granted, 'old', { updatedAt: new Date(T0 - 2 * SECOND).toISOString() })
    for (let one = 0; one < dead; one += 1) {
      const updatedAt = new Date(T0 - SECOND).toISOString()
      await giveDevice(granted, 'dead', { platform: 'apns', token: 'not hexadecimal', updatedAt })
    }
    gateway.setFault({ ...taken, when: { action: 'Publish' } })
    enqueue(granted)
    await world.pump()
    await giveDevice(granted, 'new', { platform: 'apns', updatedAt: new Date(T0 + SECOND).toISOString() })
    await runOut(granted)
    expect(await resultOf(granted)).toEqual([2, 1, 'sent'])
    await checkEnd(granted)
  })

  it('and that phone is registered by somebody else, nobody else gets it', async () => {
    const granted = await grant('push', { consents: { ...PUSH, ...SMS } })
    await giveDevice(granted, 'sold')
    gateway.setFault(taken)
    enqueue(granted)
    await world.pump()
    await world.dropDevice(granted, 'sold')
    await giveDevice(granted, 'new', { updatedAt: new Date(T0 + SECOND).toISOString() })
    await runOut(granted)
    expect(await resultOf(granted)).toEqual([1, 1, 'unknown: noChannel'])
    await checkEnd(granted)
  })
})

describe('when the phone cannot be reached:', () => {
  const BOTH = { ...PUSH, ...SMS }
  const disabled: PhoneFault = { kind: 'disableEndpoint' }
  const tokenRefused: PhoneFault = {
    kind: 'refuse',
    code: 'AuthorizationError',
    when: { action: 'CreatePlatformEndpoint' },
  }

  it.each([
    ['an endpoint that is disabled', PUSH, 'fcm', disabled, [0, 0, 'failed: noChannel']],
    ['an endpoint that is disabled, with consent to SMS', BOTH, 'fcm', disabled, [1, 1, 'sent']],
    [
      'one that is disabled after SNS took the push',
      BOTH,
      'fcm',
      { ...disabled, taken: true },
      [0, 0, 'sent'],
    ],
    ['a token that Apple never gave out', PUSH, 'apns', undefined, [0, 0, 'failed: noChannel']],
    ['a token that Apple never gave out, with consent to SMS', BOTH, 'apns', undefined, [1, 1, 'sent']],
    // Nothing is wrong with the phone: it stays registered.
    ['no right to make its endpoint, for a moment', BOTH, 'fcm', tokenRefused, [1, 1, 'sent']],
  ] as const)('%s', async (fault, consents, platform, script, result) => {
    const granted = await grant('push', { consents })
    await giveDevice(granted, 'phone', { platform, ...(platform === 'apns' && { token: 'not hexadecimal' }) })
    if (script !== undefined) gateway.setFault(script)
    enqueue(granted)
    await runOut(granted)
    expect([fault, ...(await resultOf(granted))]).toEqual([fault, ...result])
    await checkEnd(granted)
    const device = await stored.ledgerItem(`U#${granted.user}`, 'DEVICE#phone')
    const isDropped = script !== tokenRefused && !(script !== undefined && 'taken' in script)
    expect(device).toMatchObject({ enabled: !isDropped })
  })

  it('but is registered anew at the same time, it stays registered', async () => {
    const granted = await grant('push', { consents: PUSH })
    await giveDevice(granted, 'phone', { updatedAt: new Date(T0 - SECOND).toISOString() })
    gateway.setFault(disabled)
    world.use((services) => ({
      ...services,
      publisher: {
        ...services.publisher,
        push: async (...args) => {
          const published = await services.publisher.push(...args)
          await giveDevice(granted, 'phone', { updatedAt: new Date(clock.nowMs).toISOString() })
          return published
        },
      },
    }))
    enqueue(granted)
    await runOut(granted)
    expect(await stored.ledgerItem(`U#${granted.user}`, 'DEVICE#phone')).toMatchObject({ enabled: true })
  })

  it.each([['opted out of the whole account', (granted: Granted) => gateway.optOut(granted.phoneNumber)]])(
    'a number that has %s',
    async (_, before) => {
      const granted = await grant('sms', { consents: SMS })
      before(granted)
      enqueue(granted)
      await runOut(granted)
      expect(await resultOf(granted)).toEqual([0, 0, 'failed: optedOut'])
      expect(published(granted)).toBe(0)
      await checkEnd(granted)
    },
  )
})

class Crash extends Error {}
type Crashing = (services: ReceiveServices, crash: () => void) => ReceiveServices

/** Ends the function at its first call of `name`, before or after the call has done its work. */
const at =
  <K extends 'messages' | 'recipients' | 'publisher'>(
    part: K,
    name: keyof ReceiveServices[K],
    when: 'before' | 'after',
  ): Crashing =>
  (services, crash) => {
    const call = services[part][name] as (...args: unknown[]) => Promise<unknown>
    const crashing = async (...args: unknown[]) => {
      if (when === 'before') crash()
      const result = await call(...args)
      if (when === 'after') crash()
      return result
    }
    return { ...services, [part]: { ...services[part], [name]: crashing } }
  }
const atQueue =
  (when: 'before' | 'after'): Crashing =>
  (services, crash) => ({
    ...services,
    queue: async (...args) => {
      if (when === 'before') crash()
      await services.queue(...args)
      if (when === 'after') crash()
    },
  })

const once = (): (() => void) => {
  let crashes = 0
  return () => {
    crashes += 1
    if (crashes === 1) throw new Crash()
  }
}

/** A function that ends at a step, once, and what becomes of the message. */
const CRASHES: readonly (readonly [step: string, crash: Crashing, push: Result, sms: Result])[] = [
  ['before it reads the message', at('messages', 'read', 'before'), [1, 1, 'sent'], [1, 1, 'sent']],
  ['before it takes the lease', at('messages', 'lease', 'before'), [1, 1, 'sent'], [1, 1, 'sent']],
  ['when it has the lease', at('messages', 'lease', 'after'), [1, 1, 'sent'], [0, 0, 'unknown: abandoned']],
  [
    'before it publishes',
    (services, crash) =>
      at('publisher', 'sms', 'before')(at('publisher', 'push', 'before')(services, crash), crash),
    [1, 1, 'sent'],
    [0, 0, 'unknown: abandoned'],
  ],
  [
    'when it has published',
    (services, crash) =>
      at('publisher', 'sms', 'after')(at('publisher', 'push', 'after')(services, crash), crash),
    [2, 1, 'sent'],
    [1, 1, 'unknown: abandoned'],
  ],
  [
    'before it records the end',
    at('messages', 'finish', 'before'),
    [2, 1, 'sent'],
    [1, 1, 'unknown: abandoned'],
  ],
  ['when it has recorded the end', at('messages', 'finish', 'after'), [1, 1, 'sent'], [1, 1, 'sent']],
]

describe('when the function ends', () => {
  it.each(CRASHES)('%s, a push', async (step, crash, push) => {
    const granted = await grant('push', { consents: PUSH })
    await giveDevice(granted)
    world.use((services) => crash(services, once()))
    enqueue(granted)
    await runOut(granted)
    expect([step, ...(await resultOf(granted))]).toEqual([step, ...push])
    await checkEnd(granted)
  })

  it.each(CRASHES)('%s, an SMS', async (step, crash, _, sms) => {
    const granted = await grant('sms', { consents: SMS })
    world.use((services) => crash(services, once()))
    enqueue(granted)
    await runOut(granted)
    expect([step, ...(await resultOf(granted))]).toEqual([step, ...sms])
    await checkEnd(granted)
  })

  it.each([
    ['before the message is on its queue', 0],
    ['when the message is on its queue, and the stream’s record comes again', 2],
  ])('%s, it goes out once', async (_, times) => {
    for (const channel of ['push', 'sms'] as const) {
      const granted = await grant(channel, { consents: channel === 'push' ? PUSH : SMS })
      if (channel === 'push') await giveDevice(granted)
      for (let time = 0; time < times; time += 1) enqueue(granted)
      await runOut(granted)
      expect(await resultOf(granted)).toEqual([1, 1, 'sent'])
      await checkEnd(granted)
    }
  })

  it.each([
    ['before it hands a push to SMS', at('messages', 'handToSms', 'before')],
    ['when it has handed a push to SMS', at('messages', 'handToSms', 'after')],
    ['before that is on the queue', atQueue('before')],
    ['when that is on the queue', atQueue('after')],
  ] as const)('%s, the customer gets one SMS at most', async (_, crash) => {
    const granted = await grant('push', { consents: { ...PUSH, ...SMS } })
    world.use((services) => crash(services, once()))
    enqueue(granted)
    await runOut(granted)
    const [received, onScreen] = await resultOf(granted)
    expect(received).toBeLessThanOrEqual(1)
    expect(onScreen).toBe(received)
    await checkEnd(granted)
  })

  it.each([
    ['before it puts a throttled message back', at('messages', 'release', 'before')],
    ['when it has put a throttled message back', at('messages', 'release', 'after')],
    ['before that is on the queue', atQueue('before')],
    ['when that is on the queue', atQueue('after')],
  ] as const)('%s, nobody gets it twice', async (_, crash) => {
    for (const channel of ['push', 'sms'] as const) {
      const granted = await grant(channel, { consents: channel === 'push' ? PUSH : SMS })
      if (channel === 'push') await giveDevice(granted)
      gateway.setFault({ kind: 'throttle' })
      world.use(() => crash(healthy, once()))
      enqueue(granted)
      await runOut(granted)
      const [received, onScreen] = await resultOf(granted)
      expect(received).toBeLessThanOrEqual(1)
      expect(onScreen).toBe(received)
      await checkEnd(granted)
    }
  })
})
