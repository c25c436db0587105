import type { CustomerServices } from '#functions/customer-api/services.ts'
import { showCode } from '#shared/domain/customers/offer-code.ts'
import type { GrantId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'grants' | 'saveEvents' | 'newCode' | 'nowMs'>

/**
 * Gives a code by which the caller passes an offer on, and keeps that it was shared as an app event `share`. Both once: the
 * event is named after the grant, so that a repeat after half of it completes the rest.
 */
export const shareOffer: UseCase<Services, { readonly grantId: GrantId }> =
  ({ grants, saveEvents, newCode, nowMs }) =>
  async ({ caller, path, signal }) => {
    const now = nowMs()
    const shared = await grants.share(caller.user, path.grantId, newCode(), now, signal)
    if (shared.kind === 'absent') throw new Problem('notFound')
    if (shared.kind === 'released') throw new Problem('grantReleased')
    if (shared.kind === 'expired') throw new Problem('grantExpired')
    if (shared.kind === 'erased') throw new Problem('gone')
    const { grantId, merchantId, offerId } = shared.grant
    const event = {
      eventId: `share-${grantId}`,
      type: 'share' as const,
      at: new Date(now).toISOString(),
      merchantId,
      properties: { grantId, ...(offerId !== undefined && { offerId }) },
    }
    if ((await saveEvents(caller.user, [event], now, signal)) === 'erased') throw new Problem('gone')
    return { status: 200, body: { shareCode: showCode(shared.shareCode) } }
  }
