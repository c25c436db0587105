import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import { type BlockRequest, blockView } from '#shared/contracts/http/customers.ts'
import type { Block } from '#shared/domain/customers/relationship.ts'
import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Path = MerchantPath & { readonly userId: UserId }

const blockOf = (
  { reason, until, appeal: answer }: BlockRequest,
  before: Block | undefined,
  nowMs: number,
): Block => {
  const appeal = before?.appeal
  return {
    reason,
    sinceMs: before?.sinceMs ?? nowMs,
    ...(until !== undefined && { untilMs: Date.parse(until) }),
    ...(appeal && { appeal: answer === undefined ? appeal : { ...appeal, state: answer } }),
  }
}

const requireFuture = (until: string | undefined, nowMs: number): void => {
  if (until === undefined || Date.parse(until) > nowMs) return
  throw new Problem('invalidRequest', { errors: [{ pointer: '/until', detail: 'lies in the past' }] })
}

/** Blocks a customer, or changes reason and end of a block; the appeal against it stays, unless it is answered. */
export const putBlock: MemberUseCase<
  Pick<MerchantServices, 'noteCustomer' | 'nowMs'>,
  Path,
  unknown,
  BlockRequest
> =
  ({ noteCustomer, nowMs }) =>
  async ({ path, body, author, signal }) => {
    requireFuture(body.until, nowMs())
    const saved = await noteCustomer(
      path.merchantId,
      path.userId,
      { author, action: 'block' },
      (relationship) => ({ ...relationship, block: blockOf(body, relationship.block, nowMs()) }),
      signal,
    )
    if (saved?.block === undefined) throw new Problem('notFound')
    return { status: 200, body: blockView(saved.block) }
  }

/** Takes a block back; this is how an appeal is accepted. No fault where there is none. */
export const deleteBlock: MemberUseCase<Pick<MerchantServices, 'noteCustomer'>, Path> =
  ({ noteCustomer }) =>
  async ({ path, author, signal }) => {
    const saved = await noteCustomer(
      path.merchantId,
      path.userId,
      { author, action: 'unblock' },
      ({ block, ...relationship }) => relationship,
      signal,
    )
    if (saved === undefined) throw new Problem('notFound')
    return { status: 204 }
  }
