import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { GrantId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'grants' | 'nowMs'>
type Body = { readonly by: 'opened' | 'claimed' }

/** Keeps that the caller opened or claimed what was given: its unit is the caller's, and does not go back. */
export const claimOffer: UseCase<Services, { readonly grantId: GrantId }, unknown, Body> =
  ({ grants, nowMs }) =>
  async ({ caller, path, body, signal }) => {
    const claimed = await grants.claim(caller.user, path.grantId, body.by, nowMs(), signal)
    if (claimed === 'absent') throw new Problem('notFound')
    if (claimed === 'released') throw new Problem('grantReleased')
    if (claimed === 'expired') throw new Problem('grantExpired')
    if (claimed === 'erased') throw new Problem('gone')
    return { status: 204 }
  }
