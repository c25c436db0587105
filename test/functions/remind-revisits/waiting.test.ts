import { describe, expect, it } from 'vitest'
import { dueKey } from '#shared/contracts/items/ledger.ts'
import { waitersPk, waitingKey } from '#shared/contracts/items/waiting-list.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { aProfileItem, aTombstone, CAFE, HOUR, MINUTE, named, T0 } from '#test/support/builders.ts'
import { dueStoreOf } from '#test/support/due-store.ts'
import { createTables } from '#test/support/engine.ts'

const tables = await createTables()
const stored = storedIn(tables)
const due = dueStoreOf(tables, 1)
const hour = new Date(T0).toISOString().slice(0, 13)
const itemsDue = async (kind: string, nowMs = T0) =>
  (await due.dueIn(hour, 0, nowMs, undefined)).items.filter((item) => item.kind === kind)
const eventsOf = async (user: UserId) =>
  (await stored.ledgerItems('event')).filter((item) => item['user'] === user)

describe('a reminder that waited for an open hour', () => {
  const planned = { plan: 'afterLastVisit 7', plannedAtMs: T0 - 9 * HOUR, staleAfterS: 24 * 3600 }
  const later = (user: UserId) => ({
    pk: `U#${user}`,
    sk: 'LATER#due:1',
    kind: 'later',
    user,
    merchantId: CAFE,
    sceneId: named('scn', 'back'),
    occasion: 'after:7:1',
    againMs: T0,
    about: { kind: 'due', ...planned },
    timeZone: 'UTC',
    ...dueKey(T0, user, 0),
  })
  const raiseAll = async () => {
    for (const item of await itemsDue('later')) if (item.kind === 'later') await due.raiseLater(item, T0)
  }

  it('is raised again, once, with its new time and its old occasion', async () => {
    const user = named('usr', 'anna')
    await stored.putLedger(aProfileItem(user), later(user))
    const [item] = await itemsDue('later')
    if (item?.kind !== 'later') throw new Error('not due')
    await Promise.all([due.raiseLater(item, T0), due.raiseLater(item, T0)])
    expect(await eventsOf(user)).toMatchObject([
      {
        triggerKind: 'due',
        dueAtMs: T0,
        merchantId: CAFE,
        occasions: [{ sceneId: named('scn', 'back'), occasion: 'after:7:1', ...planned }],
      },
    ])
    expect(await itemsDue('later')).toEqual([])
  })

  it('of an erased customer is dropped', async () => {
    const user = named('usr', 'erased')
    await stored.putLedger(aTombstone({ pk: `U#${user}`, sk: 'PROFILE' }), later(user))
    await raiseAll()
    expect(await eventsOf(user)).toEqual([])
    expect(await itemsDue('later')).toEqual([])
  })
})

describe('an offer that customers wait for', () => {
  const offerId = named('off', 'awaited')
  const wait = async (name: string, sinceMs: number): Promise<UserId> => {
    const user = named('usr', name)
    await stored.putLedger(aProfileItem(user), {
      pk: `U#${user}`,
      sk: `WAIT#${offerId}`,
      kind: 'wait',
      user,
      merchantId: CAFE,
      sceneId: named('scn', 'awaited'),
      offerId,
      occasion: `vis ${name}`,
      merchantPk: waitersPk(CAFE, offerId),
      merchantSk: `${new Date(sinceMs).toISOString()}#${user}`,
    })
    return user
  }
  const look = async (nowMs: number) => {
    for (const item of await itemsDue('waiting', nowMs))
      if (item.kind === 'waiting') await due.serveWaiters(item, nowMs)
  }

  it('calls them up in the order in which they came, as many as units came back', async () => {
    await stored.putLedger(
      {
        ...waitingKey(offerId),
        kind: 'waiting',
        offerId,
        merchantId: CAFE,
        stockShards: 1,
        ...dueKey(T0, offerId, 0),
      },
      { pk: `OFFER#${offerId}#0`, sk: 'STOCK', kind: 'stock', offerId, free: 0, reserved: 2, confirmed: 0 },
    )
    const second = await wait('second', T0 - MINUTE)
    const first = await wait('first', T0 - 2 * MINUTE)
    const third = await wait('third', T0 - 30_000)
    await look(T0)
    expect(await stored.ledgerItems('event')).toHaveLength(1)
    await stored.addStock(offerId, 2)
    await look(T0 + MINUTE)
    for (const user of [first, second])
      expect(await eventsOf(user)).toMatchObject([{ triggerKind: 'restock', offerId }])
    expect(await eventsOf(third)).toEqual([])
    // Nobody else is called until the next look; when all are served, it ends.
    await look(T0 + 2 * MINUTE)
    expect(await eventsOf(third)).toHaveLength(1)
    await look(T0 + 3 * MINUTE)
    expect(await stored.ledgerItem(waitingKey(offerId).pk, 'WAITING')).not.toHaveProperty('duePk')
  })

  const switchTo = (killed: boolean) =>
    stored.putLedger({ pk: 'PLATFORM', sk: 'STATE', kind: 'platform', killed })
  it.each([
    ['its merchant is suspended', 5, () => stored.suspend(CAFE), () => stored.reinstate(CAFE)],
    ['all is switched off', 25, () => switchTo(true), () => switchTo(false)],
  ] as const)(
    'calls nobody up while %s, and everybody in turn afterwards',
    async (why, minutes, stop, goOn) => {
      const nowMs = T0 + minutes * MINUTE
      const user = await wait(why, nowMs - MINUTE)
      const noted = { kind: 'waiting', offerId, merchantId: CAFE, stockShards: 1, idleMs: HOUR }
      await stored.putLedger({ ...waitingKey(offerId), ...noted, ...dueKey(nowMs, offerId, 0) })
      await stored.addStock(offerId, 1)
      await stop()
      // Nothing tells when it is over: it is looked at every five minutes at least.
      await look(nowMs)
      await look(nowMs + 5 * MINUTE)
      expect(await eventsOf(user)).toEqual([])
      await goOn()
      await look(nowMs + 10 * MINUTE)
      expect(await eventsOf(user)).toMatchObject([{ triggerKind: 'restock', offerId }])
    },
  )

  it('is looked at for a minute after somebody came, whom the index may not list yet', async () => {
    const noted = { kind: 'waiting', offerId, merchantId: CAFE, stockShards: 1, notedAtMs: T0 }
    await stored.putLedger({ ...waitingKey(offerId), ...noted, ...dueKey(T0, offerId, 0) })
    const isDue = async () =>
      (await stored.ledgerItem(waitingKey(offerId).pk, 'WAITING'))?.['duePk'] !== undefined
    await look(T0 + MINUTE)
    expect(await isDue()).toBe(true)
    await look(T0 + 2 * MINUTE)
    expect(await isDue()).toBe(false)
  })
})
