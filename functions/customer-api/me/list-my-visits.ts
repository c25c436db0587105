import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { Names } from '#shared/adapters/dynamodb/catalog/names.ts'
import type { MyVisit } from '#shared/contracts/http/me.ts'
import { isInstant, type PageQuery } from '#shared/contracts/http/primitives.ts'
import type { StoredVisit } from '#shared/contracts/items/visit.ts'
import { isId, type VisitId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'profiles' | 'visits' | 'findNames'>

/** `<when it began>#<visitId>`. */
type Place = `${string}#${VisitId}`
const isPlace = (text: string): text is Place => {
  const [at = '', visitId = '', ...rest] = text.split('#')
  return isInstant(at) && isId('vis', visitId) && rest.length === 0
}
const placeOf = (text: Place) => {
  const [at = '', visitId = ''] = text.split('#')
  return isId('vis', visitId) ? { enteredAtMs: Date.parse(at), visitId } : undefined
}

const iso = (atMs: number): string => new Date(atMs).toISOString()

const myVisit = (visit: StoredVisit, { merchantName, storeName }: Names): MyVisit => {
  const { visitId, merchantId, storeId, geofenceId, enteredAtMs, lastInsideAtMs, exitedAtMs, end } = visit
  return {
    visitId,
    merchantId,
    ...(merchantName !== undefined && { merchantName }),
    ...(storeId !== undefined && { storeId }),
    ...(storeName !== undefined && { storeName }),
    geofenceId,
    enteredAt: iso(enteredAtMs),
    lastInsideAt: iso(lastInsideAtMs),
    ...(exitedAtMs !== undefined && {
      leftAt: iso(exitedAtMs),
      durationS: Math.max(0, Math.floor((exitedAtMs - enteredAtMs) / 1000)),
    }),
    end,
  }
}

/** Answers a page of the caller's visits that have settled, the latest first. Of where the phone was, nothing is kept. */
export const listMyVisits: UseCase<Services, unknown, PageQuery> =
  ({ profiles, visits, findNames }) =>
  async ({ caller, query, signal }) => {
    const cursor = decodeCursor(query.cursor, isPlace)
    if ((await profiles.find(caller.user, signal)) === 'erased') throw new Problem('gone')
    const after = cursor && placeOf(cursor)
    const { items, next } = await visits.listOf(caller.user, { limit: query.limit, after }, signal)
    const names = await findNames(items, signal)
    return {
      status: 200,
      body: {
        items: items.map((visit, index) => myVisit(visit, names[index] ?? {})),
        ...(next && { next: encodeCursor(`${iso(next.enteredAtMs)}#${next.visitId}`) }),
      },
    }
  }
