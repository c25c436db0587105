import { afterAll, describe, expect, it } from 'vitest'
import { type DynamodbProxy, startDynamodbProxy } from '#local/peers/dynamodb-proxy.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import {
  aDeviceItem,
  anOffer,
  aProfileItem,
  aScene,
  named,
  SAN_FRANCISCO,
  T0,
} from '#test/support/builders.ts'

// BECKON_CLAIMS=10000 takes half an hour on two cores.
const CLAIMS = Number(process.env['BECKON_CLAIMS'] ?? 300)
const AT_ONCE = 40
// Conflicts on a hot item make records fail and come again; nobody needs to read of each.
process.env['POWERTOOLS_METRICS_DISABLED'] = 'true'
const STOCK = 100

const { tables, stored, deliver, queuedOn } = await startDecideOffers({ SLOT_S: '60' })
const proxy: DynamodbProxy = await startDynamodbProxy({ target: tables.url, plan: 'meter', seed: 4 })
process.env['AWS_ENDPOINT_URL_DYNAMODB'] = proxy.url
afterAll(() => proxy.close())

const ROUGH = { cancelOverlappingTransactions: true, staleReads: 0.3, throttle: 0.005 }

const customer = async (name: string): Promise<UserId> => {
  const user = named('usr', name)
  await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'pixel'))
  return user
}

/** An app event as customer-api leaves it. */
const claim = (user: UserId, merchantId: string, eventId: string) => ({
  pk: `U#${user}`,
  sk: `EVENT#${eventId}`,
  kind: 'event',
  triggerKind: 'event',
  user,
  eventId,
  type: 'qr_scan',
  at: new Date(T0).toISOString(),
  merchantId,
  timeZone: SAN_FRANCISCO,
})

/** Does all of it, so many at a time; what fails comes again, as from a stream. */
const inParallel = async (tasks: readonly (() => Promise<string[]>)[]): Promise<void> => {
  const next = tasks.values()
  const work = async () => {
    for (const task of next) {
      for (let attempt = 0; attempt < 20; attempt++) if ((await task()).length === 0) break
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

describe.each([
  ['one shard', 1],
  ['16 shards', 16],
])('%s of a stock of 100, with conflicts and stale reads', (_, stockShards) => {
  it(`gives exactly 100 to ${CLAIMS} claims at once, and costs later ones no cancelled transaction (I6)`, async () => {
    const merchantId = named('mer', `claims ${stockShards}`)
    const offer = anOffer(`claims ${stockShards}`, { merchantId, stock: STOCK, stockShards })
    const triggers = [{ type: 'event' as const, eventType: 'qr_scan' as const }]
    const scene = aScene(`claims ${stockShards}`, { merchantId, offerId: offer.id, triggers })
    await stored.putScenes([scene], [offer])
    const users: UserId[] = []
    for (let n = 0; n < CLAIMS; n++) users.push(await customer(`claimant ${stockShards} ${n}`))

    proxy.setPlan(ROUGH)
    await inParallel(users.map((user) => () => deliver(claim(user, merchantId, 'claim'))))
    proxy.setPlan('meter')

    expect(await stored.stockOf(offer.id)).toEqual({ free: 0, reserved: STOCK, confirmed: 0 })
    const counts = await stored.countsOf(scene.id)
    expect(counts).toMatchObject({
      triggered: CLAIMS,
      granted: STOCK,
      suppressed_soldOut: CLAIMS - STOCK,
    })
    // A cancelled transaction costs as much as one that is done: a late claim costs as much as one without consent.
    const costOf = async (user: UserId): Promise<number | undefined> => {
      proxy.reset()
      expect(await deliver(claim(user, merchantId, 'late'))).toEqual([])
      return proxy.units()[tables.ledger]?.write
    }
    const late = await customer(`late ${stockShards}`)
    const unwilling = named('usr', `unwilling ${stockShards}`)
    await stored.putLedger(aProfileItem(unwilling, { consents: {} }))
    const plain = await costOf(unwilling)
    expect(plain).toBeGreaterThan(0)
    expect(await costOf(late)).toBe(plain)
    expect(await stored.countsOf(scene.id)).toMatchObject({
      suppressed_soldOut: CLAIMS - STOCK + 1,
      suppressed_consent: 1,
    })
  }, 1_800_000)
})

describe('two functions that race for a customer’s last slot, with conflicts and stale reads', () => {
  it('send one message, however often it is tried (I3, I4)', async () => {
    const names = ['left', 'right']
    await stored.putScenes(names.map((name) => aScene(name, { merchantId: named('mer', name) })))
    const enter = (user: UserId, name: string) =>
      newsOf(user, {
        transitions: [{ merchantId: named('mer', name), visitId: named('vis', `${user} ${name}`) }],
      })
    const users: UserId[] = []
    for (let n = 0; n < 60; n++) users.push(await customer(`racer ${n}`))
    queuedOn('push')
    proxy.setPlan(ROUGH)
    await inParallel(users.flatMap((user) => names.map((name) => () => deliver(enter(user, name)))))
    proxy.setPlan('meter')
    const grants = (await stored.ledgerItems('grant')).filter((item) =>
      users.some((user) => user === item['user']),
    )
    expect(Map.groupBy(grants, ({ user }) => user).size).toBe(60)
    expect(grants).toHaveLength(60)
    const messages = new Set(queuedOn('push').map(({ body }) => JSON.stringify(body)))
    expect(messages.size).toBe(60)
    const results = (await stored.ledgerItems('trace'))
      .filter((item) => users.some((user) => user === item['user']))
      .flatMap((item) => (item['outcomes'] as { result: string }[]).map(({ result }) => result))
    expect(results.filter((result) => result === 'outranked')).toHaveLength(60)
  }, 300_000)
})
