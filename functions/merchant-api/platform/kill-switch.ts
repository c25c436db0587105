import type { AuthorUseCase } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { KillSwitchRequest } from '#shared/contracts/http/platform.ts'
import type { PlatformState } from '#shared/contracts/items/platform.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

const viewOf = ({ killed, killedReason, changedAt }: PlatformState) => ({
  on: killed,
  ...(killedReason !== undefined && { reason: killedReason }),
  ...(changedAt !== undefined && { changedAt }),
})

/** Answers the operator whether everything is switched off. */
export const getKillSwitch: UseCase<Pick<MerchantServices, 'platform'>> =
  ({ platform }) =>
  async ({ signal }) => ({ status: 200, body: viewOf(await platform.read(signal)) })

/** Switches all messages off, or on again. Functions look every 5 s: it works within 10. */
export const putKillSwitch: AuthorUseCase<
  Pick<MerchantServices, 'platform'>,
  unknown,
  unknown,
  KillSwitchRequest
> =
  ({ platform }) =>
  async ({ body, author, signal }) => {
    await platform.switch(body.on, body.reason, author, signal)
    return { status: 200, body: viewOf(await platform.read(signal)) }
  }
