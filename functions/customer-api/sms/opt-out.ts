import { noteTurnedAway, type TurnedAwayServices } from '#functions/customer-api/note-turned-away.ts'
import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { MerchantId } from '#shared/domain/ids.ts'

export type OptOutServices = TurnedAwayServices & Pick<CustomerServices, 'suppressions' | 'profiles'>

type Answer = { readonly phoneHash: string; readonly merchantId: MerchantId | undefined; readonly at: string }

/** Ends text messages of a merchant, or of everybody when none is known: at once, and in the customer's own choices. */
export const optOut = async (
  services: OptOutServices,
  { phoneHash, merchantId, at }: Answer,
  signal?: AbortSignal,
): Promise<void> => {
  const { suppressions, profiles, nowMs } = services
  await suppressions.suppress(phoneHash, merchantId ?? 'everybody', at, signal)
  const owner = await suppressions.ownerOf(phoneHash, signal)
  if (owner === undefined || merchantId === undefined) return
  await profiles.saveSmsConsent(owner, merchantId, { granted: false, at, source: 'sms' }, nowMs(), signal)
  await noteTurnedAway(services, owner, [merchantId], 'stopped', signal)
}

/** Takes an opt-out back, and the consent with it that it ended; consent that was never given is not made up. */
export const optIn = async (
  { suppressions, profiles, nowMs }: OptOutServices,
  { phoneHash, merchantId, at }: Answer,
  signal?: AbortSignal,
): Promise<void> => {
  await suppressions.allow(phoneHash, merchantId, at, signal)
  const owner = await suppressions.ownerOf(phoneHash, signal)
  if (owner === undefined || merchantId === undefined) return
  const profile = await profiles.find(owner, signal)
  if (profile === undefined || profile === 'erased') return
  const before = profile.consents.sms?.[merchantId]
  const wasEndedBySms = before !== undefined && !before.granted && before.source === 'sms' && before.at < at
  if (!wasEndedBySms) return
  await profiles.saveSmsConsent(owner, merchantId, { granted: true, at, source: 'sms' }, nowMs(), signal)
}
