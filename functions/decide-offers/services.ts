import type * as z from 'zod'
import type { decideOffersEnv } from '#functions/decide-offers/env.ts'
import type { TimerServices } from '#functions/decide-offers/fire-timer.ts'
import { decideAlone, type RecordServices } from '#functions/decide-offers/handle-record.ts'
import { createSurroundingsOf } from '#functions/decide-offers/surroundings-of.ts'
import { createZoneCache } from '#shared/adapters/dynamodb/catalog/zone-cache.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createReadAddedRules } from '#shared/adapters/dynamodb/ledger/added-rules.ts'
import { createConfirmGrants } from '#shared/adapters/dynamodb/ledger/confirm-grants.ts'
import { createDecisionStore } from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import { createGifts } from '#shared/adapters/dynamodb/ledger/gifts.ts'
import { createReadPlatform } from '#shared/adapters/dynamodb/ledger/platform-state.ts'
import { createSceneCache } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import { createVisitStore } from '#shared/adapters/dynamodb/ledger/visit-store.ts'
import { createWaitingList } from '#shared/adapters/dynamodb/ledger/waiting-list.ts'
import { createPresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import { createTileCache } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { createMessageQueue } from '#shared/adapters/sqs/message-queue.ts'
import { createQueueSender } from '#shared/adapters/sqs/queue-sender.ts'
import { smsCents } from '#shared/domain/messages/price.ts'
import { optOutOf } from '#shared/domain/messages/sms-text.ts'
import { SAMPLE_STOP_CODE } from '#shared/domain/messages/stop-code.ts'
import type { Limits } from '#shared/domain/scenes/facts.ts'
import { MESSAGE_KINDS } from '#shared/domain/scenes/scene.ts'
import { newCode } from '#shared/runtime/ids.ts'

const DAY_S = 86_400

/** @example kindCapsOf('offer=3') // { offer: [{ windowS: 86_400, max: 3 }] } */
const kindCapsOf = (text: string): Limits['kindCaps'] => {
  const max = new Map(text.split(',').map((part) => [part.split('=')[0], Number(part.split('=')[1])]))
  return Object.fromEntries(
    MESSAGE_KINDS.flatMap((kind) => {
      const most = max.get(kind)
      return most === undefined ? [] : [[kind, [{ windowS: DAY_S, max: most }]]]
    }),
  )
}

/** What decide-offers needs of the outside world. */
export const buildServices = (env: z.output<typeof decideOffersEnv>): RecordServices & TimerServices => {
  const client = createDocumentClient()
  const tiles = createTileCache(client, env.CATALOG_TABLE)
  const presence = createPresenceStore(
    client,
    { catalog: env.CATALOG_TABLE, presence: env.PRESENCE_TABLE },
    tiles,
  )
  const readPlatform = createReadPlatform(client, env.LEDGER_TABLE)
  const decisions = createDecisionStore(
    client,
    { catalog: env.CATALOG_TABLE, ledger: env.LEDGER_TABLE },
    createSceneCache(client, env.CATALOG_TABLE),
    readPlatform,
    createReadAddedRules(client, env.CATALOG_TABLE, readPlatform),
    {
      dueShards: env.DUE_SHARDS,
      pushPlatforms: new Set(env.PUSH_PLATFORMS.split(',').filter((platform) => platform !== '')),
    },
  )
  const { recordVisits } = createVisitStore(client, env.LEDGER_TABLE, env.DUE_SHARDS)
  const waiting = createWaitingList(client, env.LEDGER_TABLE, env.DUE_SHARDS)
  const zonesAt = createZoneCache({ client, catalog: env.CATALOG_TABLE })
  const send = createQueueSender()
  const smsTerms = {
    optOut: optOutOf(env.SMS_OPT_OUT_URL, SAMPLE_STOP_CODE),
    partPriceUsd: env.SMS_PART_PRICE_USD,
  }
  const services: RecordServices = {
    loadFacts: decisions.loadFacts,
    readPhones: decisions.readPhones,
    readCoupon: decisions.readCoupon,
    readStock: decisions.readStock,
    hasWaiters: waiting.hasWaiters,
    noteWaiters: waiting.note,
    surroundingsOf: createSurroundingsOf(presence.read, zonesAt),
    gifts: createGifts(client, env.LEDGER_TABLE),
    storeDecision: decisions.store,
    queueMessage: createMessageQueue(send, { push: env.PUSH_QUEUE_URL, sms: env.SMS_QUEUE_URL }),
    queueJob: (job, signal) => send(env.JOBS_QUEUE_URL, [{ body: job }], signal),
    newCode,
    smsCents: (sms, kind, locale) => smsCents(sms, kind, locale, smsTerms),
    random: Math.random,
    limits: {
      platformCaps: [{ windowS: DAY_S, max: env.PLATFORM_CAP_PER_DAY }],
      merchantCaps: [{ windowS: DAY_S, max: env.MERCHANT_CAP_PER_DAY }],
      kindCaps: kindCapsOf(env.KIND_CAPS_PER_DAY),
      maxPressure: env.MAX_PRESSURE,
      slotS: env.SLOT_S,
    },
    arm: (timers, nowMs, signal) =>
      send(
        env.TIMERS_QUEUE_URL,
        timers.map((timer) => ({ body: timer, delayS: (timer.dueAtMs - nowMs) / 1000 })),
        signal,
      ),
    recordVisits,
    confirmVisited: createConfirmGrants(client, env.LEDGER_TABLE).confirmVisited,
    loadAround: presence.load,
    geofencesAt: tiles.geofencesAt,
  }
  return {
    ...services,
    readPresence: presence.read,
    writePresence: presence.write,
    rearm: (timer, delayS, signal) => send(env.TIMERS_QUEUE_URL, [{ body: timer, delayS }], signal),
    decide: (trigger, nowMs, signal) => decideAlone(services, [trigger], nowMs, signal),
  }
}
