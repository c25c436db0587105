import type { AuthorUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { QuotasRequest } from '#shared/contracts/http/platform.ts'
import type { Usage } from '#shared/contracts/items/quotas.ts'
import { requireMatch, revisionTag, type WantedState } from '#shared/runtime/http/entity-tag.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { Reply, UseCase } from '#shared/runtime/http/route.ts'

const viewOf = ({ quotas, used }: Usage) => ({
  geofences: { used: used.geofences, limit: quotas.geofences },
  scenes: { used: used.scenes, limit: quotas.scenes },
  stores: { used: used.stores, limit: quotas.stores },
  regions: { used: used.regions, limit: quotas.regions },
  qrCodes: { used: used.qrCodes, limit: quotas.qrCodes },
  tileRows: { limit: quotas.tileRows },
  radiusM: { limit: quotas.radiusM },
})

const replyOf = (usage: Usage): Reply => ({
  status: 200,
  body: viewOf(usage),
  headers: { etag: revisionTag(usage.version) },
})

/** The version that the client's `if-match` names, if it is still that. */
const matching = (ifMatch: WantedState | undefined, { version }: Usage): number | undefined => {
  requireMatch(ifMatch, revisionTag(version))
  return ifMatch === undefined || ifMatch === '*' ? undefined : version
}

/** Answers how much a merchant has of what is bounded, and may have. */
export const getQuotas: UseCase<Pick<MerchantServices, 'readUsage'>, MerchantPath> =
  ({ readUsage }) =>
  async ({ path, signal }) =>
    replyOf(await readUsage(path.merchantId, signal))

/** Raises what a merchant may have, or takes that back; what there is stays. */
export const putQuotas: AuthorUseCase<
  Pick<MerchantServices, 'platform' | 'readUsage'>,
  MerchantPath,
  unknown,
  QuotasRequest
> =
  ({ platform, readUsage }) =>
  async ({ path: { merchantId }, body, ifMatch, author, signal }) => {
    const version = matching(ifMatch, await readUsage(merchantId, signal))
    const saved = await platform.setQuotas(merchantId, body, author, version, signal)
    if (saved === 'absent') throw new Problem('notFound')
    if (saved === 'changed') throw new Problem('preconditionFailed')
    return replyOf(await readUsage(merchantId, signal))
  }
