import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { Consent, ConsentSubject } from '#shared/domain/customers/customer.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

export type ConsentServices = Pick<CustomerServices, 'profiles' | 'newId' | 'nowMs'>
export type ConsentBody = Omit<Consent, 'at' | 'receiptId'>

/**
 * Keeps a customer's choice and its receipt.
 *
 * @throws {Problem} `gone` after erasure; `limitReached` when there is no room for another merchant
 */
export const saveConsent = async (
  { profiles, newId, nowMs }: ConsentServices,
  user: UserId,
  subject: ConsentSubject,
  body: ConsentBody,
  signal: AbortSignal,
): Promise<Consent> => {
  const now = nowMs()
  const consent = { ...body, at: new Date(now).toISOString(), receiptId: newId('rcp') }
  const saved = await profiles.saveConsent(user, subject, consent, now, signal)
  if (saved === 'erased') throw new Problem('gone')
  if (saved === 'full')
    throw new Problem('limitReached', { detail: 'too many merchants with a choice about SMS' })
  return consent
}
