import { beforeEach, describe, expect, it, vi } from 'vitest'
import { sweepDue } from '#functions/remind-revisits/sweep-due.ts'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { createEventRecords } from '#shared/adapters/dynamodb/customers/event-records.ts'
import { createVisitStore } from '#shared/adapters/dynamodb/ledger/visit-store.ts'
import { messageItem } from '#shared/contracts/items/decision.ts'
import { dueKey } from '#shared/contracts/items/ledger.ts'
import { parseRelationship, planAttributes } from '#shared/contracts/items/relationship.ts'
import { shardOf, type UserId } from '#shared/domain/ids.ts'
import type { KnownRelationship } from '#shared/domain/scenes/facts.ts'
import { occasionsOf } from '#shared/domain/scenes/occasions.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { setEnvironment } from '#test/functions/decide-offers/environment.ts'
import { recordQueues } from '#test/functions/decide-offers/queue-recorder.ts'
import { type Stored, storedIn } from '#test/functions/decide-offers/stored.ts'
import {
  aGrant,
  anEnter,
  aRelationshipItem,
  aScene,
  aTombstone,
  aVisit,
  aVisitor,
  CAFE,
  DAY,
  HOUR,
  MINUTE,
  named,
  SECOND,
  T0,
} from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { dueStoreOf } from '#test/support/due-store.ts'
import { createTables, type TestTables } from '#test/support/engine.ts'
import { lambdaContext } from '#test/support/http-event.ts'

const SHARDS = 2
const queues = await recordQueues()
const clock = setClock(T0)
const start = T0
let tables: TestTables
let stored: Stored
let sweep: () => Promise<unknown>

// Tables and a container of its own for each test: a container remembers where it has swept.
const startContainer = async () => {
  vi.resetModules()
  const { handler } = await import('#functions/remind-revisits/handler.ts')
  sweep = () => handler({}, lambdaContext())
}
beforeEach(async () => {
  clock.nowMs = start
  queues.taken()
  tables = await createTables()
  stored = storedIn(tables)
  setEnvironment({
    CATALOG_TABLE: tables.catalog,
    LEDGER_TABLE: tables.ledger,
    PUSH_QUEUE_URL: queues.urlOf('push'),
    SMS_QUEUE_URL: queues.urlOf('sms'),
    DUE_SHARDS: String(SHARDS),
    REMINDERS_PER_MINUTE: '100',
    JOBS_QUEUE_URL: queues.urlOf('jobs'),
    SIGNING_KEY_DAYS: '30',
  })
  await startContainer()
})

let customers = 0
const newCustomer = (): UserId => {
  customers += 1
  return named('usr', `customer ${customers}`)
}

/** A message as decide-offers leaves it when it ends before it has queued it. */
const leaveMessage = async (channel: 'push' | 'sms', grantedAtMs: number) => {
  const user = newCustomer()
  const candidate = { scene: aScene('greet'), trigger: anEnter({ user }) }
  const grant = aGrant(candidate, { channel })
  await stored.putLedger(messageItem(grant, grantedAtMs, SHARDS))
  return { user, messageId: grant.messageId }
}

const planned = (user: UserId, relationship: KnownRelationship) => ({
  user,
  merchantId: CAFE,
  relationship,
})
const after = (days: number) =>
  aScene(`after ${days}`, { triggers: [{ type: 'due', plan: { kind: 'afterLastVisit', days } }] })

/**
 * A customer of a merchant with these scenes who is reminded first at `dueAtMs`: the visit was so many days before, to
 * the second.
 */
const planReminders = async (dueAtMs: number, ...scenes: readonly Scene[]): Promise<UserId> => {
  await stored.putScenes(scenes)
  const user = newCustomer()
  const firstOf = (visitedAtMs: number): number =>
    occasionsOf(planned(user, aVisitor(visitedAtMs)), scenes, start)[0]?.dueAtMs ?? 0
  // Where in its hour a customer is reminded follows from the customer: the visit is moved until it fits.
  const guess = dueAtMs - 30 * DAY
  const visitedAtMs = guess + Math.floor((dueAtMs - firstOf(guess)) / HOUR) * HOUR
  const relationship = aVisitor(visitedAtMs)
  const state = { handled: [] }
  const nextMs = firstOf(visitedAtMs)
  const plan = planAttributes(user, CAFE, state, { nextMs }, { nowMs: nextMs, dueShards: SHARDS })
  const { ':duePk': duePk, ':dueSk': dueSk } = plan.values
  await stored.putLedger(aRelationshipItem(user, relationship, { duePk, dueSk }))
  return user
}
/** When the relationship is looked at next. */
const nextOf = async (user: UserId): Promise<number> =>
  Date.parse(String((await relationshipOf(user))?.['dueSk']).slice(0, 24))
const relationshipOf = (user: UserId) => stored.ledgerItem(`U#${user}`, `M#${CAFE}`)
const eventsOf = async (user: UserId) =>
  (await stored.ledgerItems('event')).filter((item) => item['user'] === user)
const cursor = async () => (await stored.ledgerItem('SWEEP', 'CURSOR'))?.['hour']

describe('a grant whose time is over', () => {
  const reserve = async (state: 'reserved' | 'redeemed', validUntilMs: number, unit: object) => {
    const user = newCustomer()
    const key = { pk: `U#${user}`, sk: `GRANT#${named('grt', user)}` }
    const offerId = named('off', user)
    await stored.putLedger(
      {
        ...key,
        kind: 'grant',
        user,
        state,
        offerId,
        stockShard: 0,
        tallies: [
          { pk: `OFFER#${offerId}`, sk: 'STORE#one', add: { given: 1 } },
          { pk: `U#${user}`, sk: `HELD#${offerId}`, add: { given: 1 } },
        ],
        ...dueKey(validUntilMs, key.sk, shardOf(key.sk, SHARDS)),
      },
      { pk: `OFFER#${offerId}`, sk: 'STORE#one', kind: 'tally', given: 3 },
      {
        pk: `OFFER#${offerId}#0`,
        sk: 'STOCK',
        kind: 'stock',
        offerId,
        free: 4,
        reserved: 0,
        confirmed: 0,
        ...unit,
      },
    )
    const tally = (sk: string) => stored.ledgerItem(`OFFER#${offerId}`, sk)
    return { key, tally, stock: () => stored.ledgerItem(`OFFER#${offerId}#0`, 'STOCK') }
  }

  it('gives its unit back, once, however many sweeps meet it', async () => {
    const { key, stock, tally } = await reserve('reserved', start + HOUR, { reserved: 1 })
    await sweep()
    expect(await stock()).toMatchObject({ free: 4, reserved: 1 })
    clock.nowMs = start + HOUR
    await Promise.all([sweep(), sweep()])
    await sweep()
    expect(await stock()).toMatchObject({ free: 5, reserved: 0, confirmed: 0 })
    // Nor has the store given it; the customer's own count is gone already, and keeps nothing back.
    expect(await tally('STORE#one')).toMatchObject({ given: 2 })
    const grant = await stored.ledgerItem(key.pk, key.sk)
    expect(grant).toMatchObject({ state: 'released' })
    expect(grant).not.toHaveProperty('duePk')
  })

  it('that was redeemed keeps its unit, and leaves the index', async () => {
    const { key, stock, tally } = await reserve('redeemed', start, { confirmed: 1 })
    clock.advance(MINUTE)
    await sweep()
    expect(await stock()).toMatchObject({ free: 4, reserved: 0, confirmed: 1 })
    expect(await tally('STORE#one')).toMatchObject({ given: 3 })
    expect(await stored.ledgerItem(key.pk, key.sk)).not.toHaveProperty('duePk')
  })
})

describe('a message that was granted but never queued', () => {
  it.each(['push', 'sms'] as const)('is queued a minute later, on its channel: %s', async (channel) => {
    const left = await leaveMessage(channel, start)
    clock.nowMs = start + 59 * SECOND
    await sweep()
    expect(queues.taken()).toEqual([])
    clock.nowMs = start + MINUTE
    expect(await sweep()).toMatchObject({ messages: 1, occasions: 0 })
    expect(queues.taken()).toEqual([{ queue: channel, body: left, delayS: 0 }])
  })

  it('is looked at again two minutes later, as long as it has not ended', async () => {
    const { user, messageId } = await leaveMessage('push', start)
    for (const expected of [1, 0, 1]) {
      clock.advance(MINUTE)
      await sweep()
      expect(queues.taken()).toHaveLength(expected)
    }
    // Ended: it has left the index.
    const {
      duePk: _,
      dueSk: __,
      ...ended
    } = (await stored.ledgerItem(`U#${user}`, `MESSAGE#${messageId}`)) ?? {}
    await stored.putLedger({ ...ended, state: 'sent', pk: `U#${user}`, sk: `MESSAGE#${messageId}` })
    clock.advance(10 * MINUTE)
    await sweep()
    expect(queues.taken()).toEqual([])
  })

  it('is queued after the queue was out of order', async () => {
    await leaveMessage('push', start)
    clock.nowMs = start + MINUTE
    queues.breakDown(3)
    await expect(sweep()).rejects.toThrow()
    clock.advance(2 * MINUTE)
    await sweep()
    expect(queues.taken()).toHaveLength(1)
  })

  it('does not wait for others that fail', async () => {
    const user = await planReminders(start, after(1))
    await leaveMessage('push', start - HOUR / 2)
    queues.breakDown(3)
    await expect(sweep()).rejects.toThrow()
    expect(await eventsOf(user)).toHaveLength(1)
  })

  it('is queued beside an item that nobody can read, which is reported', async () => {
    await stored.putLedger({ pk: 'U#odd', sk: 'ODD', kind: 'odd', ...dueKey(start, 'odd', 0) })
    await leaveMessage('push', start)
    clock.nowMs = start + MINUTE
    expect(await sweep()).toMatchObject({ messages: 1, unreadable: 1 })
    expect(queues.taken()).toHaveLength(1)
  })

  it('is found among hundreds', async () => {
    const left = []
    for (let index = 0; index < 230; index++) left.push(await leaveMessage('push', start))
    clock.nowMs = start + MINUTE
    expect(await sweep()).toMatchObject({ messages: 230 })
    const queued = queues.taken().map(({ body }) => JSON.stringify(body))
    expect(queued.toSorted()).toEqual(left.map((body) => JSON.stringify(body)).toSorted())
  })
})

describe('a reminder that is due', () => {
  it('raises one event, and the next one is planned', async () => {
    const user = await planReminders(start, after(2), after(7))
    const { relationship } = parseRelationship(await relationshipOf(user))
    const visitedAtMs = relationship.visits.lastAtMs
    const plannedAtMs = await nextOf(user)
    expect(await sweep()).toMatchObject({ messages: 0, occasions: 1 })
    expect(await eventsOf(user)).toMatchObject([
      {
        triggerKind: 'due',
        merchantId: CAFE,
        dueAtMs: start,
        occasions: [
          {
            sceneId: after(2).id,
            plan: 'afterLastVisit 2',
            occasion: `after:2:${visitedAtMs}`,
            plannedAtMs,
            staleAfterS: 24 * 3600,
          },
        ],
        timeZone: 'America/Los_Angeles',
      },
    ])
    expect(await nextOf(user)).toBe(plannedAtMs + 5 * DAY)
    expect(await relationshipOf(user)).toMatchObject({ version: 2 })
    clock.advance(MINUTE)
    expect(await sweep()).toMatchObject({ occasions: 0 })
    expect(await eventsOf(user)).toHaveLength(1)
  })

  it('comes to its last day and leaves no plan', async () => {
    const user = await planReminders(start, after(2), after(3))
    for (let hours = 0; hours <= 25; hours++) {
      await sweep()
      clock.advance(HOUR)
    }
    const plans = (await eventsOf(user)).flatMap((event) => event['occasions'] as { plan: string }[])
    expect(plans.map(({ plan }) => plan)).toEqual(['afterLastVisit 2', 'afterLastVisit 3'])
    expect(await relationshipOf(user)).not.toHaveProperty('duePk')
  })

  it('comes every N days, as often as the plan says', async () => {
    const plan = { kind: 'everyDays', days: 2, times: 3 } as const
    const user = await planReminders(start, aScene('every', { triggers: [{ type: 'due', plan }] }))
    const raisedAt: number[] = []
    for (let days = 0; days < 10; days++) {
      await sweep()
      if ((await eventsOf(user)).length > raisedAt.length) raisedAt.push(days)
      clock.advance(DAY)
    }
    expect(raisedAt).toEqual([0, 2, 4])
    expect(await relationshipOf(user)).not.toHaveProperty('duePk')
  })

  it('comes with all that is due for the customer, to be weighed together', async () => {
    const plan = { kind: 'everyDays', days: 2, times: 1 } as const
    const user = await planReminders(start, after(2), aScene('every', { triggers: [{ type: 'due', plan }] }))
    expect(await sweep()).toMatchObject({ occasions: 2 })
    expect(await eventsOf(user)).toMatchObject([{ occasions: [{}, {}] }])
  })

  it('says nothing any more where its scene was paused: the plan is computed anew', async () => {
    const user = await planReminders(start, after(2))
    await stored.putScenes([{ ...after(2), state: 'paused' }])
    expect(await sweep()).toMatchObject({ occasions: 0 })
    expect(await eventsOf(user)).toEqual([])
    expect(await relationshipOf(user)).not.toHaveProperty('duePk')
  })

  it('that was missed by more than its plan allows is raised all the same, so that its reason is counted', async () => {
    await sweep()
    const user = await planReminders(start + HOUR, after(2))
    clock.advance(3 * DAY)
    await sweep()
    expect(await eventsOf(user)).toHaveLength(1)
    expect(await relationshipOf(user)).not.toHaveProperty('duePk')
  })

  it('of which one event has no room for all comes in several, though all were missed', async () => {
    const plan = { kind: 'afterLastVisit', days: 2 } as const
    const many = Array.from({ length: 45 }, (_, index) =>
      aScene(`many ${index}`, { triggers: [{ type: 'due', plan }] }),
    )
    await sweep()
    const user = await planReminders(start + HOUR, ...many)
    clock.advance(3 * DAY)
    for (let minutes = 0; minutes < 4; minutes++) {
      await sweep()
      clock.advance(MINUTE)
    }
    const raised = (await eventsOf(user)).flatMap((event) => event['occasions'] as { sceneId: string }[])
    expect(raised.map(({ sceneId }) => sceneId).toSorted()).toEqual(many.map(({ id }) => id).toSorted())
    expect(await relationshipOf(user)).not.toHaveProperty('duePk')
  })

  it('raises nothing for an erased customer', async () => {
    const user = await planReminders(start, after(1))
    await stored.putLedger(aTombstone({ pk: `U#${user}`, sk: 'PROFILE' }))
    await sweep()
    expect(await eventsOf(user)).toEqual([])
    expect(await relationshipOf(user)).not.toHaveProperty('duePk')
  })
})

describe('two sweeps at once', () => {
  it('do nothing twice', async () => {
    const user = await planReminders(start, after(2), after(7))
    const left = await leaveMessage('push', start - 5 * MINUTE)
    const services = () => ({
      due: dueStoreOf(tables, SHARDS),
      queueMessage: async (_channel: 'push' | 'sms', queuedUser: UserId, messageId: string) => {
        queued.push({ user: queuedUser, messageId })
      },
      dueShards: SHARDS,
      maxReminders: 100,
      queueReplan: async () => {},
      memory: {},
    })
    const queued: object[] = []
    await Promise.all([1, 2, 3].map(() => sweepDue(services(), start)))
    expect(queued).toEqual([left])
    expect(await eventsOf(user)).toHaveLength(1)
    expect(await relationshipOf(user)).toMatchObject({ version: 2 })
  })
})

describe('the cursor', () => {
  const hourAt = (ms: number) => new Date(ms).toISOString().slice(0, 13)

  it('leaves an hour when it is over and empty, two minutes late', async () => {
    clock.nowMs = start + 2 * MINUTE
    await sweep()
    expect(await cursor()).toBe(hourAt(start))
    clock.nowMs = start + HOUR + 119 * SECOND
    await sweep()
    expect(await cursor()).toBe(hourAt(start))
    clock.nowMs = start + HOUR + 120 * SECOND
    await sweep()
    expect(await cursor()).toBe(hourAt(start + HOUR))
  })

  it('passes over many hours, and finds what stands in them', async () => {
    await sweep()
    const user = await planReminders(start + 12 * HOUR, after(1))
    for (const hours of [30, 30.1]) {
      clock.nowMs = start + hours * HOUR
      await sweep()
    }
    expect(await eventsOf(user)).toHaveLength(1)
    expect(await cursor()).toBe(hourAt(start + 30 * HOUR))
  })

  it('catches up with months in steps of two days', async () => {
    await sweep()
    clock.nowMs = start + 30 * DAY
    const user = await planReminders(start + 29 * DAY, after(29))
    for (let minutes = 0; minutes < 20; minutes++) {
      await sweep()
      clock.advance(MINUTE)
    }
    expect(await eventsOf(user)).toHaveLength(1)
  })

  it('finds what is due now while it still catches up with months', async () => {
    await sweep()
    clock.nowMs = start + 60 * DAY
    const left = await leaveMessage('push', clock.nowMs)
    clock.advance(MINUTE)
    await sweep()
    expect(queues.taken()).toMatchObject([{ body: left }])
  })

  it('follows a clock that went back', async () => {
    clock.nowMs = start + 10 * HOUR
    await sweep()
    clock.nowMs = start + 2 * HOUR
    const left = await leaveMessage('push', start + 2 * HOUR)
    await sweep()
    clock.advance(MINUTE)
    await sweep()
    expect(queues.taken()).toMatchObject([{ body: left }])
    expect(await cursor()).toBe(hourAt(start + 2 * HOUR))
  })

  it('is remembered for the next container', async () => {
    clock.nowMs = start + 2 * MINUTE
    await sweep()
    await startContainer()
    clock.nowMs = start + 40 * HOUR
    const user = await planReminders(start + 5 * HOUR, after(1))
    await sweep()
    expect(await eventsOf(user)).toHaveLength(1)
  })

  it('begins a day ago', async () => {
    const user = await planReminders(start - 20 * HOUR, after(1))
    await sweep()
    expect(await eventsOf(user)).toHaveLength(1)
  })
})

describe('a visit without a purchase', () => {
  const followUp = aScene('follow up', {
    triggers: [{ type: 'due', plan: { kind: 'followUp', delayS: 3600 } }],
  })
  const events = () => createEventRecords({ client: tables.client, ledger: tables.ledger }, SHARDS)
  const visited = async (): Promise<UserId> => {
    await stored.putScenes([followUp])
    const user = newCustomer()
    const { recordVisits } = createVisitStore(tables.client, tables.ledger, SHARDS)
    const times = { enteredAtMs: start, lastInsideAtMs: start + MINUTE, exitedAtMs: start + 2 * MINUTE }
    const plans = { scenesOf: () => [followUp] }
    await recordVisits(user, [aVisit(user, times)], plans, () => true, start + 5 * MINUTE)
    return user
  }
  const buy = (user: UserId) =>
    events().save(
      user,
      [
        {
          eventId: 'bought',
          type: 'purchase',
          at: new Date(start + 30 * MINUTE).toISOString(),
          merchantId: CAFE,
        },
      ],
      start + 30 * MINUTE,
    )

  it('is followed up after its delay, once', async () => {
    const user = await visited()
    expect(await nextOf(user)).toBe(start + HOUR + MINUTE)
    clock.nowMs = start + HOUR + MINUTE
    await Promise.all([sweep(), sweep()])
    await sweep()
    expect(await eventsOf(user)).toMatchObject([{ occasions: [{ plan: 'followUp 3600' }] }])
    expect(await relationshipOf(user)).not.toHaveProperty('duePk')
  })

  it('is not, where a purchase comes first', async () => {
    const user = await visited()
    await buy(user)
    clock.nowMs = start + HOUR + MINUTE
    await sweep()
    expect((await eventsOf(user)).filter(({ triggerKind }) => triggerKind === 'due')).toEqual([])
    expect(await relationshipOf(user)).not.toHaveProperty('duePk')
  })

  it('and a purchase, an erasure and sweeps at the same moment leave at most one event and no plan', async () => {
    for (let round = 0; round < 5; round++) {
      const user = await visited()
      clock.nowMs = start + HOUR + MINUTE
      const erase = createEraseCustomer(tables, async () => {})
      await Promise.all([sweep(), buy(user), sweep(), ...(round % 2 === 0 ? [erase(user, clock.nowMs)] : [])])
      await sweep()
      const raised = await eventsOf(user)
      expect(raised.filter(({ triggerKind }) => triggerKind === 'due').length).toBeLessThanOrEqual(1)
      const relationship = await relationshipOf(user)
      expect(relationship ?? {}).not.toHaveProperty('duePk')
      if (round % 2 === 0) expect(relationship).toBeUndefined()
    }
  })
})

describe('a first scan and a redemption', () => {
  it('begin their plans at once: the schedule looks within a minute', async () => {
    const plan = { kind: 'onboarding', delayS: 600 } as const
    await stored.putScenes([aScene('welcome', { triggers: [{ type: 'due', plan }] })])
    const user = newCustomer()
    const scan = (eventId: string, atMs: number) =>
      createEventRecords({ client: tables.client, ledger: tables.ledger }, SHARDS).save(
        user,
        [{ eventId, type: 'qr_scan', at: new Date(atMs).toISOString(), merchantId: CAFE }],
        atMs,
      )
    await scan('first', start)
    expect(await nextOf(user)).toBe(start)
    await sweep()
    expect(await nextOf(user)).toBe(start + 10 * MINUTE)
    await scan('second', start + MINUTE)
    expect(await nextOf(user)).toBe(start + 10 * MINUTE)
    clock.nowMs = start + 10 * MINUTE
    await sweep()
    const due = (await eventsOf(user)).filter(({ triggerKind }) => triggerKind === 'due')
    expect(due).toMatchObject([{ occasions: [{ occasion: 'onboarding' }] }])
  })
})

describe('after an outage', () => {
  it('at most so many a minute are raised, the oldest first, and messages do not wait', async () => {
    await sweep()
    const users: UserId[] = []
    for (let hour = 1; hour <= 6; hour++)
      for (let n = 0; n < 20; n++) users.push(await planReminders(start + hour * HOUR, after(1)))
    const dueAt = new Map(await Promise.all(users.map(async (user) => [user, await nextOf(user)] as const)))
    clock.nowMs = start + 9 * HOUR
    const left = await leaveMessage('push', clock.nowMs - MINUTE)
    const raisedSoFar = async () => new Set((await stored.ledgerItems('event')).map((item) => item['user']))
    await sweep()
    expect(queues.taken()).toMatchObject([{ body: left }])
    const first = await raisedSoFar()
    expect(first.size).toBe(100)
    const [oldest, latest] = [
      users.filter((user) => first.has(user)),
      users.filter((user) => !first.has(user)),
    ]
    const startOfHour = (user: UserId) => Math.floor((dueAt.get(user) ?? 0) / HOUR)
    expect(Math.max(...oldest.map(startOfHour))).toBeLessThanOrEqual(Math.min(...latest.map(startOfHour)))
    clock.advance(MINUTE)
    await sweep()
    expect((await raisedSoFar()).size).toBe(120)
  })
})
