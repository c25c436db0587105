import {
  type ConsentBody,
  type ConsentServices,
  saveConsent,
} from '#functions/customer-api/me/save-consent.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Keeps the caller's choice about push, with when and where it was made. */
export const putPushConsent: UseCase<ConsentServices, unknown, unknown, ConsentBody> =
  (services) =>
  async ({ caller, body, signal }) => ({
    status: 200,
    body: await saveConsent(services, caller.user, { about: 'push' }, body, signal),
  })
