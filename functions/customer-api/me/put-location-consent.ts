import {
  type ConsentBody,
  type ConsentServices,
  saveConsent,
} from '#functions/customer-api/me/save-consent.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/**
 * Keeps the caller's choice about positions. Withdrawn, where the caller is is forgotten in the same transaction, and
 * pings are refused, also those on their way, until it is granted again.
 */
export const putLocationConsent: UseCase<ConsentServices, unknown, unknown, ConsentBody> =
  (services) =>
  async ({ caller, body, signal }) => ({
    status: 200,
    body: await saveConsent(services, caller.user, { about: 'location' }, body, signal),
  })
