import { importView } from '#functions/merchant-api/imports/import-view.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { JobId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/** Answers how far an import has come, and which rows were bad; for 30 days. */
export const getImport: MemberUseCase<
  Pick<MerchantServices, 'imports' | 'nowMs'>,
  MerchantPath & { readonly jobId: JobId }
> =
  ({ imports, nowMs }) =>
  async ({ path, signal }) => {
    const job = await imports.find(path.merchantId, path.jobId, signal)
    if (job === undefined || job.ttl * 1000 <= nowMs()) throw new Problem('notFound')
    return { status: 200, body: importView(job, nowMs()) }
  }
