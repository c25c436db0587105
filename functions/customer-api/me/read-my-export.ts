import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { MyExportQuery } from '#shared/contracts/http/exports.ts'
import { type ExportedRow, exportedItem, exportedPresence } from '#shared/contracts/items/customer-export.ts'
import type { JobId, UserId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'exports' | 'nowMs'>

/** A place among the Ledger's items: behind the sort key that follows; at their beginning where none does. */
type Place = `ledger|${string}`
type Page = { readonly rows: readonly ExportedRow[]; readonly next?: Place }

const MAX_SORT_KEY_BYTES = 1024
const isPlace = (text: string): text is Place =>
  text.startsWith('ledger|') && Buffer.byteLength(text) <= 'ledger|'.length + MAX_SORT_KEY_BYTES

/** Where the caller is now: the first page. */
const readPresence = async ({ exports }: Services, user: UserId, signal: AbortSignal): Promise<Page> => {
  const row = exportedPresence(await exports.readPresence(user, signal))
  return { rows: row === undefined ? [] : [row], next: 'ledger|' }
}

const readLedger = async (
  { exports, nowMs }: Services,
  user: UserId,
  place: Place,
  limit: number,
  signal: AbortSignal,
): Promise<Page> => {
  const after = place.slice('ledger|'.length)
  const { items, next } = await exports.readItems(user, { limit, ...(after !== '' && { after }) }, signal)
  return {
    rows: items.flatMap((item) => exportedItem(item, nowMs()) ?? []),
    ...(next !== undefined && { next: `ledger|${next}` }),
  }
}

/** Answers the next page of an export: all that is kept of the caller, as it is when the page is read. */
export const readMyExport: UseCase<Services, { readonly exportId: JobId }, MyExportQuery> =
  (services) =>
  async ({ caller, path, query, signal }) => {
    const { user } = caller
    const place = decodeCursor(query.cursor, isPlace)
    const state = await services.exports.stateOf(user, path.exportId, services.nowMs(), signal)
    if (state === 'erased') throw new Problem('gone')
    if (state === 'absent') throw new Problem('notFound')
    const { rows, next } = await (place === undefined
      ? readPresence(services, user, signal)
      : readLedger(services, user, place, query.limit, signal))
    return { status: 200, body: { items: rows, ...(next !== undefined && { next: encodeCursor(next) }) } }
  }
