import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { CustomerNotes } from '#shared/contracts/http/customers.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'saveNotes'>
type Path = MerchantPath & { readonly userId: UserId }

/** Keeps the merchant's tags of a customer, and whether it is blocked. A customer it does not know is none: 404. */
export const putNotes: MemberUseCase<Services, Path, unknown, CustomerNotes> =
  (services) => async (request) => {
    const { path, body, author, signal } = request
    const saved = await services.saveNotes(path.merchantId, path.userId, body, author, signal)
    if (saved === 'unknown') throw new Problem('notFound')
    return { status: 200, body }
  }
