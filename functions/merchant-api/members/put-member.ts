import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { onlyMemberIfMatch, taggedMember } from '#functions/merchant-api/members/tagged-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { MemberRequest } from '#shared/contracts/http/members.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { Member } from '#shared/domain/merchants/merchant.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { Reply } from '#shared/runtime/http/route.ts'

type Path = MerchantPath & { readonly userId: UserId }

const YEAR_MS = 366 * 86_400_000

const requireSoon = (until: string | undefined, nowMs: number): void => {
  if (until === undefined) return
  const leftMs = Date.parse(until) - nowMs
  if (leftMs > 0 && leftMs <= YEAR_MS) return
  throw new Problem('invalidRequest', { errors: [{ pointer: '/until', detail: 'a time within a year' }] })
}

/** The merchant always keeps an owner. */
export const lastOwner = (merchantId: MerchantId): Problem =>
  new Problem('inUse', {
    detail: 'this is its last owner: make somebody else an owner first',
    heldBy: [{ type: 'merchant', id: merchantId }],
  })

const putReply = (status: 200 | 201, member: Member, nowMs: number): Reply => {
  const body = taggedMember(member, nowMs)
  return { status, body, headers: { etag: body.etag } }
}

/** Adds a member, or gives one another role or time; it counts for the very next request. */
export const putMember: MemberUseCase<
  Pick<MerchantServices, 'members' | 'nowMs'>,
  Path,
  unknown,
  MemberRequest
> =
  ({ members, nowMs }) =>
  async (request) => {
    const { path, body, author, signal } = request
    requireSoon(body.until, nowMs())
    const member = { user: path.userId, ...body, addedAt: new Date(nowMs()).toISOString() }
    const saved = await members.put(path.merchantId, member, author, onlyMemberIfMatch(request), signal)
    switch (saved.kind) {
      case 'created':
        return putReply(201, saved.member, nowMs())
      case 'replaced':
        return putReply(200, saved.member, nowMs())
      case 'lastOwner':
        throw lastOwner(path.merchantId)
      case 'full':
        throw new Problem('limitReached', { detail: 'a merchant has at most 40 members' })
      case 'absent':
        throw new Problem('notFound')
      default:
        return saved satisfies never
    }
  }
