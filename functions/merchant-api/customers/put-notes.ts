import { type MerchantPath, requireMember } from '#functions/merchant-api/require-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { CustomerNotes } from '#shared/contracts/http/customers.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'merchants' | 'saveNotes'>
type Path = MerchantPath & { readonly userId: UserId }

/** Keeps the merchant's tags of a customer, and whether it is blocked. A customer it does not know is none: 404. */
export const putNotes: UseCase<Services, Path, unknown, CustomerNotes> = (services) => async (request) => {
  await requireMember(services, request, 'edit')
  const { path, body, signal } = request
  const saved = await services.saveNotes(path.merchantId, path.userId, body, signal)
  if (saved === 'unknown') throw new Problem('notFound')
  return { status: 200, body }
}
