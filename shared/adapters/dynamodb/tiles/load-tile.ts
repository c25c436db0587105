import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { type Item, queryPage } from '#shared/adapters/dynamodb/transactions.ts'
import { type ParsedTileRow, type PolygonOutlined, parseTileRow } from '#shared/contracts/items/tile-row.ts'
import type { Polygon, Shape } from '#shared/domain/geo/geofence.ts'
import type { Nearby } from '#shared/domain/geo/geofences-at.ts'
import { buildTile, type Tile } from '#shared/domain/geo/tile-index.ts'

const PAGE = 1_000
/** A million rows; what is beyond that is no tile of ours. */
const MAX_PAGES = 1_000
/** No more is read of what is gone: however often somebody draws and deletes, the tile stays quick to load. */
const MAX_GONE = 200

// Measured with V8 13: an object of nine members with its shape, its three strings and its numbers.
const ROW_BYTES = 500
const LIST_BYTES = 40
const REFERENCE_BYTES = 8

export type LoadedTile = {
  readonly version: number
  /** Undefined when it lists nothing. */
  readonly tile: Tile | undefined
  readonly elsewhere: readonly PolygonOutlined[]
  /** About how much memory it takes. */
  readonly bytes: number
}

/** About how much memory a polygon takes. */
export const sizeOfPolygon = ({ outline }: Polygon): number => {
  const { coords, ringEnds, polygonEnds, chunkFirsts, chunkLasts, boxes, cuts } = outline
  const arrays = [coords, ringEnds, polygonEnds, chunkFirsts, chunkLasts, boxes, ...(cuts ? [cuts] : [])]
  return arrays.reduce((total, { byteLength }) => total + byteLength + 100, ROW_BYTES)
}

const sizeOfLists = ({ inside, test }: Nearby): number =>
  3 * LIST_BYTES + (inside.length + test.length) * REFERENCE_BYTES

const sizeOfShape = (shape: Shape): number => (shape.kind === 'polygon' ? sizeOfPolygon(shape) : 0)

const sizeOfRow = ({ geofence: { shape, former } }: ParsedTileRow): number =>
  ROW_BYTES + sizeOfShape(shape) + (former === undefined ? 0 : sizeOfShape(former.shape))

const sizeOfTile = (rows: readonly ParsedTileRow[], { tree, nearby }: Tile): number =>
  rows.reduce((total, row) => total + sizeOfRow(row), 0) +
  nearby.reduce((total, lists) => total + sizeOfLists(lists), tree.length * REFERENCE_BYTES)

const isExpired = (item: Item, nowMs: number): boolean => Number(item['ttl'] ?? Infinity) * 1000 <= nowMs

/** Strings that all rows share, such as time zones, are kept once. */
const createIntern = () => {
  const known = new Map<unknown, unknown>()
  return (item: Item): Item => {
    for (const name of ['merchantId', 'storeId', 'timeZone']) {
      const value = item[name]
      if (value === undefined) continue
      if (known.has(value)) item[name] = known.get(value)
      else known.set(value, value)
    }
    return item
  }
}

const goneIn = (rows: readonly ParsedTileRow[]): number => {
  const first = rows.findIndex(({ geofence }) => geofence.goneAtMs !== undefined)
  return first < 0 ? 0 : rows.length - first
}

/** The rows of what is there, and of what has gone lately, the latest to go first. */
const readRows = async (
  client: DynamoDBDocumentClient,
  table: string,
  pk: string,
  nowMs: number,
  signal?: AbortSignal,
): Promise<ParsedTileRow[]> => {
  const rows: ParsedTileRow[] = []
  const intern = createIntern()
  let start: Item | undefined
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await queryPage(
      client,
      {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: { ':pk': pk, ':first': 'GEOFENCE#', ':last': 'GONE#~' },
        ConsistentRead: true,
        Limit: PAGE,
        ...(start ? { ExclusiveStartKey: start } : {}),
      },
      { signal },
    )
    for (const item of page.items) if (!isExpired(item, nowMs)) rows.push(parseTileRow(intern(item), nowMs))
    start = page.next
    if (start === undefined || goneIn(rows) >= MAX_GONE) return rows
  }
  throw new Error(`a tile has more than ${PAGE * MAX_PAGES} rows`)
}

/** Reads a tile: its version before its rows, both consistently, so that the version is never newer than the rows. */
export const loadTile = async (
  client: DynamoDBDocumentClient,
  table: string,
  name: string,
  nowMs: number,
  signal?: AbortSignal,
): Promise<LoadedTile> => {
  const pk = `TILE#${name}`
  const head = await client.send(
    new GetCommand({ TableName: table, Key: { pk, sk: 'VERSION' }, ConsistentRead: true }),
    signal ? { abortSignal: signal } : {},
  )
  const version = Number(head.Item?.['version'] ?? 0)
  const rows = await readRows(client, table, pk, nowMs, signal)
  if (rows.length === 0) return { version, tile: undefined, elsewhere: [], bytes: 0 }
  const tile = buildTile(rows)
  return {
    version,
    tile,
    elsewhere: rows.flatMap(({ elsewhere }) => elsewhere),
    bytes: sizeOfTile(rows, tile),
  }
}
