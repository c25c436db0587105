import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { customerView } from '#shared/contracts/http/customers.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Path = MerchantPath & { readonly userId: UserId }

/**
 * Answers all that the merchant knows of a customer who has acted with it. A passer-by, another merchant's customer and
 * nobody at all are the same 404.
 */
export const getCustomer: MemberUseCase<Pick<MerchantServices, 'customers'>, Path> =
  ({ customers }) =>
  async ({ path, signal }) => {
    const customer = await customers.find(path.merchantId, path.userId, signal)
    if (customer === undefined) throw new Problem('notFound')
    return { status: 200, body: customerView(customer) }
  }
