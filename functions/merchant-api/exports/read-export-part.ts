import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { exportStateAt } from '#shared/contracts/items/export.ts'
import type { JobId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/** Answers a part of an export, a line of JSON for each thing; the audit log tells who read it. */
export const readExportPart: MemberUseCase<
  Pick<MerchantServices, 'exports' | 'nowMs'>,
  MerchantPath & { readonly exportId: JobId; readonly part: number }
> =
  ({ exports, nowMs }) =>
  async ({ path, author, signal }) => {
    const job = await exports.find(path.merchantId, path.exportId, signal)
    if (job === undefined) throw new Problem('notFound')
    if (exportStateAt(job, nowMs()) === 'over') throw new Problem('exportOver')
    const lines = await exports.readPart(job, path.part, author, signal)
    if (lines === undefined) throw new Problem('notFound')
    return {
      status: 200,
      text: lines.map((line) => `${line}\n`).join(''),
      headers: { 'content-type': 'application/x-ndjson' },
    }
  }
