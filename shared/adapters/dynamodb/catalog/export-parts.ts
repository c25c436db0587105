import { gunzipSync, gzipSync } from 'node:zlib'
import * as z from 'zod'
import { type CatalogTables, merchantPk } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { type Item, queryAll, type TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import type { ExportLineSection } from '#shared/contracts/http/exports.ts'
import {
  type ExportJob,
  exportPartPrefix,
  exportPieceKey,
  exportPlaceKey,
  partsExpireS,
} from '#shared/contracts/items/export.ts'
import type { JobId, MerchantId, UserId } from '#shared/domain/ids.ts'

/** A line of an export; `user` where it tells of a customer. */
export type ExportLine = {
  readonly section: ExportLineSection
  readonly data: object
  readonly user?: UserId
}

/** An item of DynamoDB ends at 400 KB; a line that is longer, as a large area is, takes several. */
const PIECE_BYTES = 300_000
const MAX_PIECES = 20

/** A part as it lies in the table: gzipped, in pieces, all of one revision. */
export type StoredPart = {
  readonly lines: readonly string[]
  readonly revision: number
  readonly pieces: number
  readonly ttl: number
}

const textOf = ({ section, data }: ExportLine): string => JSON.stringify({ section, data })

/** What a line takes of a part. */
export const bytesOf = (line: ExportLine): number => Buffer.byteLength(textOf(line)) + 1

export type PartName = { readonly merchantId: MerchantId; readonly jobId: JobId; readonly part: number }

/** The items that a part becomes. */
export const pieceItems = (
  { merchantId, jobId, part }: PartName,
  { lines, revision, ttl }: Omit<StoredPart, 'pieces'>,
): Item[] => {
  const packed = gzipSync(lines.join('\n'))
  const count = Math.ceil(packed.length / PIECE_BYTES)
  if (count > MAX_PIECES) throw new Error(`a part of ${count} pieces`)
  return Array.from({ length: count }, (_, piece) => ({
    ...exportPieceKey(merchantId, jobId, part, piece),
    kind: 'exportPart',
    data: packed.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES),
    pieces: count,
    revision,
    ttl,
  }))
}

/** The writes that add parts to an export; each is to be found by the customer with whom it begins. */
export const partWrites = (
  catalog: string,
  job: ExportJob,
  parts: readonly (readonly ExportLine[])[],
): TransactItem[] => {
  const { merchantId, jobId } = job
  const ttl = partsExpireS(job)
  const items = parts.flatMap((lines, index): Item[] => {
    const part = job.parts + index + 1
    const first = lines.find(({ user }) => user !== undefined)?.user
    const pieces = pieceItems({ merchantId, jobId, part }, { lines: lines.map(textOf), revision: 1, ttl })
    if (first === undefined) return pieces
    return [...pieces, { ...exportPlaceKey(merchantId, jobId, first, part), kind: 'exportPlace', part, ttl }]
  })
  return items.map((Item) => ({ Put: { TableName: catalog, Item } }))
}

const piece = z.object({
  sk: z.string(),
  data: z.instanceof(Uint8Array),
  pieces: z.number(),
  revision: z.number(),
  ttl: z.number(),
})
type Piece = z.output<typeof piece>

/** What was found of a part of which not all was there: an erasure replaces it, or TTL takes it away piece by piece. */
export type TornPart = { readonly torn: readonly Pick<Piece, 'sk' | 'revision'>[] }

const readPieces = async (
  { client, catalog }: Pick<CatalogTables, 'client' | 'catalog'>,
  { merchantId, jobId, part }: PartName,
  signal?: AbortSignal,
): Promise<Piece[]> => {
  const items = await queryAll(
    client,
    {
      TableName: catalog,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: {
        ':pk': merchantPk(merchantId),
        ':prefix': exportPartPrefix(jobId, part),
      },
      ConsistentRead: true,
      Limit: MAX_PIECES,
    },
    { most: MAX_PIECES, signal },
  )
  return items.map((item) => piece.parse(item))
}

/** Reads a part; undefined where there is none. */
export const readPart = async (
  tables: Pick<CatalogTables, 'client' | 'catalog'>,
  name: PartName,
  signal?: AbortSignal,
): Promise<StoredPart | TornPart | undefined> => {
  const pieces = await readPieces(tables, name, signal)
  const [first] = pieces
  if (first === undefined) return undefined
  const { revision, ttl } = first
  // A query is no transaction: an erasure may come between two of its pages.
  const isWhole = pieces.length === first.pieces && pieces.every((one) => one.revision === revision)
  if (!isWhole) return { torn: pieces }
  const text = gunzipSync(Buffer.concat(pieces.map(({ data }) => data))).toString('utf8')
  return { lines: text === '' ? [] : text.split('\n'), revision, pieces: pieces.length, ttl }
}

/** The lines of a part; undefined where there is none. */
export const readLines = (
  tables: Pick<CatalogTables, 'client' | 'catalog'>,
  name: PartName,
  signal?: AbortSignal,
): Promise<readonly string[] | undefined> =>
  optimistically(async () => {
    const found = await readPart(tables, name, signal)
    return found && ('torn' in found ? 'again' : found.lines)
  }, signal)
