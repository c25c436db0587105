import type { AuthorUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { SuspensionRequest } from '#shared/contracts/http/platform.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/** Suspends a merchant, or takes that back. Its scenes keep their data; none of them speaks. */
export const putSuspension: AuthorUseCase<
  Pick<MerchantServices, 'platform'>,
  MerchantPath,
  unknown,
  SuspensionRequest
> =
  ({ platform }) =>
  async ({ path, body, author, signal }) => {
    const at = new Date(author.atMs).toISOString()
    const suspension = { at, ...(body.reason !== undefined && { reason: body.reason }) }
    const saved = await platform.suspend(
      path.merchantId,
      body.suspended ? suspension : undefined,
      author,
      signal,
    )
    if (saved === 'absent') throw new Problem('notFound')
    return { status: 204 }
  }
