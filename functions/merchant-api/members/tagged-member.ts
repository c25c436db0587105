import type * as z from 'zod'
import { memberView, type taggedMemberSchema } from '#shared/contracts/http/members.ts'
import type { Member } from '#shared/domain/merchants/merchant.ts'
import { contentTag, requireMatch } from '#shared/runtime/http/entity-tag.ts'
import type { HttpRequest } from '#shared/runtime/http/route.ts'

/** A member in the form of the API, with the tag of what was stored of it: that its time is over changes nothing there. */
export const taggedMember = (member: Member, nowMs: number): z.output<typeof taggedMemberSchema> => ({
  ...memberView(member, nowMs),
  etag: contentTag(member),
})

/**
 * Lets only the state of a member pass that the client's `if-match` names.
 *
 * @throws {Problem} 412, by the function that it returns
 */
export const onlyMemberIfMatch =
  ({ ifMatch }: Pick<HttpRequest, 'ifMatch'>) =>
  (before: Member | undefined): void =>
    requireMatch(ifMatch, before && contentTag(before))
