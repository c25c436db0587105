import { randomInt } from 'node:crypto'
import type * as z from 'zod'
import type { decideOffersEnv } from '#functions/decide-offers/env.ts'
import type { TimerServices } from '#functions/decide-offers/fire-timer.ts'
import { decideOne, type RecordServices } from '#functions/decide-offers/handle-record.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createDecisionStore } from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import { createSceneCache } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import { createVisitStore } from '#shared/adapters/dynamodb/ledger/visit-store.ts'
import { createPresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import { createTileCache } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { createMessageQueue } from '#shared/adapters/sqs/message-queue.ts'
import { createQueueSender } from '#shared/adapters/sqs/queue-sender.ts'

// Crockford's base 32: read aloud and typed without mistakes.
const CODE_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const newCode = (): string => {
  const draw = () => Array.from({ length: 5 }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join('')
  return `${draw()}-${draw()}`
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
  const decisions = createDecisionStore(
    client,
    { catalog: env.CATALOG_TABLE, ledger: env.LEDGER_TABLE },
    createSceneCache(client, env.CATALOG_TABLE),
    {
      dueShards: env.DUE_SHARDS,
      pushPlatforms: new Set(env.PUSH_PLATFORMS.split(',').filter((platform) => platform !== '')),
    },
  )
  const { recordVisits } = createVisitStore(client, env.LEDGER_TABLE, env.DUE_SHARDS)
  const send = createQueueSender()
  const services: RecordServices = {
    loadFacts: decisions.loadFacts,
    hasPushDevice: decisions.hasPushDevice,
    freeStock: decisions.freeStock,
    storeDecision: decisions.store,
    queueMessage: createMessageQueue(send, { push: env.PUSH_QUEUE_URL, sms: env.SMS_QUEUE_URL }),
    newCode,
    random: Math.random,
    limits: { platformCapPerDay: env.PLATFORM_CAP_PER_DAY },
    arm: (timers, nowMs, signal) =>
      send(
        env.TIMERS_QUEUE_URL,
        timers.map((timer) => ({ body: timer, delayS: (timer.dueAtMs - nowMs) / 1000 })),
        signal,
      ),
    recordVisits,
    loadAround: presence.load,
    geofencesAt: tiles.geofencesAt,
  }
  return {
    ...services,
    readPresence: presence.read,
    writePresence: presence.write,
    rearm: (timer, delayS, signal) => send(env.TIMERS_QUEUE_URL, [{ body: timer, delayS }], signal),
    decide: (trigger, nowMs, signal) => decideOne(services, trigger, nowMs, signal),
  }
}
