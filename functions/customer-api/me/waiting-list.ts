import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { MyWait } from '#shared/contracts/http/me.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { isId, type OfferId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

const isOfferId = (text: string): text is OfferId => isId('off', text)

/** Answers what the caller waits for, and since when. A page may be short, or empty. */
export const listMyWaits: UseCase<
  Pick<CustomerServices, 'profiles' | 'waits' | 'findNames'>,
  unknown,
  PageQuery
> =
  ({ profiles, waits, findNames }) =>
  async ({ caller, query, signal }) => {
    const after = decodeCursor(query.cursor, isOfferId)
    if ((await profiles.find(caller.user, signal)) === 'erased') throw new Problem('gone')
    const page = await waits.listOf(caller.user, { limit: query.limit, after }, signal)
    const names = await findNames(
      page.items.map(({ merchantId, offerId }) => ({ merchantId, offerId })),
      signal,
    )
    const items = page.items.map((place, index): MyWait => ({ ...place, ...names[index] }))
    return { status: 200, body: { items, ...(page.next !== undefined && { next: encodeCursor(page.next) }) } }
  }

/** Gives up the caller's place in the waiting list of an offer: it is not called up any more. */
export const leaveWaitingList: UseCase<Pick<CustomerServices, 'waits'>, { readonly offerId: OfferId }> =
  ({ waits }) =>
  async ({ caller, path, signal }) => {
    if ((await waits.leave(caller.user, path.offerId, signal)) === 'absent') throw new Problem('notFound')
    return { status: 204 }
  }
