import type { MemberUseCase } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { KeySet } from '#shared/contracts/http/redemptions.ts'

/** Answers the public keys by which a till that is offline checks tokens: those that sign, will sign, and have signed. */
export const listSigningKeys: MemberUseCase<Pick<MerchantServices, 'listSigningKeys'>> =
  (services) =>
  async ({ signal }) => {
    const keys = await services.listSigningKeys(signal)
    const body: KeySet = {
      keys: keys.map(({ kid, jwk: { kty, crv, x } }) => ({ kid, kty, crv, alg: 'EdDSA', use: 'sig', x })),
    }
    return { status: 200, body }
  }
