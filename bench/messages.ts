import { cpus } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  type Customer,
  forAll,
  type Kind,
  type MessageItem,
  startMessageWorld,
} from '#bench/message-world.ts'
import { percentile } from '#local/replay/percentiles.ts'

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '5000' },
    only: { type: 'string', default: 'rate,faults,slow' },
  },
})
const MESSAGES = Number(values.messages)
const WORKERS = 8
const DEADLINE_MS = 600_000

const FINAL = new Set(['sent', 'failed', 'expired', 'unknown'])
const isFinal = ({ state }: MessageItem): boolean => FINAL.has(state)
/** Four in ten on Android, four on iPhones, two by SMS. */
const mixed = (index: number): Kind => (index % 5 < 2 ? 'fcm' : index % 5 < 4 ? 'apns' : 'sms')

const until = async (isDone: () => Promise<boolean> | boolean): Promise<void> => {
  const endMs = performance.now() + DEADLINE_MS
  while (!(await isDone())) {
    if (performance.now() > endMs) throw new Error('not done in time')
    await wait(250)
  }
}

type World = Awaited<ReturnType<typeof startMessageWorld>>

/** What the Ledger says of each message against what the phones and the gateway say; every difference, in words. */
const differences = async (world: World): Promise<string[]> => {
  const messages = await world.messages()
  const received = world.received()
  const lost = world.cloud.phones.undelivered().map(({ message }) => message)
  const taken = new Map([...received, ...lost].map((one) => [one.messageId, one]))
  const byId = new Map(messages.map((message) => [message.messageId, message]))
  const bySns = new Map(
    messages.flatMap((one) => (one.snsMessageId ? [[one.snsMessageId, one] as const] : [])),
  )
  const found: string[] = []
  for (const message of messages) {
    const { messageId, state, snsMessageId = '' } = message
    if (!isFinal(message)) found.push(`${messageId} is ${state}`)
    if (state === 'sent' && !taken.has(snsMessageId))
      found.push(`${messageId} is sent, and SNS knows nothing of it`)
  }
  for (const one of received) {
    const message = one.channel === 'push' ? byId.get(one.collapseKey ?? '') : bySns.get(one.messageId)
    const isKnown = one.channel === 'sms' || message !== undefined
    if (!isKnown) found.push(`a push nobody sent: ${one.collapseKey}`)
    if (message !== undefined && (message.state === 'failed' || message.state === 'expired'))
      found.push(`${message.messageId} is ${message.state}, and was received`)
  }
  const sms = received.filter((one) => one.channel === 'sms')
  const unknownSms = messages.filter(({ channel, state }) => channel === 'sms' && state === 'unknown').length
  const unmatched = sms.filter(({ messageId }) => !bySns.has(messageId)).length
  if (unmatched > unknownSms) found.push(`${unmatched} SMS arrived of which only ${unknownSms} are unknown`)
  for (const [number, count] of Map.groupBy(sms, (one) => (one.channel === 'sms' ? one.phoneNumber : '')))
    if (count.length > 1) found.push(`${count.length} SMS to ${number.slice(0, 5)}…`)
  const targets = new Set(received.flatMap((one) => (one.channel === 'push' ? [one.token] : [])))
  for (const target of targets)
    if (world.cloud.phones.screen(target).length > 1) found.push('two pushes on one screen')
  return found
}

const report = async (world: World, count: number): Promise<Record<string, string | number>> => {
  const messages = await world.messages()
  const found = await differences(world)
  for (const difference of found.slice(0, 20)) console.error(difference)
  if (found.length > 0 || messages.length !== count) process.exitCode = 1
  const states = Map.groupBy(messages, ({ state }) => state)
  return {
    messages: messages.length,
    ...Object.fromEntries([...states].map(([state, all]) => [state, all.length])),
    differences: found.length,
  }
}

/** How long from the grant to the phone, in ms, by kind of phone. */
const latencies = async (world: World, kind?: string): Promise<number[]> => {
  const bySns = new Map((await world.messages()).map((one) => [one.snsMessageId, one.createdAtMs]))
  return world
    .received()
    .filter((one) => kind === undefined || (one.channel === 'push' && one.platform === kind))
    .flatMap((one) => {
      const grantedAtMs = bySns.get(one.messageId)
      return grantedAtMs === undefined ? [] : [one.atMs - grantedAtMs]
    })
}

const quantiles = (samples: readonly number[]) => ({
  'p50 ms': percentile(samples, 0.5),
  'p99 ms': percentile(samples, 0.99),
})

/** All messages as fast as they go, on the wall clock. */
const measureRate = async () => {
  const world = await startMessageWorld('wall', WORKERS)
  try {
    const customers = await world.addCustomers(MESSAGES, mixed)
    const startedMs = performance.now()
    await forAll(customers, world.scan)
    await until(() => world.received().length >= MESSAGES)
    const seconds = (performance.now() - startedMs) / 1000
    await until(async () => (await world.messages()).every(isFinal))
    console.log('\nAll at once, wall clock:')
    console.table([
      {
        ...(await report(world, MESSAGES)),
        'messages/s': Math.round(MESSAGES / seconds),
        ...quantiles(await latencies(world)),
      },
    ])
  } finally {
    await world.close()
  }
}

const FAULTS = [
  { kind: 'throttle' },
  { kind: 'serverError' },
  { kind: 'serverError', taken: true },
  { kind: 'reset' },
  { kind: 'reset', taken: true },
  { kind: 'malformed', taken: true },
  { kind: 'disableEndpoint', when: { channel: 'push' } },
  { kind: 'lose' },
  { kind: 'refuse', code: 'AuthorizationError', status: 403 },
] as const

/** All messages with a fault at every tenth call, on the virtual clock, until every one has ended. */
const checkFaults = async () => {
  const world = await startMessageWorld('virtual', WORKERS)
  try {
    const customers = await world.addCustomers(MESSAGES, mixed)
    let scripted = 0
    await forAll(customers, async (customer, index) => {
      await world.scan(customer)
      const fault = FAULTS[scripted % FAULTS.length]
      if (index % 10 !== 0 || fault === undefined) return
      world.cloud.phones.setFault(fault)
      scripted += 1
    })
    for (let minute = 0; minute < 75; minute += 1)
      await world.cloud.advanceTo(world.cloud.clock.nowMs() + 60_000)
    console.log(`\nWith ${scripted} faults of ${FAULTS.length} kinds, virtual clock:`)
    console.table([await report(world, MESSAGES)])
  } finally {
    await world.close()
  }
}

const PER_SECOND = 10
const LANE_MESSAGES = 200

const paced = async (customers: readonly Customer[], world: World): Promise<void> => {
  const sent = customers.map(async (customer, index) => {
    await wait((index * 1000) / PER_SECOND)
    await world.scan(customer)
  })
  await Promise.all(sent)
}

/** Google's phones beside Apple's: alone, beside fast ones, beside ones whose every answer takes 5 s. */
const compareLanes = async () => {
  const rows: Record<string, string | number>[] = []
  const runs: readonly (readonly [string, number, number])[] = [
    ['alone', 0, 0],
    ['beside fast Apple', LANE_MESSAGES, 0],
    ['beside Apple with answers of 5 s', LANE_MESSAGES, 5000],
  ]
  for (const [name, apples, slowMs] of runs) {
    const world = await startMessageWorld('wall', WORKERS)
    try {
      if (slowMs > 0) {
        const when = { platform: 'APNS' } as const
        world.cloud.phones.setFault({ kind: 'slow', forMs: slowMs, when, times: 1_000_000 })
      }
      const google = await world.addCustomers(LANE_MESSAGES, () => 'fcm')
      const apple = await world.addCustomers(apples, () => 'apns')
      await Promise.all([paced(google, world), paced(apple, world)])
      await until(
        () =>
          world.received().filter((one) => one.channel === 'push' && one.platform === 'GCM').length >=
          LANE_MESSAGES,
      )
      await until(
        async () => (await world.messages()).filter(({ state }) => state === 'sent').length >= LANE_MESSAGES,
      )
      rows.push({ 'Google’s phones': name, ...quantiles(await latencies(world, 'GCM')) })
    } finally {
      await world.close()
    }
  }
  console.log(`\nOne slow platform, ${PER_SECOND} messages a second for each, wall clock:`)
  console.table(rows)
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}; ${MESSAGES} messages`,
)
if (values.only.includes('rate')) await measureRate()
if (values.only.includes('faults')) await checkFaults()
if (values.only.includes('slow')) await compareLanes()
