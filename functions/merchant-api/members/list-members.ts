import type { MemberUseCase } from '#functions/merchant-api/member-route.ts'
import { taggedMember } from '#functions/merchant-api/members/tagged-member.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'

/** Answers who acts for the merchant, in which role and until when. */
export const listMembers: MemberUseCase<Pick<MerchantServices, 'members' | 'nowMs'>> =
  ({ members, nowMs }) =>
  async ({ path, signal }) => {
    const all = await members.list(path.merchantId, signal)
    return { status: 200, body: { items: all.map((member) => taggedMember(member, nowMs())) } }
  }
