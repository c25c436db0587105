import { createCurrentScenes } from '#shared/adapters/dynamodb/ledger/current-scenes.ts'
import { createDueStore, type DueStore } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import { createSceneCache } from '#shared/adapters/dynamodb/ledger/scene-cache.ts'
import type { TestTables } from '#test/support/engine.ts'

/** The due index over the tables of a test, as the minute schedule uses it. */
export const dueStoreOf = ({ client, catalog, ledger }: TestTables, dueShards: number): DueStore =>
  createDueStore(
    client,
    ledger,
    dueShards,
    createCurrentScenes(client, catalog, createSceneCache(client, catalog)),
  )
