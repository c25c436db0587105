import { exportView } from '#functions/merchant-api/exports/export-view.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { JobId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/** Answers how far an export is. */
export const getExport: MemberUseCase<
  Pick<MerchantServices, 'exports' | 'nowMs'>,
  MerchantPath & { readonly exportId: JobId }
> =
  ({ exports, nowMs }) =>
  async ({ path, signal }) => {
    const job = await exports.find(path.merchantId, path.exportId, signal)
    if (job === undefined) throw new Problem('notFound')
    return { status: 200, body: exportView(job, nowMs()) }
  }
