import type { CustomerServices } from '#functions/customer-api/services.ts'
import { EXPORT_OPEN_MS, openedExport } from '#shared/contracts/http/exports.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Opens an export of everything that is kept of the caller for a day; its pages are read with the answered id. */
export const openMyExport: UseCase<Pick<CustomerServices, 'exports' | 'nowMs'>> =
  ({ exports, nowMs }) =>
  async ({ caller, newId, signal }) => {
    const exportId = newId('job')
    const createdAtMs = nowMs()
    const expiresAtMs = createdAtMs + EXPORT_OPEN_MS
    const opened = await exports.open(caller.user, exportId, { createdAtMs, expiresAtMs }, signal)
    if (opened === 'erased') throw new Problem('gone')
    return {
      status: 201,
      headers: { location: `/v1/me/exports/${exportId}` },
      body: openedExport(exportId, createdAtMs),
    }
  }
