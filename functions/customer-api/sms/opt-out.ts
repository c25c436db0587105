import { noteTurnedAway, type TurnedAwayServices } from '#functions/customer-api/note-turned-away.ts'
import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'

export type OptOutServices = TurnedAwayServices &
  Pick<CustomerServices, 'suppressions' | 'profiles' | 'newId'>

type Answer = { readonly phoneHash: string; readonly merchantId: MerchantId | undefined; readonly at: string }

type Choice = { readonly granted: boolean; readonly merchantId: MerchantId; readonly at: string }

const keepAnswer = (
  { profiles, newId, nowMs }: OptOutServices,
  owner: UserId,
  { granted, merchantId, at }: Choice,
  signal?: AbortSignal,
) => {
  const consent = { granted, at, source: 'sms', receiptId: newId('rcp') }
  return profiles.saveConsent(owner, { about: 'sms', merchantId }, consent, nowMs(), signal)
}

/** Ends text messages of a merchant, or of everybody when none is known: at once, and in the customer's own choices. */
export const optOut = async (
  services: OptOutServices,
  { phoneHash, merchantId, at }: Answer,
  signal?: AbortSignal,
): Promise<void> => {
  const { suppressions } = services
  await suppressions.suppress(phoneHash, merchantId ?? 'everybody', at, signal)
  const owner = await suppressions.ownerOf(phoneHash, signal)
  if (owner === undefined || merchantId === undefined) return
  await keepAnswer(services, owner, { granted: false, merchantId, at }, signal)
  await noteTurnedAway(services, owner, [merchantId], 'stopped', signal)
}

/** Takes an opt-out back, and the consent with it that it ended; consent that was never given is not made up. */
export const optIn = async (
  services: OptOutServices,
  { phoneHash, merchantId, at }: Answer,
  signal?: AbortSignal,
): Promise<void> => {
  const { suppressions, profiles } = services
  await suppressions.allow(phoneHash, merchantId, at, signal)
  const owner = await suppressions.ownerOf(phoneHash, signal)
  if (owner === undefined || merchantId === undefined) return
  const profile = await profiles.find(owner, signal)
  if (profile === undefined || profile === 'erased') return
  const before = profile.consents.sms?.[merchantId]
  const wasEndedBySms = before !== undefined && !before.granted && before.source === 'sms' && before.at < at
  if (!wasEndedBySms) return
  await keepAnswer(services, owner, { granted: true, merchantId, at }, signal)
}
