import { isActive, type Member } from '#shared/domain/merchants/merchant.ts'

/** A member in the form of the API. */
export const memberView = (member: Member, nowMs: number) => {
  const { user, role, until, addedAt } = member
  return {
    userId: user,
    role,
    ...(until !== undefined && { until }),
    ...(addedAt !== undefined && { addedAt }),
    isActive: isActive(member, nowMs),
  }
}
