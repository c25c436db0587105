import { readCatalog } from '#functions/run-jobs/exports/read-catalog.ts'
import { type CustomerReads, readCustomers } from '#functions/run-jobs/exports/read-customers.ts'
import type { ExportLine } from '#shared/adapters/dynamodb/catalog/export-parts.ts'
import type { ExportRecords } from '#shared/adapters/dynamodb/catalog/export-records.ts'
import { type ExportPlace, readPlace } from '#shared/contracts/items/export.ts'
import type { MerchantId } from '#shared/domain/ids.ts'

/** What is exported in one go, and where the export goes on after it; without `next` that was all. */
export type ExportUnit = { readonly lines: readonly ExportLine[]; readonly next: ExportPlace | undefined }

export type UnitReads = CustomerReads & {
  readonly nowMs: () => number
  readonly exports: Pick<ExportRecords, 'readItems' | 'readOfCustomer' | 'erasedAmong'>
}

/** What comes next of a merchant's data from a place on: at least one unit. */
export const readUnits = async (
  reads: UnitReads,
  merchantId: MerchantId,
  place: ExportPlace,
  signal?: AbortSignal,
): Promise<readonly ExportUnit[]> => {
  const { section, from } = readPlace(place)
  return section === 'customer'
    ? await readCustomers(reads, merchantId, from, signal)
    : await readCatalog(reads.exports, merchantId, { section, from }, reads.nowMs(), signal)
}
