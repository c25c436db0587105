import type { CustomerServices } from '#functions/customer-api/services.ts'
import { contentTag } from '#shared/runtime/http/entity-tag.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

/** Answers what the caller asks for: nothing, until something was put. */
export const getPreferences: UseCase<Pick<CustomerServices, 'profiles'>> =
  ({ profiles }) =>
  async ({ caller, signal }) => {
    const profile = await profiles.find(caller.user, signal)
    if (profile === 'erased') throw new Problem('gone')
    const body = profile?.preferences ?? {}
    return { status: 200, body, headers: { etag: contentTag(body) } }
  }
