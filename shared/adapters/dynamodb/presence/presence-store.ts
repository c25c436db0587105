import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { isConditionFailure } from '#shared/adapters/dynamodb/condition-failure.ts'
import { type TileCache, versionsOf } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { batchGetAll } from '#shared/adapters/dynamodb/transactions.ts'
import { parsePresence, presenceItem, type StoredPresence } from '#shared/contracts/items/presence.ts'
import type { Position } from '#shared/domain/geo/geofence.ts'
import { tilesAt } from '#shared/domain/geo/tiles.ts'
import type { UserId } from '#shared/domain/ids.ts'
import type { Folded } from '#shared/domain/presence/fold.ts'

export type PresenceStore = {
  /**
   * Reads a customer's presence and, in the same request, brings the tiles around `positions` up to date; then those
   * around the fixes that presence holds.
   *
   * @throws {BusyError} when the tables do not answer
   */
  readonly read: (
    user: UserId,
    positions: readonly Position[],
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<StoredPresence>
  /** Writes over the version that was read; `conflict` when somebody else wrote meanwhile (or erased the customer). */
  readonly write: (
    user: UserId,
    readVersion: number,
    folded: Folded,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'written' | 'conflict'>
}

type Tables = { readonly catalog: string; readonly presence: string }

/** Presence over DynamoDB, with the container's cache of tiles beside it. */
export const createPresenceStore = (
  client: DynamoDBDocumentClient,
  tables: Tables,
  tiles: TileCache,
): PresenceStore => {
  const tileKeys = (names: readonly string[]) => names.map((name) => ({ pk: `TILE#${name}`, sk: 'VERSION' }))

  const readVersions = async (
    names: readonly string[],
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<void> => {
    if (names.length === 0) return
    const [heads = []] = await batchGetAll(client, [{ table: tables.catalog, keys: tileKeys(names) }], {
      random: Math.random,
      signal,
    })
    await tiles.refresh(versionsOf(names, heads), nowMs, signal)
  }

  return {
    read: async (user, positions, nowMs, signal) => {
      const stale = tiles.stale(positions.flatMap(tilesAt), nowMs)
      const [[item] = [], heads = []] = await batchGetAll(
        client,
        [
          { table: tables.presence, keys: [{ pk: `U#${user}` }], consistent: true },
          { table: tables.catalog, keys: tileKeys(stale) },
        ],
        { random: Math.random, signal },
      )
      const stored = parsePresence(item)
      await tiles.refresh(versionsOf(stale, heads), nowMs, signal)
      if (stored.kind === 'presence') {
        await readVersions(tiles.stale(stored.presence.fixes.flatMap(tilesAt), nowMs), nowMs, signal)
      }
      return stored
    },

    write: async (user, readVersion, folded, nowMs, signal) => {
      const condition =
        readVersion === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : { ConditionExpression: 'version = :read', ExpressionAttributeValues: { ':read': readVersion } }
      try {
        await client.send(
          new PutCommand({
            TableName: tables.presence,
            Item: presenceItem(user, readVersion + 1, folded, nowMs),
            ...condition,
          }),
          signal ? { abortSignal: signal } : {},
        )
        return 'written'
      } catch (error) {
        if (isConditionFailure(error)) return 'conflict'
        throw error
      }
    },
  }
}
