import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { decideTriggers } from '#functions/decide-offers/decide-triggers.ts'
import { decideOffersEnv } from '#functions/decide-offers/env.ts'
import { buildServices } from '#functions/decide-offers/services.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import { rankFairly } from '#shared/domain/scenes/score.ts'
import { newsOf, startDecideOffers } from '#test/functions/decide-offers/decide-offers.ts'
import {
  aDeviceItem,
  anEnter,
  anOffer,
  aProfileItem,
  aScene,
  named,
  SECOND,
  T0,
} from '#test/support/builders.ts'

const { stored, deliver, queues, queuedOn, clock } = await startDecideOffers({ SLOT_S: '60' })
const services = buildServices(decideOffersEnv.parse(process.env))

let customers = 0
const newCustomer = async (): Promise<UserId> => {
  customers += 1
  const user = named('usr', `crowd ${customers}`)
  await stored.putLedger(aProfileItem(user), aDeviceItem(user, 'pixel'))
  return user
}
const itemsOf = async (user: UserId, kind: string) =>
  (await stored.ledgerItems(kind)).filter((item) => item['user'] === user)

type Entry = { sceneId: string; merchantId: string; result: string; score?: number; winnerScore?: number }
const entriesOf = async (user: UserId): Promise<Entry[]> =>
  (await itemsOf(user, 'trace')).flatMap((trace) => trace['outcomes'] as Entry[])
const triggered = async (sceneId: string): Promise<number> =>
  (await stored.countsOf(sceneId))['triggered'] ?? 0

beforeEach(() => {
  clock.nowMs = T0
  queues.taken()
})

describe('a presence write that reaches more scenes than one transaction takes', () => {
  it('is decided over all of them together: of equal scores the one draw of all wins', async () => {
    const merchants = Array.from({ length: 60 }, (_, index) => named('mer', `square ${index}`))
    await stored.putScenes(merchants.map((merchantId, index) => aScene(`square ${index}`, { merchantId })))
    for (let round = 0; round < 6; round++) {
      const user = await newCustomer()
      const news = newsOf(user, {
        transitions: merchants.map((merchantId, index) => ({
          merchantId,
          visitId: named('vis', `${user} ${index}`),
          geofenceId: named('gf', `square ${index}`),
        })),
      })
      expect(await deliver(news)).toEqual([])
      const entries = await entriesOf(user)
      expect(entries).toHaveLength(60)
      const told = (await itemsOf(user, 'trace')).flatMap(
        (trace) => trace['outcomes'] as (Entry & { occasion: string })[],
      )
      const [best] = rankFairly(
        told,
        ({ score = 0, merchantId, sceneId, occasion }) => ({
          score,
          merchantId: merchantId as MerchantId,
          sceneId: sceneId as ReturnType<typeof named<'scn'>>,
          occasion,
        }),
        user,
      )
      expect(entries.filter(({ result }) => result === 'granted')).toMatchObject([{ sceneId: best?.sceneId }])
      expect(entries.filter(({ result }) => result === 'outranked')).toHaveLength(59)
    }
  })
})

describe('a decision in parts, after a crash at any point and an edit meanwhile', () => {
  class Crash extends Error {}
  type Crowd = {
    readonly user: UserId
    readonly merchants: readonly MerchantId[]
    readonly scenes: readonly ReturnType<typeof aScene>[]
  }

  /** 6 merchants with 20 scenes each: 120 scenes, which take at least two transactions. */
  const crowd = async (best: number, isSoldOut: boolean): Promise<Crowd> => {
    const user = await newCustomer()
    const merchants = Array.from({ length: 6 }, (_, index) => named('mer', `${user} ${index}`))
    const scenes = Array.from({ length: 120 }, (_, index) => {
      const merchantId = merchants[index % 6] ?? named('mer', 'none')
      const offerId = index === best && isSoldOut ? { offerId: named('off', `${user} gone`) } : {}
      return aScene(`${user} ${index}`, { merchantId, priority: index === best ? 90 : 50, ...offerId })
    })
    const owner = scenes[best]?.merchantId ?? named('mer', 'none')
    await stored.putScenes(
      scenes,
      isSoldOut ? [anOffer(`${user} gone`, { merchantId: owner, stock: 0 })] : [],
    )
    return { user, merchants, scenes }
  }

  const decideOnce = async ({ user, merchants }: Crowd, crashAt: number, isBefore: boolean) => {
    let stores = 0
    const triggers = merchants.map((merchantId) => anEnter({ user, merchantId, visitId: named('vis', user) }))
    const crash = () => {
      throw new Crash()
    }
    const facts = await services.loadFacts(user, merchants, clock.nowMs)
    await decideTriggers(
      {
        ...services,
        storeDecision: async (...args) => {
          const isNow = stores++ === crashAt
          if (isNow && isBefore) crash()
          const answer = await services.storeDecision(...args)
          if (isNow) crash()
          return answer
        },
      },
      user,
      triggers,
      facts,
      clock.nowMs,
    ).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error
    })
  }

  it('counts every scene once, and at most one of them speaks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          best: fc.nat({ max: 119 }),
          isSoldOut: fc.boolean(),
          isMuted: fc.boolean(),
          crashes: fc.array(fc.record({ at: fc.nat({ max: 4 }), isBefore: fc.boolean() }), {
            minLength: 1,
            maxLength: 3,
          }),
          isEdited: fc.boolean(),
          waitS: fc.constantFrom(1, 61),
        }),
        async ({ best, isSoldOut, isMuted, crashes, isEdited, waitS }) => {
          clock.nowMs = T0
          queues.taken()
          const all = await crowd(best, isSoldOut)
          const { user, merchants, scenes } = all
          if (isMuted)
            await stored.putLedger(aProfileItem(user, { preferences: { mutedMerchants: merchants } }))
          for (const { at, isBefore } of crashes) {
            await decideOnce(all, at, isBefore)
            clock.advance(waitS * SECOND)
            // Nobody spoke in the first part: nobody does afterwards.
            if (isMuted && (await itemsOf(user, 'trace')).length > 0)
              await stored.putLedger(aProfileItem(user))
            if (isEdited)
              await stored.putScenes(
                Array.from({ length: 30 }, (_, index) =>
                  aScene(`${user} new ${at} ${index}`, {
                    merchantId: merchants[index % 6] ?? user,
                    priority: 99,
                  } as object),
                ),
              )
          }
          await decideOnce(all, Infinity, false)

          const grants = await itemsOf(user, 'grant')
          expect(grants.length).toBeLessThanOrEqual(1)
          const messages = new Set(queuedOn('push').map(({ body }) => JSON.stringify(body)))
          expect(messages.size).toBe(grants.length)
          const entries = await entriesOf(user)
          const seen = entries.map(({ sceneId }) => sceneId)
          expect(new Set(seen).size).toBe(seen.length)
          expect(seen).toEqual(expect.arrayContaining(scenes.map(({ id }) => id)))
          expect(entries.filter(({ result }) => result === 'granted')).toHaveLength(grants.length)
          for (const index of [0, best, 119]) expect(await triggered(scenes[index]?.id ?? '')).toBe(1)
          const losers = entries.filter(({ result }) => result === 'outranked')
          if (grants.length === 0) expect(losers).toEqual([])
        },
      ),
      { numRuns: 6, seed: Number(process.env['BECKON_SEED'] ?? Date.now()) },
    )
  }, 600_000)
})
