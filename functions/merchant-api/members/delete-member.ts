import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { lastOwner } from '#functions/merchant-api/members/put-member.ts'
import { onlyMemberIfMatch } from '#functions/merchant-api/members/tagged-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Path = MerchantPath & { readonly userId: UserId }

/** Takes a member's access away; its next request is that of a stranger. */
export const deleteMember: MemberUseCase<Pick<MerchantServices, 'members'>, Path> =
  ({ members }) =>
  async (request) => {
    const { path, author, signal } = request
    const check = onlyMemberIfMatch(request)
    const removed = await members.remove(path.merchantId, path.userId, author, check, signal)
    if (removed === 'absent') throw new Problem('notFound')
    if (removed === 'lastOwner') throw lastOwner(path.merchantId)
    return { status: 204 }
  }
