import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import { type MerchantAction, may } from '#shared/domain/merchants/may.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { HttpRequest } from '#shared/runtime/http/route.ts'

export type MerchantPath = { readonly merchantId: MerchantId }

/**
 * Lets members pass whose role allows the action.
 *
 * @throws {Problem} 404 to everybody else, whether the merchant exists or not; 403 to members with another role
 */
export const requireMember = async (
  { merchants }: Pick<MerchantServices, 'merchants'>,
  { caller, path, signal }: HttpRequest<MerchantPath>,
  action: MerchantAction,
): Promise<void> => {
  const role = await merchants.findRole(path.merchantId, caller.user, signal)
  if (role === undefined) throw new Problem('notFound')
  if (!may(role, action))
    throw new Problem('forbidden', { detail: `a ${role} of the merchant may not do this` })
}
