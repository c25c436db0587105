import type * as z from 'zod'
import type { matchPingsEnv } from '#functions/match-pings/env.ts'
import type { MatchPingsServices } from '#functions/match-pings/match-pings.ts'
import { createDocumentClient } from '#shared/adapters/dynamodb/client.ts'
import { createPresenceStore } from '#shared/adapters/dynamodb/presence/presence-store.ts'
import { createTileCache } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'

/** What match-pings needs of the outside world. */
export const buildServices = (env: z.output<typeof matchPingsEnv>): MatchPingsServices => {
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
