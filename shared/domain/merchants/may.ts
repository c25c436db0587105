import type { MemberRole } from '#shared/domain/merchants/merchant.ts'

/** What can be done with a merchant; `administer` is the merchant itself: its name, its end. */
export const MERCHANT_ACTIONS = ['read', 'redeem', 'edit', 'administer'] as const
export type MerchantAction = (typeof MERCHANT_ACTIONS)[number]

const ALLOWED: Readonly<Record<MemberRole, ReadonlySet<MerchantAction>>> = {
  owner: new Set(MERCHANT_ACTIONS),
  manager: new Set<MerchantAction>(['read', 'redeem', 'edit']),
  staff: new Set<MerchantAction>(['read', 'redeem']),
}

/**
 * May a member with this role do this?
 *
 * @example may('staff', 'edit') // false
 */
export const may = (role: MemberRole, action: MerchantAction): boolean => ALLOWED[role].has(action)
