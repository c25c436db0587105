import type { MemberRole } from '#shared/domain/merchants/merchant.ts'

/** What can be done with a merchant. Every route of the merchants' API names one of these. */
export const MERCHANT_ACTIONS = [
  /** Its configuration and its counts. */
  'read',
  /** Codes at the till. */
  'redeem',
  /** Stores, regions and geofences. */
  'editPlaces',
  /** Scenes and offers. */
  'editScenes',
  /** Customers who have acted with it, by name. */
  'readCustomers',
  'editCustomers',
  'readMembers',
  'manageMembers',
  'readAudit',
  /** All of its data in one file. */
  'export',
  /** The merchant itself: its name, its end. */
  'administer',
] as const
export type MerchantAction = (typeof MERCHANT_ACTIONS)[number]

/** The permission matrix; docs/merchants.md shows it. */
const ALLOWED: Readonly<Record<MemberRole, readonly MerchantAction[]>> = {
  owner: MERCHANT_ACTIONS,
  manager: [
    'read',
    'redeem',
    'editPlaces',
    'editScenes',
    'readCustomers',
    'editCustomers',
    'readMembers',
    'readAudit',
  ],
  staff: ['read', 'redeem'],
  // Somebody else's people: they set up what customers shall hear, and learn of no customer.
  agency: ['read', 'editPlaces', 'editScenes'],
  auditor: ['read', 'readCustomers', 'readMembers', 'readAudit', 'export'],
}

/**
 * May a member with this role do this?
 *
 * @example may('staff', 'editScenes') // false
 */
export const may = (role: MemberRole, action: MerchantAction): boolean => ALLOWED[role].includes(action)
