import type { MemberUseCase } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { EXPORT_OPEN_MS, openedExport } from '#shared/contracts/http/exports.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/** Opens an export of all of the merchant's data for a day; its pages are read with the answered id. */
export const openExport: MemberUseCase<Pick<MerchantServices, 'exports' | 'newId' | 'nowMs'>> =
  ({ exports, newId, nowMs }) =>
  async ({ path, author, signal }) => {
    const exportId = newId('job')
    const createdAtMs = nowMs()
    const expiresAtMs = createdAtMs + EXPORT_OPEN_MS
    const opened = await exports.open(path.merchantId, exportId, expiresAtMs, author, signal)
    if (opened === 'absent') throw new Problem('notFound')
    return {
      status: 201,
      headers: { location: `/v1/merchants/${path.merchantId}/exports/${exportId}` },
      body: openedExport(exportId, createdAtMs),
    }
  }
