import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { TurnedAway } from '#shared/domain/merchants/trust.ts'

export type TurnedAwayServices = Pick<CustomerServices, 'noteTurnedAway' | 'queueJob' | 'newId' | 'nowMs'>

/** Counts that a customer turned away from merchants, and has the scenes looked at whose messages came before. */
export const noteTurnedAway = async (
  services: TurnedAwayServices,
  user: UserId,
  merchants: readonly MerchantId[],
  how: TurnedAway,
  signal?: AbortSignal,
): Promise<void> => {
  if (merchants.length === 0) return
  const scenes = await services.noteTurnedAway(user, merchants, how, services.nowMs(), signal)
  for (const scene of scenes)
    await services.queueJob({ kind: 'trust', jobId: services.newId('job'), ...scene }, signal)
}
