import type { MerchantId, StoreId } from '#shared/domain/ids.ts'

export const MEMBER_ROLES = ['owner', 'manager', 'staff'] as const
export type MemberRole = (typeof MEMBER_ROLES)[number]

export type Merchant = {
  readonly id: MerchantId
  readonly name: string
  readonly revision: number
  readonly createdAt: string
  readonly updatedAt: string
}

export type Store = {
  readonly id: StoreId
  readonly merchantId: MerchantId
  readonly name: string
  readonly lat: number
  readonly lon: number
  readonly address?: string
  /** IANA zone, found from the coordinates. */
  readonly timeZone: string
  readonly revision: number
  readonly createdAt: string
  readonly updatedAt: string
}
