import { exportView } from '#functions/merchant-api/exports/export-view.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { MAX_EXPORTS_A_DAY } from '#shared/contracts/http/exports.ts'
import { type ExportJob, newExport } from '#shared/contracts/items/export.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

const locationOf = ({ merchantId, jobId }: ExportJob): string =>
  `/v1/merchants/${merchantId}/exports/${jobId}`

/**
 * Asks for an export of all of the merchant's data; a job makes it. There is one at a time: while it has not begun, asking
 * again brings its message once more, in case that it was lost; not more often than once a minute.
 */
export const postExport: MemberUseCase<
  Pick<MerchantServices, 'exports' | 'queueJob' | 'newId' | 'nowMs'>,
  MerchantPath
> =
  ({ exports, queueJob, newId, nowMs }) =>
  async ({ path, author, signal }) => {
    const { merchantId } = path
    const job = newExport(merchantId, newId('job'), nowMs())
    const asked = await exports.create(job, author, signal)
    const queue = ({ jobId }: ExportJob) => queueJob({ kind: 'export', merchantId, jobId }, signal)
    switch (asked.kind) {
      case 'absent':
        throw new Problem('notFound')
      case 'full':
        throw new Problem('limitReached', { detail: `${MAX_EXPORTS_A_DAY} exports a day` })
      case 'going':
        if (await exports.queueAgain(asked.job, nowMs(), signal)) await queue(asked.job)
        throw new Problem('limitReached', {
          detail: 'one export at a time',
          members: { location: locationOf(asked.job) },
        })
      case 'created':
        await queue(job)
        return { status: 202, headers: { location: locationOf(job) }, body: exportView(job, nowMs()) }
      default:
        return asked satisfies never
    }
  }
