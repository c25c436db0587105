import type { AuthorUseCase, MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { SuspensionRequest } from '#shared/contracts/http/platform.ts'
import type { Suspension } from '#shared/contracts/items/suspension.ts'
import { contentTag, requireMatch } from '#shared/runtime/http/entity-tag.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { Reply, UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'platform'>

/** A suspension in the form of the API. */
export const suspensionView = (suspension: Suspension | undefined) => ({
  suspended: suspension !== undefined,
  ...suspension,
})

const replyOf = (suspension: Suspension | undefined): Reply => {
  const body = suspensionView(suspension)
  return { status: 200, body, headers: { etag: contentTag(body) } }
}

const nextOf =
  ({ suspended, reason = '', appeal: answer }: SuspensionRequest, at: string) =>
  (before: Suspension | undefined): Suspension | undefined => {
    if (!suspended) return undefined
    const appeal = before?.appeal
    return {
      at: before?.at ?? at,
      reason,
      ...(appeal && { appeal: answer === undefined ? appeal : { ...appeal, state: answer } }),
    }
  }

/** Suspends a merchant, or takes that back. Its scenes keep their data; none of them speaks. */
export const putSuspension: AuthorUseCase<Services, MerchantPath, unknown, SuspensionRequest> =
  ({ platform }) =>
  async ({ path, body, ifMatch, author, signal }) => {
    const nextAfter = nextOf(body, new Date(author.atMs).toISOString())
    const next = (before: Suspension | undefined) => {
      requireMatch(ifMatch, contentTag(suspensionView(before)))
      return nextAfter(before)
    }
    const saved = await platform.suspend(path.merchantId, next, author, signal)
    if (saved === 'absent') throw new Problem('notFound')
    return replyOf(saved.suspension)
  }

/** Answers whether the operator has suspended the merchant, why and since when. */
export const getSuspension: UseCase<Services, MerchantPath> =
  ({ platform }) =>
  async ({ path, signal }) =>
    replyOf(await platform.readSuspension(path.merchantId, signal))

/** Says something against a suspension; the operator answers it once. */
export const appealSuspension: MemberUseCase<Services, MerchantPath, unknown, { readonly text: string }> =
  ({ platform }) =>
  async ({ path, body, author, signal }) => {
    const appeal = { state: 'open', text: body.text, at: new Date(author.atMs).toISOString() } as const
    const saved = await platform.suspend(
      path.merchantId,
      (before) => {
        if (before === undefined) throw new Problem('notFound')
        if (before.appeal !== undefined) {
          throw new Problem('limitReached', { detail: 'a suspension is appealed against once' })
        }
        return { ...before, appeal }
      },
      author,
      signal,
    )
    if (saved === 'absent') throw new Problem('notFound')
    return { status: 200, body: suspensionView(saved.suspension) }
  }
