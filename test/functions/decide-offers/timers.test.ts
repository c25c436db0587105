import { beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { presenceItem } from '#shared/contracts/items/presence.ts'
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
  SECOND,
  SQUARE,
  T0,
} from '#test/support/builders.ts'

const { stored, deliver, fire, queues, queuedOn, clock } = await startDecideOffers()

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
  const folded = fold(user, NO_PRESENCE, fixes, () => [square], T0 + DAY)
  await stored.putPresence(presenceItem(user, 1, folded, T0))
  return folded
}
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
    expect(queuedOn('timers')).toEqual([
      { queue: 'timers', body: dwellOf(user, folded), delayS: 200 },
      // SQS delays no longer than 15 min; the timer is put back with the rest.
      { queue: 'timers', body: dwellOf(user, folded, 1200), delayS: 900 },
    ])
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
    expect(await stored.presenceOf(user)).toMatchObject({
      version: 2,
      news: 'yes',
      transitions: [],
      settled: [{ enteredAtMs: T0, exitedAtMs: T0 + 120 * SECOND }],
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
