import type { AuthorUseCase } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { KillSwitchRequest } from '#shared/contracts/http/platform.ts'
import type { PlatformState } from '#shared/contracts/items/platform.ts'
import { requireMatch, revisionTag } from '#shared/runtime/http/entity-tag.ts'
import type { Reply, UseCase } from '#shared/runtime/http/route.ts'

const tagOf = ({ killedVersion }: PlatformState): string => revisionTag(killedVersion)

const replyOf = (state: PlatformState): Reply => {
  const { killed, killedReason, changedAt } = state
  return {
    status: 200,
    body: {
      on: killed,
      ...(killedReason !== undefined && { reason: killedReason }),
      ...(changedAt !== undefined && { changedAt }),
    },
    headers: { etag: tagOf(state) },
  }
}

/** Answers the operator whether everything is switched off. */
export const getKillSwitch: UseCase<Pick<MerchantServices, 'platform'>> =
  ({ platform }) =>
  async ({ signal }) =>
    replyOf(await platform.read(signal))

/** Switches all messages off, or on again. Functions look every 5 s: it works within 10. */
export const putKillSwitch: AuthorUseCase<
  Pick<MerchantServices, 'platform'>,
  unknown,
  unknown,
  KillSwitchRequest
> =
  ({ platform }) =>
  async ({ body, ifMatch, author, signal }) => {
    const permit = (before: PlatformState) => requireMatch(ifMatch, tagOf(before))
    return replyOf(await platform.switch({ killed: body.on, reason: body.reason }, author, permit, signal))
  }
