import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { Standing } from '#shared/adapters/dynamodb/customers/wait-records.ts'
import type { MyWait } from '#shared/contracts/http/me.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { isId, type OfferId, type UserId } from '#shared/domain/ids.ts'
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

type JoinServices = Pick<
  CustomerServices,
  'profiles' | 'waits' | 'traces' | 'findWaitingList' | 'findNames' | 'nowMs'
>

/**
 * Takes a place for what a decision found sold out for the customer: who left, or came before there was a list. All else
 * is absent alike, so that nobody learns what there is.
 */
const take = async (
  { waits, traces, findWaitingList, nowMs }: JoinServices,
  user: UserId,
  offerId: OfferId,
  signal?: AbortSignal,
): Promise<Standing | 'erased' | 'absent'> => {
  const standing = await waits.find(user, offerId, signal)
  if (standing !== undefined) return standing
  const missed = await traces.findSoldOut(user, offerId, nowMs(), signal)
  if (missed === undefined) return 'absent'
  if (missed === 'granted') return 'calledUp'
  const list = await findWaitingList(missed, nowMs(), signal)
  return list === undefined ? 'absent' : waits.join(missed, list.stockShards, nowMs(), signal)
}

/** The same for all that cannot be waited for, there or not. */
const NOT_MISSED =
  'no decision of the last 30 days found an offer with this id and a waiting list sold out for the customer'

/** Puts the caller on the waiting list of an offer that was found sold out; whoever stands there keeps the place. */
export const joinWaitingList: UseCase<JoinServices, { readonly offerId: OfferId }> =
  (services) =>
  async ({ caller, path, signal }) => {
    if ((await services.profiles.find(caller.user, signal)) === 'erased') throw new Problem('gone')
    const place = await take(services, caller.user, path.offerId, signal)
    if (place === 'absent') throw new Problem('notFound', { detail: NOT_MISSED })
    if (place === 'calledUp') throw new Problem('alreadyCalledUp')
    if (place === 'erased') throw new Problem('gone')
    const { merchantId, offerId } = place
    const [names] = await services.findNames([{ merchantId, offerId }], signal)
    const body: MyWait = { ...place, ...names }
    return { status: 200, body }
  }

/** Gives up the caller's place in the waiting list of an offer: it is not called up any more. */
export const leaveWaitingList: UseCase<Pick<CustomerServices, 'waits'>, { readonly offerId: OfferId }> =
  ({ waits }) =>
  async ({ caller, path, signal }) => {
    if ((await waits.leave(caller.user, path.offerId, signal)) === 'absent') throw new Problem('notFound')
    return { status: 204 }
  }
