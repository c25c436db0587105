import { matchPingsEnv } from '#functions/match-pings/env.ts'
import type { MatchPingsServices } from '#functions/match-pings/match-pings.ts'
import { routes } from '#functions/match-pings/routes.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createPresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import { createTileCache } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { httpHandler } from '#shared/runtime/http/http-handler.ts'
import { lazy } from '#shared/runtime/lazy.ts'

// Cold start only.
const buildServices = (): MatchPingsServices => {
  const env = parseEnv(matchPingsEnv, process.env)
  const client = createDocumentClient()
  const tiles = createTileCache(client, env.CATALOG_TABLE)
  const tables = { catalog: env.CATALOG_TABLE, presence: env.PRESENCE_TABLE }
  const presence = createPresenceStore(client, tables, tiles)
  return {
    readPresence: presence.read,
    writePresence: presence.write,
    geofencesAt: tiles.geofencesAt,
    listedAt: tiles.listedAt,
  }
}

// Called by AWS: with requests of the HTTP API.
export const handler = httpHandler({ name: 'match-pings', routes, services: lazy(buildServices) })
