import { importView } from '#functions/merchant-api/imports/import-view.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { type ImportRequest, MAX_REPORTED_ROWS } from '#shared/contracts/http/imports.ts'
import { ImportError, NoStoresError } from '#shared/contracts/import-row.ts'
import { IMPORT_TTL_S, type ImportJob, NO_OUTCOMES } from '#shared/contracts/items/import.ts'
import { type ReadImport, readImport, wantsGeofence } from '#shared/contracts/store-import.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { MemberRole } from '#shared/domain/merchants/merchant.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'imports' | 'readUsage' | 'queueJob' | 'nowMs'>

/**
 * @throws {Problem} 400 for a file of which no row can be a store, or a radius that the merchant may not draw; 422 for a
 * file that is no table, or too long a one
 */
const read = (body: ImportRequest, limitM: number, merchantId: MerchantId): ReadImport => {
  if (body.radiusM !== undefined && body.radiusM > limitM) {
    const errors = [{ pointer: '/radiusM', detail: `at most ${limitM}` }]
    throw new Problem('invalidRequest', { errors, members: { quota: 'radiusM', limit: limitM } })
  }
  try {
    return readImport(body, limitM, merchantId)
  } catch (cause) {
    if (!(cause instanceof ImportError)) throw cause
    const code = cause instanceof NoStoresError ? 'invalidRequest' : 'unprocessable'
    const errors = [{ pointer: cause.pointer, detail: cause.message.slice(0, 400) }]
    throw new Problem(code, { cause, errors })
  }
}

/**
 * Takes in up to 10,000 stores. Rows that are none are told at once; a job writes the others, and goes on where it was
 * stopped.
 */
export const postImport: MemberUseCase<Services, MerchantPath, unknown, ImportRequest> =
  ({ imports, readUsage, queueJob, nowMs }) =>
  async ({ path, body, author, role, requestId, newId, signal }) => {
    const { quotas } = await readUsage(path.merchantId, signal)
    const { rows, bad } = read(body, quotas.radiusM, path.merchantId)
    const job = {
      jobId: newId('job'),
      merchantId: path.merchantId,
      createdAt: new Date(nowMs()).toISOString(),
      datum: body.datum,
      author: { user: author.user, role: role satisfies MemberRole, requestId },
      rows: rows.length,
      unreadable: bad.length,
      wanted: rows.filter(wantsGeofence).length,
      storesNext: 0,
      geofencesNext: 0,
      stores: NO_OUTCOMES,
      geofences: NO_OUTCOMES,
      bad: bad.length,
      badRows: bad.slice(0, MAX_REPORTED_ROWS),
      ttl: Math.floor(nowMs() / 1000) + IMPORT_TTL_S,
    } satisfies ImportJob
    const created = await imports.create(job, rows, author, signal)
    if (created === 'absent') throw new Problem('notFound')
    await queueJob({ kind: 'import', merchantId: path.merchantId, jobId: job.jobId }, signal)
    const location = `/v1/merchants/${path.merchantId}/imports/${job.jobId}`
    return { status: 202, body: importView(job, nowMs()), headers: { location } }
  }
