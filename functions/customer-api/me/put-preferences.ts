import { noteTurnedAway, type TurnedAwayServices } from '#functions/customer-api/note-turned-away.ts'
import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { Preferences } from '#shared/domain/customers/customer.ts'
import { contentTag, requireMatch } from '#shared/runtime/http/entity-tag.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = TurnedAwayServices & Pick<CustomerServices, 'profiles'>

/**
 * Keeps what the caller asks for: by which channel first, in which language, when, how often, from whom not; it counts at
 * the next decision.
 */
export const putPreferences: UseCase<Services, unknown, unknown, Preferences> =
  (services) =>
  async ({ caller, body, ifMatch, signal }) => {
    const { profiles, nowMs } = services
    const permit = (before: Preferences) => requireMatch(ifMatch, contentTag(before))
    const saved = await profiles.savePreferences(caller.user, body, nowMs(), permit, signal)
    if (saved === 'erased') throw new Problem('gone')
    await noteTurnedAway(services, caller.user, body.mutedMerchants ?? [], 'muted', signal)
    return { status: 200, body, headers: { etag: contentTag(body) } }
  }
