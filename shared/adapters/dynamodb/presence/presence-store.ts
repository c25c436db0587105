import { type AttributeValue, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { convertToNative } from '@aws-sdk/util-dynamodb'
import { operationOf } from '#shared/adapters/dynamodb/client.ts'
import { isConditionFailure } from '#shared/adapters/dynamodb/condition-failure.ts'
import { type TileCache, versionsOf } from '#shared/adapters/dynamodb/tiles/tile-cache.ts'
import { batchGetAll, type Item } from '#shared/adapters/dynamodb/transactions.ts'
import { parsePresence, presenceItem, type StoredPresence } from '#shared/contracts/items/presence.ts'
import type { Position } from '#shared/domain/geo/geofence.ts'
import type { UserId } from '#shared/domain/ids.ts'
import type { Fix } from '#shared/domain/presence/fix.ts'
import { anchorsFor, type Folded, storedPositionsFor } from '#shared/domain/presence/fold.ts'

export type PresenceStore = {
  /**
   * Reads a customer's presence and, in the same request, brings the tiles around `fixes` up to date; then those around
   * the stored fixes that folding them takes.
   *
   * @param settleUntilMs up to where time alone is going to move presence, as for `fold`
   * @throws {BusyError} when the tables do not answer
   */
  readonly read: (
    user: UserId,
    fixes: readonly Fix[],
    nowMs: number,
    signal?: AbortSignal,
    settleUntilMs?: number,
  ) => Promise<StoredPresence>
  /**
   * Makes the geofences around positions known, as far as they are not.
   *
   * @param anchors where the customer was before; what is known there may be some minutes old
   * @throws {BusyError} when the tables do not answer
   */
  readonly load: (
    positions: readonly Position[],
    nowMs: number,
    signal?: AbortSignal,
    anchors?: readonly Position[],
  ) => Promise<void>
  /** Writes over the version that was read; `conflict` when somebody else wrote meanwhile (or erased the customer). */
  readonly write: (
    user: UserId,
    readVersion: number,
    folded: Folded,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'written' | 'conflict'>
}

/**
 * A tile that the customer has left says only whether a geofence has gone meanwhile. It was read when the customer was
 * there, a minute ago for most: to read it again for each departure would cost more than all that it tells.
 */
const ANCHOR_FRESH_MS = 5 * 60_000

type Tables = { readonly catalog: string; readonly presence: string }

// Presence is read and written at every ping, and its items are flat: turning them into what goes over the wire by hand
// spares half of what a document client's call costs.
const wireOf = (value: unknown): AttributeValue => {
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: String(value) }
  if (value instanceof Uint8Array) return { B: value }
  throw new Error(`presence has no attribute of type ${typeof value}`)
}

const wireItem = (item: Readonly<Record<string, unknown>>): Record<string, AttributeValue> => {
  const wire: Record<string, AttributeValue> = {}
  for (const [name, value] of Object.entries(item)) wire[name] = wireOf(value)
  return wire
}

const plainOf = (value: AttributeValue): unknown => {
  if (value.S !== undefined) return value.S
  if (value.N !== undefined) return Number(value.N)
  return value.B ?? convertToNative(value)
}

const plainItem = (wire: Readonly<Record<string, AttributeValue>>): Item => {
  const item: Item = {}
  for (const [name, value] of Object.entries(wire)) item[name] = plainOf(value)
  return item
}

/** Presence over DynamoDB, with the container's cache of tiles beside it. */
export const createPresenceStore = (
  client: DynamoDBDocumentClient,
  tables: Tables,
  tiles: TileCache,
): PresenceStore => {
  const getItem = operationOf(client, GetItemCommand)
  const putItem = operationOf(client, PutItemCommand)
  const tileKeys = (names: readonly string[]) => names.map((name) => ({ pk: `TILE#${name}`, sk: 'VERSION' }))

  const load = async (
    positions: readonly Position[],
    nowMs: number,
    signal?: AbortSignal,
    anchors: readonly Position[] = [],
  ): Promise<void> => {
    if (positions.length + anchors.length === 0) return
    const behind = anchors.length === 0 ? [] : tiles.stale(anchors, nowMs, ANCHOR_FRESH_MS)
    const stale = [...new Set([...tiles.stale(positions, nowMs), ...behind])]
    if (stale.length > 0) {
      const [heads = []] = await batchGetAll(client, [{ table: tables.catalog, keys: tileKeys(stale) }], {
        random: Math.random,
        signal,
      })
      await tiles.refresh(versionsOf(stale, heads), nowMs, signal)
    }
    await tiles.loadGeometries([...positions, ...anchors], nowMs, signal)
  }

  /** Most requests find their tiles fresh: a single item costs less to ask for than a batch of one. */
  const readAlone = async (user: UserId, signal?: AbortSignal): Promise<Item | undefined> => {
    const Key = { pk: { S: `U#${user}` } }
    const { Item } = await getItem({ TableName: tables.presence, Key, ConsistentRead: true }, signal)
    return Item && plainItem(Item)
  }

  const readWith = async (
    user: UserId,
    stale: readonly string[],
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<Item | undefined> => {
    const [[item] = [], heads = []] = await batchGetAll(
      client,
      [
        { table: tables.presence, keys: [{ pk: `U#${user}` }], consistent: true },
        { table: tables.catalog, keys: tileKeys(stale) },
      ],
      { random: Math.random, signal },
    )
    await tiles.refresh(versionsOf(stale, heads), nowMs, signal)
    return item
  }

  return {
    load,

    read: async (user, fixes, nowMs, signal, settleUntilMs) => {
      const stale = tiles.stale(fixes, nowMs)
      const item = await (stale.length === 0 ? readAlone(user, signal) : readWith(user, stale, nowMs, signal))
      const stored = parsePresence(item)
      if (stored.kind !== 'presence') return stored
      const known = storedPositionsFor(stored.presence, fixes, settleUntilMs)
      const anchors = anchorsFor(stored.presence, fixes, settleUntilMs)
      await load([...fixes, ...known], nowMs, signal, anchors)
      return stored
    },

    write: async (user, readVersion, folded, nowMs, signal) => {
      const condition =
        readVersion === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'version = :read',
              ExpressionAttributeValues: { ':read': wireOf(readVersion) },
            }
      try {
        const Item = wireItem(presenceItem(user, readVersion + 1, folded, nowMs))
        await putItem({ TableName: tables.presence, Item, ...condition }, signal)
        return 'written'
      } catch (error) {
        if (isConditionFailure(error)) return 'conflict'
        throw error
      }
    },
  }
}
