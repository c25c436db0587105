import type { DeclaredPreferences } from '#shared/domain/customers/preferences.ts'
import type { MerchantId, RegionId, StoreId, UserId } from '#shared/domain/ids.ts'
import type { TrustLimit, VisitLimit } from '#shared/domain/merchants/trust.ts'
import type { Cap, WeeklyHours } from '#shared/domain/scenes/scene.ts'

export const MEMBER_ROLES = ['owner', 'manager', 'staff', 'agency', 'auditor'] as const
export type MemberRole = (typeof MEMBER_ROLES)[number]

/** Somebody who acts for a merchant. */
export type Member = {
  readonly user: UserId
  readonly role: MemberRole
  /** Until when; absent: until removed. */
  readonly until?: string
  readonly addedAt?: string
}

/**
 * May a member still act?
 *
 * @example isActive({ until: '2026-11-22T10:00:00.000Z' }, Date.UTC(2026, 10, 22, 10)) // false
 */
export const isActive = ({ until }: Pick<Member, 'until'>, nowMs: number): boolean =>
  until === undefined || Date.parse(until) > nowMs

/** What a merchant spends in a day at most, over all its scenes. Days are UTC. */
export type Budget = {
  readonly sendsPerDay?: number
  /** Messages and given offers, in cents. */
  readonly spendCentsPerDay?: number
}

/** About three months: often enough to be expected, seldom enough to be news. */
export const NEW_ARRIVAL_EVERY_DAYS = 90

export type Merchant = {
  readonly id: MerchantId
  readonly name: string
  /** What of app events is kept as the customer's preferences. */
  readonly preferences?: DeclaredPreferences
  readonly budget?: Budget
  readonly trust?: TrustLimit
  /** When a scene that brings nobody in is paused; absent: it is not. */
  readonly pauseWithoutVisits?: VisitLimit
  /** How many days pass from one new arrival to the next, at least. */
  readonly newArrivalEveryDays?: number
  /** How often one customer hears from this merchant at most; the platform's own cap stands beside it. */
  readonly caps?: readonly Cap[]
  readonly revision: number
  readonly createdAt: string
  readonly updatedAt: string
}

export type Store = {
  readonly id: StoreId
  readonly merchantId: MerchantId
  /** The merchant's own id of it, by which an import finds it again. */
  readonly externalId?: string
  readonly name: string
  readonly lat: number
  readonly lon: number
  readonly address?: string
  /** IANA zone, found from the coordinates. */
  readonly timeZone: string
  /** The state, ISO 3166-2 with its country ('US-CA'): lawful hours differ by it, and no zone tells it. */
  readonly subdivision?: string
  /** The node of the merchant's region tree at which the store is. */
  readonly regionId?: RegionId
  readonly isFlagship?: true
  readonly openingHours?: readonly WeeklyHours[]
  /** Local days 'YYYY-MM-DD' on which it stays closed. */
  readonly closedDates?: readonly string[]
  readonly revision: number
  readonly createdAt: string
  readonly updatedAt: string
}

/** A node of a merchant's region tree, e.g. city > district > business area. */
export type Region = {
  readonly id: RegionId
  readonly merchantId: MerchantId
  readonly name: string
  readonly parentId?: RegionId
  readonly revision: number
  readonly createdAt: string
  readonly updatedAt: string
}
