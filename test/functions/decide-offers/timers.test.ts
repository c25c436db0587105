import { beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { parsePresence, parsePresenceNews, presenceItem } from '#shared/contracts/items/presence.ts'
import type { UserId } from '#shared/domain/ids.ts'
import type { Fix } from '#shared/domain/presence/fix.ts'
import { type Folded, fold, NO_PRESENCE } from '#shared/domain/presence/fold.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import {
  aDeviceItem,
  aFix,
  aGeofence,
  aProfileItem,
  aScene,
  aTombstone,
  CAFE,
  DAY,
  MINUTE,
  moved,
  named,
  nearOf,
  SECOND,
  SQUARE,
  T0,
} from '#test/support/builders.ts'

const { stored, deliver, deliverRemoval, fire, queues, queuedOn, clock } = await startDecideOffers()

const square = aGeofence('square')
const stay = aScene('stay', {
  triggers: [
    { type: 'dwell', dwellS: 300 },
    { type: 'dwell', dwellS: 1200, at: { geofenceIds: [square.id] } },
    { type: 'dwell', dwellS: 60, at: { geofenceIds: [named('gf', 'elsewhere')] } },
  ],
})
await stored.listGeofences(square)
await stored.putScenes([stay, aScene('draft', { state: 'draft', triggers: [{ type: 'dwell', dwellS: 90 }] })])

let customers = 0
const newCustomer = async (): Promise<UserId> => {
  customers += 1
  const user = named('usr', `customer ${customers}`)
  await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'pixel'))
  return user
}
/** Stores the presence that these fixes make, as match-pings does; what the write tells. */
const arrive = async (user: UserId, fixes: readonly Fix[]): Promise<Folded> => {
  const folded = fold(user, NO_PRESENCE, fixes, nearOf(square), T0 + DAY)
  await stored.putPresence(presenceItem(user, 1, folded, T0))
  return folded
}
const presenceItemOf = async (user: UserId) => (await stored.presenceOf(user)) ?? {}
const grantsOf = async (user: UserId) =>
  (await stored.ledgerItems('grant')).filter((item) => item['user'] === user)

const dwellOf = (user: UserId, { transitions }: Folded, dwellS = 300) => {
  const [entered] = transitions
  if (entered === undefined) throw new Error('nobody entered')
  return {
    kind: 'dwell',
    user,
    merchantId: CAFE,
    geofenceId: square.id,
    timeZone: square.timeZone,
    visitId: entered.visitId,
    enteredAtMs: entered.atMs,
    dwellS,
    dueAtMs: entered.atMs + dwellS * SECOND,
  }
}
const OUT = moved(SQUARE, 200)
const settleTimer = z.object({ dueAtMs: z.number() })
const silenceTimer = z.object({ kind: z.literal('silence') })

beforeEach(() => {
  clock.nowMs = T0
  queues.taken()
})

describe('an enter', () => {
  it('arms a timer for each dwell time that is asked for there, for the rest of its time', async () => {
    const user = await newCustomer()
    const folded = await arrive(user, [aFix(0)])
    clock.nowMs = T0 + 100 * SECOND
    await deliver(newsOf(user, folded))
    expect(queuedOn('timers').slice(0, 2)).toEqual([
      { queue: 'timers', body: dwellOf(user, folded), delayS: 200 },
      // SQS delays no longer than 15 min; the timer is put back with the rest.
      { queue: 'timers', body: dwellOf(user, folded, 1200), delayS: 900 },
    ])
  })

  it('of a geofence that was drawn around the customer asks for no dwell: nobody came', async () => {
    const user = await newCustomer()
    const folded = await arrive(user, [aFix(0)])
    const transitions = folded.transitions.map((one) => ({ ...one, drawnAround: true as const }))
    await deliver(newsOf(user, { ...folded, transitions }))
    expect(queuedOn('timers')).toMatchObject([{ body: { kind: 'silence' } }])
  })

  it('that was told late arms a timer that is due at once', async () => {
    const user = await newCustomer()
    const folded = await arrive(user, [aFix(-400)])
    await deliver(newsOf(user, folded))
    expect(queuedOn('timers')[0]).toMatchObject({ body: { dwellS: 300 }, delayS: 0 })
  })
})

describe('a dwell timer', () => {
  it('that is early is armed again', async () => {
    const user = await newCustomer()
    const timer = dwellOf(user, await arrive(user, [aFix(0)]))
    clock.nowMs = timer.dueAtMs - 30 * SECOND
    expect(await fire(timer)).toEqual([])
    expect(queues.taken()).toEqual([{ queue: 'timers', body: timer, delayS: 30 }])
    expect(await grantsOf(user)).toEqual([])
  })

  it('grants when the customer is still there, though the phone is silent; and only once', async () => {
    const user = await newCustomer()
    const timer = dwellOf(user, await arrive(user, [aFix(0)]))
    clock.nowMs = timer.dueAtMs
    expect(await fire(timer)).toEqual([])
    expect(await fire(timer)).toEqual([])
    expect(await grantsOf(user)).toMatchObject([{ sceneId: stay.id, occasion: timer.visitId }])
    expect(queuedOn('push')).toHaveLength(2)
  })

  it('grants the stay whose beginning late fixes moved back', async () => {
    const user = await newCustomer()
    const timer = dwellOf(user, await arrive(user, [aFix(0)]))
    await arrive(user, [aFix(-60), aFix(0)])
    clock.nowMs = timer.dueAtMs
    await fire(timer)
    expect(await grantsOf(user)).toHaveLength(1)
  })

  it.each([
    ['the visit has ended', [aFix(0), aFix(60, OUT), aFix(120, OUT)]],
    ['an exit is pending', [aFix(0), aFix(60, OUT)]],
    ['it is another visit by now', [aFix(0), aFix(60, OUT), aFix(120, OUT), aFix(180)]],
  ])('does nothing when %s', async (_, fixes) => {
    const user = await newCustomer()
    const timer = dwellOf(user, await arrive(user, fixes))
    clock.nowMs = timer.dueAtMs
    expect(await fire(timer)).toEqual([])
    expect(await grantsOf(user)).toEqual([])
    expect(queues.taken()).toEqual([])
  })

  it('does nothing for an erased customer', async () => {
    const user = await newCustomer()
    const timer = dwellOf(user, await arrive(user, [aFix(0)]))
    await stored.putPresence(aTombstone({ pk: `U#${user}` }))
    await stored.putLedger(aTombstone({ pk: `U#${user}`, sk: 'PROFILE' }))
    clock.nowMs = timer.dueAtMs
    expect(await fire(timer)).toEqual([])
    expect(await grantsOf(user)).toEqual([])
    expect(queues.taken()).toEqual([])
  })

  it('that cannot be read fails alone', async () => {
    const user = await newCustomer()
    const timer = dwellOf(user, await arrive(user, [aFix(0)]))
    clock.nowMs = timer.dueAtMs
    expect(await fire({ kind: 'unheard-of' }, timer)).toEqual(['timer-0'])
    expect(await grantsOf(user)).toHaveLength(1)
  })
})

describe('an exit', () => {
  it('arms the timer that settles it when the phone stays silent', async () => {
    const user = await newCustomer()
    const folded = await arrive(user, [aFix(0), aFix(60, OUT), aFix(120, OUT)])
    clock.nowMs = T0 + 120 * SECOND
    await deliver(newsOf(user, { transitions: folded.transitions.filter(({ type }) => type === 'exit') }))
    const [armed] = queuedOn('timers')
    expect(armed).toMatchObject({ delayS: 900, body: { kind: 'settle', user } })

    // However long it waits: fixes that are late have had their 15 min by then.
    const { dueAtMs } = settleTimer.parse(armed?.body)
    expect(dueAtMs).toBeGreaterThan(T0 + 120 * SECOND + 15 * MINUTE)
    clock.nowMs = dueAtMs - 10 * SECOND
    await fire(armed?.body)
    expect(await stored.presenceOf(user)).toMatchObject({ version: 1 })
    const [again] = queuedOn('timers')
    expect(again).toMatchObject({ delayS: 10, body: armed?.body })

    clock.advance(10 * SECOND)
    expect(await fire(again?.body)).toEqual([])
    const item = (await stored.presenceOf(user)) ?? {}
    expect(item).toMatchObject({ version: 2, news: 'yes' })
    expect(parsePresenceNews(item)).toMatchObject({
      transitions: [],
      settled: [{ enteredAtMs: T0, exitedAtMs: T0 + 120 * SECOND, end: 'exit' }],
    })
    expect(await fire(again?.body)).toEqual([])
    expect(await stored.presenceOf(user)).toMatchObject({ version: 2 })
  })

  it('settles nothing of an erased or forgotten customer', async () => {
    const timer = (user: UserId) => ({ kind: 'settle', user, untilMs: T0, dueAtMs: T0 })
    const [erased, unknown] = [named('usr', 'erased'), named('usr', 'unknown')]
    await stored.putPresence(aTombstone({ pk: `U#${erased}` }))
    expect(await fire(timer(erased), timer(unknown))).toEqual([])
    expect(await stored.presenceOf(unknown)).toBeUndefined()
    expect(await stored.presenceOf(erased)).toMatchObject({ tombstone: true })
  })
})

describe('a phone that falls silent', () => {
  const AN_HOUR = 60 * MINUTE

  it('arms one timer for all the visits that a write opens, and none for those it closes', async () => {
    const user = await newCustomer()
    const folded = await arrive(user, [aFix(0)])
    await deliver(newsOf(user, folded))
    const silences = queuedOn('timers').filter(({ body }) => silenceTimer.safeParse(body).success)
    expect(silences).toEqual([
      {
        queue: 'timers',
        body: {
          kind: 'silence',
          user,
          stays: [{ geofenceId: square.id, enteredAtMs: T0 }],
          dueAtMs: T0 + AN_HOUR,
        },
        delayS: 900,
      },
    ])
    await deliver(newsOf(user, await arrive(user, [aFix(0), aFix(60, OUT), aFix(120, OUT)])))
    expect(queuedOn('timers').map(({ body }) => body)).not.toContainEqual(
      expect.objectContaining({ kind: 'silence' }),
    )
  })

  const silenceOf = (user: UserId, dueAtMs: number) => ({
    kind: 'silence',
    user,
    stays: [
      { geofenceId: named('gf', 'elsewhere'), enteredAtMs: T0 },
      { geofenceId: square.id, enteredAtMs: T0 },
    ],
    dueAtMs,
  })

  it('has its visit closed and settled as unknown, without a transition, at the last fix inside', async () => {
    const user = await newCustomer()
    await arrive(user, [aFix(0), aFix(600)])
    clock.nowMs = T0 + AN_HOUR
    const timer = silenceOf(user, clock.nowMs)
    expect(await fire(timer)).toEqual([])
    const item = (await stored.presenceOf(user)) ?? {}
    expect(item).toMatchObject({ version: 2, news: 'yes' })
    expect(item).not.toHaveProperty('stays')
    const news = parsePresenceNews(item)
    expect(news.transitions).toEqual([])
    expect(news.settled).toMatchObject([
      { end: 'unknown', enteredAtMs: T0, lastInsideAtMs: T0 + 600 * SECOND },
    ])
    expect(news.settled[0]).not.toHaveProperty('exitedAtMs')

    await deliver(item)
    const [visit] = (await stored.ledgerItems('visit')).filter((one) => one['user'] === user)
    expect(visit).toMatchObject({ end: 'unknown', geofenceId: square.id })
    expect(visit).not.toHaveProperty('dwellS')
    queues.taken()
    expect(await fire(timer)).toEqual([])
    expect(queues.taken()).toEqual([])
  })

  it('loses nothing of what it sends in order when it finds the network again', async () => {
    const user = await newCustomer()
    await arrive(user, [aFix(0), aFix(600)])
    clock.nowMs = T0 + 600 * SECOND + AN_HOUR
    expect(await fire(silenceOf(user, clock.nowMs))).toEqual([])
    const known = parsePresence(await presenceItemOf(user))
    if (known.kind !== 'presence') throw new Error('nobody erased it')
    const kept = Array.from({ length: 40 }, (_, index) => aFix(660 + 60 * index))
    const { ignored, transitions } = fold(user, known.presence, kept, nearOf(square), clock.nowMs)
    expect(ignored).toEqual([])
    expect(transitions).toMatchObject([{ type: 'enter', atMs: T0 + 660 * SECOND }])
  })

  it('has a visit kept that ended without an exit, which no other timer asks after', async () => {
    const user = await newCustomer()
    const gone = { ...square, goneAtMs: T0 + 60 * SECOND }
    const folded = fold(user, NO_PRESENCE, [aFix(0), aFix(120)], nearOf(gone), T0 + DAY)
    expect(folded.presence.told).toMatchObject({ open: [], closed: [{ exitTold: false }] })
    await stored.putPresence(presenceItem(user, 1, folded, T0))
    clock.nowMs = T0 + 15 * MINUTE
    expect(await fire(silenceOf(user, clock.nowMs))).toEqual([])
    const [again] = queuedOn('timers')
    expect(again).toMatchObject({ body: { stays: [{ geofenceId: square.id }] } })
    clock.nowMs = T0 + AN_HOUR
    expect(await fire(again?.body)).toEqual([])
    expect(parsePresenceNews(await presenceItemOf(user)).settled).toHaveLength(1)
    expect(await fire(again?.body)).toEqual([])
    expect(queues.taken()).toEqual([])
  })

  it('keeps the visit whose next fix was taken in time and came a quarter of an hour late', async () => {
    const user = await newCustomer()
    await arrive(user, [aFix(0)])
    clock.nowMs = T0 + 50 * MINUTE
    await fire(silenceOf(user, clock.nowMs))
    expect(queuedOn('timers')[0]).toMatchObject({ body: { dueAtMs: T0 + AN_HOUR } })
    const known = parsePresence(await presenceItemOf(user))
    if (known.kind !== 'presence') throw new Error('nobody erased it')
    // Taken 40 minutes after the one before, sent 15 minutes after that.
    const late = fold(user, known.presence, [aFix(40 * 60)], nearOf(square), T0 + 55 * MINUTE)
    expect(late.transitions).toEqual([])
    expect(late.open).toMatchObject([{ enteredAtMs: T0 }])
  })

  it('that has spoken since is given the rest of its time', async () => {
    const user = await newCustomer()
    const { presence } = await arrive(user, [aFix(0)])
    const spoke = fold(user, presence, [aFix(1200)], nearOf(square), T0 + DAY)
    await stored.putPresence(presenceItem(user, 2, spoke, T0 + 1200 * SECOND))
    clock.nowMs = T0 + AN_HOUR
    expect(await fire(silenceOf(user, clock.nowMs))).toEqual([])
    expect(await stored.presenceOf(user)).toMatchObject({ version: 2 })
    const dueAtMs = T0 + 1200 * SECOND + AN_HOUR
    expect(queuedOn('timers')).toMatchObject([
      {
        body: { kind: 'silence', stays: [{ geofenceId: square.id, enteredAtMs: T0 }], dueAtMs },
        delayS: 900,
      },
    ])
  })

  it.each([15, 45])(
    'whose visit has ended asks for nothing more at the hop after %i min',
    async (minutes) => {
      const user = await newCustomer()
      await arrive(user, [aFix(0), aFix(60, OUT), aFix(120, OUT)])
      clock.nowMs = T0 + minutes * MINUTE
      expect(await fire(silenceOf(user, clock.nowMs))).toEqual([])
      expect(queues.taken()).toEqual([])
      expect(await stored.presenceOf(user)).toMatchObject({ version: 1 })
    },
  )

  it('is not taken for one that speaks because a timer has written', async () => {
    const user = await newCustomer()
    await arrive(user, [aFix(0), aFix(60, OUT), aFix(120, OUT), aFix(180)])
    clock.nowMs = T0 + 30 * MINUTE
    expect(await fire({ kind: 'settle', user, untilMs: T0 + 20 * MINUTE, dueAtMs: clock.nowMs })).toEqual([])
    expect(await stored.presenceOf(user)).toMatchObject({ version: 2, ttl: (T0 + 2 * DAY) / SECOND })
    clock.nowMs = T0 + AN_HOUR
    expect(
      await fire({
        ...silenceOf(user, clock.nowMs),
        stays: [{ geofenceId: square.id, enteredAtMs: T0 + 180_000 }],
      }),
    ).toEqual([])
    expect(parsePresenceNews((await stored.presenceOf(user)) ?? {})).toMatchObject({
      settled: [{ end: 'unknown', enteredAtMs: T0 + 180 * SECOND }],
    })
  })

  it('earns no dwell message after its visit has become unknown', async () => {
    const user = await newCustomer()
    const timer = dwellOf(user, await arrive(user, [aFix(0)]), 3600)
    clock.nowMs = timer.dueAtMs
    expect(await fire(timer)).toEqual([])
    expect(await grantsOf(user)).toEqual([])
  })

  it('has its visits kept when TTL removes its presence: the open one as unknown, the ended one with its exit', async () => {
    const user = await newCustomer()
    await arrive(user, [aFix(0), aFix(60, OUT), aFix(120, OUT), aFix(300)])
    const item = (await stored.presenceOf(user)) ?? {}
    expect(item).toMatchObject({ stays: 'yes' })
    clock.nowMs = T0 + 2 * DAY
    expect(await deliverRemoval(item, 'somebody')).toEqual([])
    const visits = async () =>
      (await stored.ledgerItems('visit'))
        .filter((one) => one['user'] === user)
        .toSorted((a, b) => Number(a['enteredAtMs']) - Number(b['enteredAtMs']))
    expect(await visits()).toEqual([])
    expect(await deliverRemoval(item, 'ttl')).toEqual([])
    expect(await visits()).toMatchObject([
      { end: 'exit', enteredAtMs: T0, exitedAtMs: T0 + 120 * SECOND },
      { end: 'unknown', enteredAtMs: T0 + 300 * SECOND },
    ])
    expect(await deliverRemoval(aTombstone({ pk: `U#${user}` }), 'ttl')).toEqual([])
  })
})
