import type { MerchantPath } from '#functions/merchant-api/require-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { SuspensionRequest } from '#shared/contracts/http/platform.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Suspends a merchant, or takes that back. Its scenes keep their data; none of them speaks. */
export const putSuspension: UseCase<
  Pick<MerchantServices, 'platform' | 'nowMs'>,
  MerchantPath,
  unknown,
  SuspensionRequest
> =
  ({ platform, nowMs }) =>
  async ({ path, body, signal }) => {
    const at = new Date(nowMs()).toISOString()
    const suspension = { at, ...(body.reason !== undefined && { reason: body.reason }) }
    const saved = await platform.suspend(path.merchantId, body.suspended ? suspension : undefined, signal)
    if (saved === 'absent') throw new Problem('notFound')
    return { status: 204 }
  }
