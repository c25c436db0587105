import type { AuthorUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { QuotasRequest } from '#shared/contracts/http/platform.ts'
import type { Usage } from '#shared/contracts/items/quotas.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

const viewOf = ({ quotas, used }: Usage) => ({
  geofences: { used: used.geofences, limit: quotas.geofences },
  scenes: { used: used.scenes, limit: quotas.scenes },
  stores: { used: used.stores, limit: quotas.stores },
  regions: { used: used.regions, limit: quotas.regions },
  tileRows: { limit: quotas.tileRows },
  radiusM: { limit: quotas.radiusM },
})

/** Answers how much a merchant has of what is bounded, and may have. */
export const getQuotas: UseCase<Pick<MerchantServices, 'readUsage'>, MerchantPath> =
  ({ readUsage }) =>
  async ({ path, signal }) => ({ status: 200, body: viewOf(await readUsage(path.merchantId, signal)) })

/** Raises what a merchant may have, or takes that back; what there is stays. */
export const putQuotas: AuthorUseCase<
  Pick<MerchantServices, 'platform' | 'readUsage'>,
  MerchantPath,
  unknown,
  QuotasRequest
> =
  ({ platform, readUsage }) =>
  async ({ path, body, author, signal }) => {
    const saved = await platform.setQuotas(path.merchantId, body, author, signal)
    if (saved === 'absent') throw new Problem('notFound')
    return { status: 200, body: viewOf(await readUsage(path.merchantId, signal)) }
  }
