import type { StoredGrant } from '#shared/adapters/dynamodb/customers/grant-records.ts'
import type { Redemption } from '#shared/contracts/http/redemptions.ts'

/** What a till is told of what it redeemed. */
export const redemptionOf = (grant: StoredGrant & { readonly redeemedAt: string }): Redemption => ({
  grantId: grant.grantId,
  merchantId: grant.merchantId,
  sceneId: grant.sceneId,
  ...(grant.offerId !== undefined && { offerId: grant.offerId }),
  ...(grant.offerName !== undefined && { offerName: grant.offerName }),
  state: 'redeemed',
  grantedAt: grant.grantedAt,
  redeemedAt: grant.redeemedAt,
  ...(grant.redeemedAtStoreId !== undefined && { storeId: grant.redeemedAtStoreId }),
})
