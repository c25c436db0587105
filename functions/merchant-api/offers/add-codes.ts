import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import type { MemberRequest, MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { MAX_LISTED_CODES, type OfferCodesRequest } from '#shared/contracts/http/offers.ts'
import { readListedCode } from '#shared/domain/customers/offer-code.ts'
import type { OfferId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { Reply } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'offers' | 'addCodes'>
type Path = MerchantPath & { readonly offerId: OfferId }

/** @throws {Problem} 422 for what cannot be a code */
const readCodes = (texts: readonly string[]): string[] => {
  const codes = texts.map(readListedCode)
  const errors = codes.flatMap((code, index) =>
    code === undefined
      ? [{ pointer: `/codes/${index}`, detail: '3 to 40 letters, digits, dots or underscores' }]
      : [],
  )
  if (errors.length > 0) throw new Problem('unprocessable', { errors })
  return codes.filter((code) => code !== undefined)
}

const attempt = async (
  services: Services,
  request: MemberRequest<Path, unknown, OfferCodesRequest>,
  codes: readonly string[],
): Promise<Reply | 'again'> => {
  const { path, body, author, signal } = request
  const offer = await services.offers.find(path.merchantId, path.offerId, signal)
  if (offer === undefined) throw new Problem('notFound')
  if (offer.codes !== 'list') {
    throw new Problem('unprocessable', {
      errors: [{ pointer: '/codes', detail: 'the codes of this offer are generated' }],
    })
  }
  onlyIfMatch(request)(offer)
  const outcome = await services.addCodes(offer, [...new Set(codes)], author, signal)
  if (outcome.kind === 'again') return 'again'
  if (outcome.kind === 'full')
    throw new Problem('limitReached', { detail: `an offer has at most ${MAX_LISTED_CODES} codes` })
  const fresh = new Set(outcome.added)
  // A code that stands twice in the request is new the first time only.
  const duplicates = body.codes.filter((_, index) => !fresh.delete(codes[index] ?? ''))
  return { status: 200, body: { added: outcome.added.length, duplicates, left: outcome.left } }
}

/**
 * Adds codes of the merchant's own to an offer, which are given one by one. Each is there once: a request that is sent again
 * adds nothing, and tells them as duplicates.
 */
export const addCodes: MemberUseCase<Services, Path, unknown, OfferCodesRequest> =
  (services) => async (request) => {
    const codes = readCodes(request.body.codes)
    return await optimistically(() => attempt(services, request, codes), request.signal)
  }
