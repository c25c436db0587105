import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { tileRows } from '#shared/adapters/dynamodb/catalog/geofence-records.ts'
import { presenceItem } from '#shared/contracts/items/presence.ts'
import type { IndexedGeofence, Position } from '#shared/domain/geo/geofence.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { type Offer, splitStock } from '#shared/domain/offers/offer.ts'
import { toFix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE } from '#shared/domain/presence/fold.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import type { TestTables } from '#test/support/engine.ts'

type Item = Record<string, unknown>

/** Writes what the APIs write, and reads what the functions wrote. */
export const storedIn = ({ client, catalog, ledger, presence, allOf }: TestTables) => {
  const put = async (TableName: string, items: readonly Item[]): Promise<void> => {
    for (const Item of items) await client.send(new PutCommand({ TableName, Item }))
  }
  const countVersion = (pk: string) =>
    client.send(
      new UpdateCommand({
        TableName: catalog,
        Key: { pk, sk: 'VERSION' },
        UpdateExpression: 'ADD version :one',
        ExpressionAttributeValues: { ':one': 1 },
      }),
    )

  return {
    putLedger: (...items: Item[]) => put(ledger, items),
    putCatalog: async (...items: Item[]): Promise<void> => {
      await put(catalog, items)
      for (const { pk } of items) if (String(pk).startsWith('M#')) await countVersion(String(pk))
    },

    /** Sets attributes of a Ledger item. */
    change: async (pk: string, sk: string, attributes: Item): Promise<void> => {
      const { Item: known } = await client.send(
        new GetCommand({ TableName: ledger, Key: { pk, sk }, ConsistentRead: true }),
      )
      await put(ledger, [{ ...known, pk, sk, ...attributes }])
    },

    /** As the operator suspends a merchant. */
    suspend: (merchantId: string) =>
      client.send(
        new UpdateCommand({
          TableName: catalog,
          Key: { pk: `M#${merchantId}`, sk: 'VERSION' },
          UpdateExpression: 'SET suspended = :why ADD version :one',
          ExpressionAttributeValues: { ':why': { at: 'now' }, ':one': 1 },
        }),
      ),

    /** As the operator takes that back. */
    reinstate: (merchantId: string) =>
      client.send(
        new UpdateCommand({
          TableName: catalog,
          Key: { pk: `M#${merchantId}`, sk: 'VERSION' },
          UpdateExpression: 'REMOVE suspended ADD version :one',
          ExpressionAttributeValues: { ':one': 1 },
        }),
      ),

    /** As a merchant raises the stock of an offer that lies in one shard. */
    addStock: (offerId: string, units: number) =>
      client.send(
        new UpdateCommand({
          TableName: ledger,
          Key: { pk: `OFFER#${offerId}#0`, sk: 'STOCK' },
          UpdateExpression: 'ADD #free :units',
          ExpressionAttributeNames: { '#free': 'free' },
          ExpressionAttributeValues: { ':units': units },
        }),
      ),

    /** A customer whose only fix is this one. */
    standAt: (user: UserId, at: Position, atMs: number) => {
      const folded = fold(user, NO_PRESENCE, [toFix({ atMs, ...at, accuracyM: 5 })], () => [], atMs)
      const fix = toFix({ atMs, ...at, accuracyM: 5 })
      return put(presence, [
        presenceItem(user, 1, { ...folded, presence: { ...folded.presence, fixes: [fix] } }, atMs),
      ])
    },

    putPresence: (...items: Item[]) => put(presence, items),

    /** Lists geofences in their tiles. */
    listGeofences: async (...geofences: IndexedGeofence[]): Promise<void> => {
      for (const geofence of geofences) {
        for (const row of tileRows(geofence)) {
          await put(catalog, [row])
          await countVersion(String(row['pk']))
        }
      }
    },

    /** Stores scenes and offers of their merchants, each offer with its stock. */
    putScenes: async (scenes: readonly Scene[], offers: readonly Offer[] = []): Promise<void> => {
      for (const scene of scenes) {
        await put(catalog, [
          { pk: `M#${scene.merchantId}`, sk: `SCENE#${scene.id}`, kind: 'scene', ...scene },
        ])
        await countVersion(`M#${scene.merchantId}`)
      }
      for (const offer of offers) {
        const { id, merchantId, stock, stockShards } = offer
        await put(catalog, [{ pk: `M#${merchantId}`, sk: `OFFER#${id}`, ...offer }])
        await countVersion(`M#${merchantId}`)
        await put(
          ledger,
          splitStock(stock, stockShards).map((free, shard) => ({
            pk: `OFFER#${id}#${shard}`,
            sk: 'STOCK',
            kind: 'stock',
            offerId: id,
            merchantId,
            free,
            reserved: 0,
            confirmed: 0,
          })),
        )
      }
    },

    /** All Ledger items of a kind. */
    ledgerItems: async (kind: string): Promise<Item[]> =>
      (await allOf(ledger)).filter((item) => item['kind'] === kind),

    ledgerItem: async (pk: string, sk: string): Promise<Item | undefined> => {
      const answer = await client.send(
        new GetCommand({ TableName: ledger, Key: { pk, sk }, ConsistentRead: true }),
      )
      return answer.Item
    },

    presenceOf: async (user: string): Promise<Item | undefined> => {
      const answer = await client.send(
        new GetCommand({ TableName: presence, Key: { pk: `U#${user}` }, ConsistentRead: true }),
      )
      return answer.Item
    },

    /** A scene's counters, summed over shards and days. */
    countsOf: async (sceneId: string): Promise<Record<string, number>> => {
      const counts: Record<string, number> = {}
      for (const item of await allOf(ledger)) {
        if (!String(item['pk']).startsWith(`SCENE#${sceneId}#`)) continue
        for (const [name, value] of Object.entries(item)) {
          if (typeof value === 'number') counts[name] = (counts[name] ?? 0) + value
        }
      }
      return counts
    },

    /** An offer's stock, summed over its shards. */
    stockOf: async (offerId: string) => {
      const shards = (await allOf(ledger)).filter(
        (item) => item['sk'] === 'STOCK' && item['offerId'] === offerId,
      )
      const sum = (name: string) => shards.reduce((total, item) => total + Number(item[name]), 0)
      return { free: sum('free'), reserved: sum('reserved'), confirmed: sum('confirmed') }
    },
  }
}

export type Stored = ReturnType<typeof storedIn>
