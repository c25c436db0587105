import { describe, expect, it } from 'vitest'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { sweepDue } from '#functions/remind-revisits/sweep-due.ts'
import { replanCustomers } from '#functions/run-jobs/replan-customers.ts'
import { createSceneRecords } from '#shared/adapters/dynamodb/catalog/scene-records.ts'
import { createProfileRecords } from '#shared/adapters/dynamodb/customers/profile-records.ts'
import { createCurrentScenes } from '#shared/adapters/dynamodb/ledger/current-scenes.ts'
import { createGifts } from '#shared/adapters/dynamodb/ledger/gifts.ts'
import { createPlanCoupons } from '#shared/adapters/dynamodb/ledger/plan-coupons.ts'
import { createReadOccasions } from '#shared/adapters/dynamodb/ledger/plan-reader.ts'
import { createReplanRecords } from '#shared/adapters/dynamodb/ledger/replan-records.ts'
import { createSceneCache } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import { createVisitStore } from '#shared/adapters/dynamodb/ledger/visit-store.ts'
import { dueKey } from '#shared/contracts/items/ledger.ts'
import type { Preferences } from '#shared/domain/customers/customer.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { localDateOf } from '#shared/domain/schedule/local-time.ts'
import { setEnvironment } from '#test/functions/decide-offers/environment.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import {
  aRelationshipItem,
  aScene,
  aVisit,
  aVisitor,
  CAFE,
  DAY,
  HOUR,
  MINUTE,
  named,
  T0,
} from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { dueStoreOf } from '#test/support/due-store.ts'
import { createTables } from '#test/support/engine.ts'
import { newMerchant } from '#test/support/merchants.ts'

const tables = await createTables()
const stored = storedIn(tables)
const clock = setClock(T0)
const nowMs = () => clock.nowMs
setEnvironment({
  CATALOG_TABLE: tables.catalog,
  LEDGER_TABLE: tables.ledger,
  PLACE_INDEX: 'places',
  DUE_SHARDS: '1',
})
const scenes = createSceneRecords({ ...tables }, { nowMs, dueShards: 1 })
const author = { user: named('usr', 'owner'), role: 'owner', requestId: 'r', atMs: T0 } as const
const newRun = () => {
  const current = createCurrentScenes(
    tables.client,
    tables.catalog,
    createSceneCache(tables.client, tables.catalog),
  )
  const reader = createReadOccasions(tables.client, tables.ledger, current)
  return {
    nowMs,
    replans: createReplanRecords(
      tables.client,
      tables.ledger,
      1,
      reader,
      createGifts(tables.client, tables.ledger),
      createPlanCoupons(tables.client, tables.ledger, 1, current),
    ),
  }
}

let merchants = 0
/** A merchant with customers whose one visit was two days ago. */
const openShop = async (customers: number) => {
  merchants += 1
  const { id } = await newMerchant(merchantApi, 'owner', `Shop ${merchants}`)
  const merchantId = id as MerchantId
  const users = Array.from({ length: customers }, (_, index) => named('usr', `${merchants} ${index}`))
  for (const user of users)
    await stored.putLedger(aRelationshipItem(user, aVisitor(clock.nowMs - 2 * DAY), { merchantId }))
  return { merchantId, users }
}
const afterDays = (merchantId: MerchantId, days: number): Scene =>
  aScene(`after ${days} ${merchantId}`, {
    merchantId,
    triggers: [{ type: 'due', plan: { kind: 'afterLastVisit', days } }],
  })
const save = async (scene: Scene) => expect((await scenes.create(scene, author)).kind).toBe('saved')
const change = (scene: Scene, changes: Partial<Scene>) =>
  scenes.replace(scene.merchantId, scene.id, author, (current) => ({
    ...current,
    ...changes,
    revision: current.revision + 1,
  }))
const dueOf = async (user: UserId, merchantId: MerchantId): Promise<number | undefined> => {
  const item = await stored.ledgerItem(`U#${user}`, `M#${merchantId}`)
  return item?.['dueSk'] === undefined ? undefined : Date.parse(String(item['dueSk']).slice(0, 24))
}
const replanOf = (merchantId: MerchantId) => stored.ledgerItem(`M#${merchantId}`, 'REPLAN')
const askedAt = async (merchantId: MerchantId) => String((await replanOf(merchantId))?.['askedAt'])

describe('a changed plan', () => {
  it('is queued by the minute schedule, a minute later, and again when its run has crashed', async () => {
    const { merchantId } = await openShop(0)
    await save(afterDays(merchantId, 7))
    const queued: [string, string][] = []
    const sweep = () =>
      sweepDue(
        {
          due: dueStoreOf(tables, 1),
          queueMessage: async () => {},
          queueReplan: async (merchant, at) => {
            if (merchant === merchantId) queued.push([merchant, at])
          },
          dueShards: 1,
          maxReminders: 100,
          memory: {},
        },
        clock.nowMs,
      )
    await sweep()
    expect(queued).toEqual([])
    clock.advance(MINUTE)
    await Promise.all([sweep(), sweep()])
    expect(queued).toEqual([[merchantId, await askedAt(merchantId)]])
    clock.advance(15 * MINUTE)
    await sweep()
    expect(queued).toHaveLength(2)
  })

  it('reaches every customer, once; a second run moves nobody', async () => {
    const { merchantId, users } = await openShop(130)
    await save(afterDays(merchantId, 7))
    const job = {
      kind: 'replan',
      jobId: named('job', 'one'),
      merchantId,
      askedAt: await askedAt(merchantId),
    } as const
    const [one, two] = await Promise.all([replanCustomers(newRun(), job), replanCustomers(newRun(), job)])
    expect(one + two).toBe(130)
    for (const user of users) {
      const dueMs = (await dueOf(user, merchantId)) ?? 0
      expect(Math.abs(dueMs - (clock.nowMs + 5 * DAY))).toBeLessThanOrEqual(HOUR)
    }
    expect(await replanOf(merchantId)).toBeUndefined()
    expect(await replanCustomers(newRun(), job)).toBe(0)
  })

  it('goes on where a run stopped half way', async () => {
    const { merchantId, users } = await openShop(3)
    await save(afterDays(merchantId, 7))
    const at = await askedAt(merchantId)
    const run = newRun()
    await run.replans.stopAt(merchantId, at, { shard: 2 }, clock.nowMs)
    const job = { kind: 'replan', jobId: named('job', 'one'), merchantId, askedAt: at } as const
    await replanCustomers(run, job)
    const planned = await Promise.all(users.map((user) => dueOf(user, merchantId)))
    const inLater = await Promise.all(
      users.map(async (user) => {
        const item = await stored.ledgerItem(`U#${user}`, `M#${merchantId}`)
        return Number(String(item?.['merchantPk']).slice(-1)) >= 2
      }),
    )
    expect(planned.map((dueMs) => dueMs !== undefined)).toEqual(inLater)
  })

  it('that is paused takes the reminders away; a change of the text alone asks for nothing', async () => {
    const { merchantId, users } = await openShop(2)
    const scene = afterDays(merchantId, 7)
    await save(scene)
    const run = async () => {
      const job = {
        kind: 'replan',
        jobId: named('job', 'x'),
        merchantId,
        askedAt: await askedAt(merchantId),
      } as const
      return replanCustomers(newRun(), job)
    }
    expect(await run()).toBe(2)
    await change(scene, { name: 'Another name' })
    expect(await replanOf(merchantId)).toBeUndefined()
    await change(scene, { state: 'paused' })
    expect(await run()).toBe(2)
    for (const user of users) expect(await dueOf(user, merchantId)).toBeUndefined()
    await change(scene, { state: 'active' })
    expect(await run()).toBe(2)
    expect(await scenes.remove(merchantId, scene.id, author)).toBe('removed')
    expect(await run()).toBe(2)
    for (const user of users) expect(await dueOf(user, merchantId)).toBeUndefined()
  })

  it('of coupons reaches those that were given before it, and that are still held', async () => {
    const { merchantId, users } = await openShop(1)
    const [user] = users
    if (user === undefined) throw new Error('nobody')
    const endMs = clock.nowMs + 10 * HOUR
    const give = (state: string, given: object = {}) => {
      const grantId = named('grt', `${user} ${state} ${JSON.stringify(given)}`)
      const key = { pk: `U#${user}`, sk: `GRANT#${grantId}` }
      const validUntil = new Date(endMs).toISOString()
      const item = {
        ...key,
        kind: 'grant',
        user,
        grantId,
        merchantId,
        state,
        validUntil,
        ...dueKey(endMs, grantId, 0),
      }
      return stored.putLedger({ ...item, ...given }).then(() => key)
    }
    const held = await give('reserved')
    const claimed = await give('confirmed')
    const others = [
      await give('redeemed'),
      await give('reserved', { merchantId: CAFE }),
      await give('reserved', dueKey(clock.nowMs + HOUR, 'a reminder', 0)),
    ]
    const before = await Promise.all(others.map(({ pk, sk }) => stored.ledgerItem(pk, sk)))
    const plan = { kind: 'beforeOfferEnds', hours: 4 } as const
    await save(aScene(`ending ${merchantId}`, { merchantId, triggers: [{ type: 'due', plan }] }))
    const job = {
      kind: 'replan',
      jobId: named('job', 'coupons'),
      merchantId,
      askedAt: await askedAt(merchantId),
    } as const
    expect(await replanCustomers(newRun(), job)).toBe(1)
    for (const { pk, sk } of [held, claimed])
      expect(await stored.ledgerItem(pk, sk)).toMatchObject({
        dueSk: expect.stringContaining(new Date(endMs - 4 * HOUR).toISOString()),
        timeZone: 'America/Los_Angeles',
      })
    expect(await Promise.all(others.map(({ pk, sk }) => stored.ledgerItem(pk, sk)))).toEqual(before)
  })

  it('is not needed for a birthday that is told, changed or taken back: the next sweep plans for it', async () => {
    const { merchantId, users } = await openShop(1)
    const [user] = users
    if (user === undefined) throw new Error('nobody')
    const plan = { kind: 'anniversary', of: 'birthday', daysBefore: 0, hour: 9 } as const
    await save(aScene(`birthday ${merchantId}`, { merchantId, triggers: [{ type: 'due', plan }] }))
    const profiles = createProfileRecords({ ...tables })
    const sweep = () =>
      sweepDue(
        {
          due: dueStoreOf(tables, 1),
          queueMessage: async () => {},
          queueReplan: async () => {},
          dueShards: 1,
          maxReminders: 100,
          memory: {},
        },
        clock.nowMs,
      )
    const tell = async (preferences: Preferences) => {
      expect(await profiles.savePreferences(user, preferences, clock.nowMs, () => {})).toBe('saved')
      const asks = (await stored.ledgerItem(`U#${user}`, 'REPLAN')) !== undefined
      await Promise.all([sweep(), sweep()])
      expect(await stored.ledgerItem(`U#${user}`, 'REPLAN')).toBeUndefined()
      const dueMs = await dueOf(user, merchantId)
      return {
        asks,
        on: dueMs === undefined ? undefined : localDateOf(dueMs, 'America/Los_Angeles').slice(5),
      }
    }
    expect(await tell({ locale: 'en' })).toEqual({ asks: false, on: undefined })
    expect(await tell({ birthday: '08-09' })).toEqual({ asks: true, on: '08-09' })
    expect(await tell({ birthday: '08-09', locale: 'en' })).toEqual({ asks: false, on: '08-09' })
    expect(await tell({ birthday: '06-07' })).toEqual({ asks: true, on: '06-07' })
    expect(await tell({})).toEqual({ asks: true, on: undefined })
  })

  it('and a visit at once end in the same plan, whichever comes first', async () => {
    const { merchantId, users } = await openShop(12)
    const scene = afterDays(merchantId, 7)
    await save(scene)
    const { recordVisits } = createVisitStore(tables.client, tables.ledger, 1)
    const visit = (user: UserId) => {
      const enteredAtMs = clock.nowMs - HOUR
      const seen = { enteredAtMs, lastInsideAtMs: enteredAtMs + MINUTE, exitedAtMs: enteredAtMs + 2 * MINUTE }
      const visits = [aVisit(`${user}`, { merchantId, ...seen })]
      return recordVisits(user, visits, { scenesOf: () => [scene] }, () => true, clock.nowMs)
    }
    const job = {
      kind: 'replan',
      jobId: named('job', 'y'),
      merchantId,
      askedAt: await askedAt(merchantId),
    } as const
    await Promise.all([replanCustomers(newRun(), job), ...users.map(visit)])
    for (const user of users) {
      const dueMs = (await dueOf(user, merchantId)) ?? 0
      expect(Math.abs(dueMs - (clock.nowMs - HOUR + 7 * DAY))).toBeLessThanOrEqual(HOUR)
    }
  })
})
