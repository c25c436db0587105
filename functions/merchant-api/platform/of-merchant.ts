import type { AuthorUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/**
 * What the operator asks of a merchant that there is; a member's request needs no such look, its membership tells.
 *
 * @throws {Problem} 404 for a merchant that does not exist, or no more
 * @example operatorRoute({ path: merchantPathSchema, use: ofMerchant(getQuotas) })
 */
export const ofMerchant =
  <S, Path extends MerchantPath>(
    use: AuthorUseCase<S, Path>,
  ): AuthorUseCase<S & Pick<MerchantServices, 'merchants'>, Path> =>
  (services) =>
  async (request) => {
    const merchant = await services.merchants.find(request.path.merchantId, request.signal)
    if (merchant === undefined) throw new Problem('notFound')
    return await use(services)(request)
  }
