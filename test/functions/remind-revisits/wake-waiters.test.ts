import { describe, expect, test } from 'vitest'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { sweepDue } from '#functions/remind-revisits/sweep-due.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { createGifts } from '#shared/adapters/dynamodb/ledger/gifts.ts'
import { dueKey } from '#shared/contracts/items/ledger.ts'
import { waitersPk, waitingKey } from '#shared/contracts/items/waiting-list.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { aProfileItem, DAY, HOUR, MINUTE, named } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { dueStoreOf } from '#test/support/due-store.ts'
import { createTables } from '#test/support/engine.ts'
import { giveGrant } from '#test/support/grants.ts'
import { callApi } from '#test/support/http-event.ts'
import { created, newMerchant, offerBody } from '#test/support/merchants.ts'
import { withWrites } from '#test/support/write-log.ts'

const tables = await createTables()
Object.assign(process.env, {
  CATALOG_TABLE: tables.catalog,
  LEDGER_TABLE: tables.ledger,
  PLACE_INDEX: 'places',
})
const stored = storedIn(tables)
const clock = setClock(Date.UTC(2026, 10, 22, 10))
const { id: merchantId } = await newMerchant(merchantApi, 'owner')
const memory = {}
const sweep = (client = tables.client) =>
  sweepDue(
    {
      due: dueStoreOf({ ...tables, client }, 1),
      queueMessage: async () => {},
      queueReplan: async () => {},
      dueShards: 1,
      maxReminders: 1000,
      memory,
    },
    clock.nowMs,
  )

const offerOf = (changes: Readonly<Record<string, unknown>> = {}): Promise<Offer> =>
  created(merchantApi, 'POST /v1/merchants/{merchantId}/offers', {
    subject: 'owner',
    path: { merchantId },
    body: offerBody({ stock: 0, hasWaitingList: true, ...changes }),
  })
const call = async (routeKey: string, offer: Offer, body: unknown) => {
  const path = { merchantId, offerId: offer.id }
  const { status } = await callApi(merchantApi, routeKey, { subject: 'owner', path, body })
  expect(status).toBe(200)
}
const OFFER = '/v1/merchants/{merchantId}/offers/{offerId}'
const topUp = (offer: Offer, add = 1) => call(`POST ${OFFER}/stock-changes`, offer, { add })

let waiters = 0
const newWaiter = async (offer: Offer) => {
  waiters += 1
  const user = named('usr', `waiter ${waiters}`)
  await stored.putLedger(aProfileItem(user), {
    pk: `U#${user}`,
    sk: `WAIT#${offer.id}`,
    kind: 'wait',
    user,
    merchantId,
    sceneId: named('scn', 'awaited'),
    offerId: offer.id,
    occasion: `vis ${waiters}`,
    merchantPk: waitersPk(merchantId, offer.id),
    merchantSk: `${new Date(clock.nowMs).toISOString()}#${user}`,
  })
  return user
}
/** Somebody has waited for so long that the offer is looked at once an hour; next in so many minutes. */
const awaited = async (offer: Offer, nextInMinutes = 50) => {
  const user = await newWaiter(offer)
  await stored.putLedger({
    ...waitingKey(offer.id),
    kind: 'waiting',
    offerId: offer.id,
    merchantId,
    stockShards: offer.stockShards,
    notedAtMs: clock.nowMs - DAY,
    idleMs: HOUR,
    ...dueKey(clock.nowMs + nextInMinutes * MINUTE, offer.id, 0),
  })
  return user
}
const waitingOf = ({ id }: Offer) => stored.ledgerItem(`OFFER#${id}`, 'WAITING')
const nextLookMs = async (offer: Offer) =>
  Date.parse(String((await waitingOf(offer))?.['dueSk']).slice(0, 24))
const callsOf = async (user: string) =>
  (await stored.ledgerItems('event')).filter((item) => item['user'] === user).length

test('nobody is served for a day: the offer is looked at, and written, less and less often', async () => {
  const offer = await offerOf()
  await newWaiter(offer)
  await stored.putLedger({
    ...waitingKey(offer.id),
    kind: 'waiting',
    offerId: offer.id,
    merchantId,
    stockShards: 1,
    ...dueKey(clock.nowMs, offer.id, 0),
  })
  const start = clock.nowMs
  const minutes: number[] = []
  const { writes } = await withWrites(async () => {
    for (let looks = 0; looks < 100 && (await nextLookMs(offer)) < start + DAY; looks += 1) {
      clock.nowMs = await nextLookMs(offer)
      minutes.push((clock.nowMs - start) / MINUTE)
      await sweep()
    }
  })
  expect(minutes.slice(0, 9)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183])
  expect(writes.filter((write) => write.includes('WAITING'))).toHaveLength(minutes.length)
  expect(minutes.length).toBeLessThan(32)
})

describe('a unit that returns', () => {
  const holder = async (offer: Offer, name: string) => {
    const user = named('usr', name)
    const { grantId } = await giveGrant(tables.client, tables.ledger, {
      user,
      merchantId,
      offerId: offer.id,
      code: `HELD${name.toUpperCase()}`,
      grantedAtMs: clock.nowMs,
      validityS: 60,
    })
    await stored.putLedger(aProfileItem(user))
    return { user, grantKey: { pk: `U#${user}`, sk: `GRANT#${grantId}` }, grantId }
  }
  type Way = {
    readonly changes?: Readonly<Record<string, unknown>>
    readonly back: (offer: Offer) => Promise<unknown>
  }
  const ways: Readonly<Record<string, Way>> = {
    'by a top-up': { back: (offer) => topUp(offer) },
    'by another stock of the offer': {
      back: (offer) => call(`PUT ${OFFER}`, offer, offerBody({ stock: 3, hasWaitingList: true })),
    },
    'as a code of a list': {
      changes: { codes: 'list' },
      back: (offer) => call(`POST ${OFFER}/codes`, offer, { codes: ['SUMMER-1'] }),
    },
    'from a grant whose time is over': {
      changes: { stock: 1 },
      back: async (offer) => {
        const { grantKey, grantId } = await holder(offer, 'expired')
        clock.advance(2 * MINUTE)
        await stored.change(grantKey.pk, grantKey.sk, {
          tallies: [],
          ...dueKey(clock.nowMs, grantId, 0),
        })
        await sweep()
        expect(await stored.ledgerItem(grantKey.pk, grantKey.sk)).toMatchObject({ state: 'released' })
      },
    },
    'from a gift that nobody took': {
      changes: { stock: 1 },
      back: async (offer) => {
        const user = named('usr', 'gifted')
        const name = { sceneId: named('scn', 'gift'), occasion: 'christmas:2026' }
        const gifts = createGifts(tables.client, tables.ledger)
        const occasion = { ...name, dueAtMs: clock.nowMs, staleAfterS: 3600 }
        await gifts.reserve({ user, merchantId, occasion }, offer, 1)
        expect(await gifts.find(user, name)).toBeDefined()
        await gifts.release(user, name, clock.nowMs)
      },
    },
    'from a customer who is erased': {
      changes: { stock: 1 },
      back: async (offer) => {
        const { user } = await holder(offer, 'erased')
        await createEraseCustomer(tables, async () => {})(user, clock.nowMs)
      },
    },
  }

  test.each(Object.entries(ways))('%s is offered with the next minute', async (_, { changes, back }) => {
    const offer = await offerOf(changes)
    const user = await awaited(offer)
    await back(offer)
    expect(await waitingOf(offer)).toMatchObject({ wakes: 1 })
    expect(await waitingOf(offer)).not.toHaveProperty('idleMs')
    clock.advance(MINUTE)
    await sweep()
    expect(await callsOf(user)).toBe(1)
    // One who is called up may let it pass: the next look is a minute later.
    expect(await nextLookMs(offer)).toBe(clock.nowMs + MINUTE)
  })

  test('wakes nobody where nobody waits, nor where stock is taken away', async () => {
    const lonely = await offerOf()
    await topUp(lonely, 2)
    expect(await waitingOf(lonely)).toBeUndefined()
    const ended = await offerOf()
    await stored.putLedger({ ...waitingKey(ended.id), kind: 'waiting', offerId: ended.id })
    await topUp(ended)
    expect(await waitingOf(ended)).not.toHaveProperty('duePk')
    const shrunk = await offerOf({ stock: 2 })
    await awaited(shrunk)
    await topUp(shrunk, -1)
    expect(await waitingOf(shrunk)).toMatchObject({ idleMs: HOUR })
  })
})

describe('a unit that returns while the sweep looks', () => {
  /** A client that does something before the call of its own that has this number. */
  const interrupted = (at: number, meanwhile: () => Promise<unknown>) => {
    const client = createDocumentClient()
    let calls = 0
    client.middlewareStack.add(
      (next) => async (args) => {
        calls += 1
        if (calls === at) await meanwhile()
        return next(args)
      },
      { step: 'initialize', name: 'interrupt' },
    )
    return { client, count: () => calls }
  }

  test.each([
    ['a while after it was due', 30],
    ['in the very millisecond in which it was due', 0],
  ])('is lost at no moment of it, %s', async (_, lateS) => {
    let moments = 0
    for (let at = 1; at < 40; at += 1) {
      const offer = await offerOf()
      const user = await awaited(offer, 0)
      clock.advance(lateS * 1000)
      const { client, count } = interrupted(at, () => topUp(offer))
      await sweep(client)
      if (count() < at) break
      moments += 1
      for (let minute = 0; minute < 2; minute += 1) {
        clock.advance(MINUTE)
        await sweep()
      }
      expect([at, await callsOf(user)]).toEqual([at, 1])
    }
    // The list of what is due, the stock, who waits, and the note of the next look.
    expect(moments).toBeGreaterThanOrEqual(4)
  })
})
