import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { CustomerNotes } from '#shared/contracts/http/customers.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Path = MerchantPath & { readonly userId: UserId }

/** Keeps the merchant's tags of a customer. A customer whom it does not know is none: 404. */
export const putNotes: MemberUseCase<Pick<MerchantServices, 'noteCustomer'>, Path, unknown, CustomerNotes> =
  ({ noteCustomer }) =>
  async ({ path, body, author, signal }) => {
    const told = { author, action: 'replace' } as const
    const withTags = <R extends object>(relationship: R) => ({ ...relationship, tags: body.tags })
    const saved = await noteCustomer(path.merchantId, path.userId, told, withTags, signal)
    if (saved === undefined) throw new Problem('notFound')
    return { status: 200, body }
  }
