import type { AuthorUseCase } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { ZoneRequest } from '#shared/contracts/http/platform.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import type { Zone } from '#shared/domain/geo/zone.ts'
import { isId, type ZoneId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { contentTag, requireMatch, type WantedState } from '#shared/runtime/http/entity-tag.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'zones'>
type Path = { readonly zoneId: ZoneId }

const isZoneId = (text: string): text is ZoneId => isId('zon', text)

/** Answers a page of the operator's zones, in the order of their ids. */
export const listZones: UseCase<Services, unknown, PageQuery> =
  ({ zones }) =>
  async ({ query, signal }) => {
    const after = decodeCursor(query.cursor, isZoneId)
    const all = await zones.list(signal)
    const rest = after === undefined ? all : all.filter(({ id }) => id > after)
    const items = rest.slice(0, query.limit)
    const last = items.at(-1)
    const hasMore = rest.length > items.length
    return {
      status: 200,
      body: { items, ...(hasMore && last !== undefined && { next: encodeCursor(last.id) }) },
    }
  }

const tagOf = (zone: Zone) => ({ etag: contentTag(zone) })

const onlyIfMatch = (ifMatch: WantedState | undefined) => (before: Zone | undefined) =>
  requireMatch(ifMatch, before && contentTag(before))

/** Answers one of the operator's zones. */
export const getZone: UseCase<Services, Path> =
  ({ zones }) =>
  async ({ path, signal }) => {
    const zone = await zones.find(path.zoneId, signal)
    if (zone === undefined) throw new Problem('notFound')
    return { status: 200, body: zone, headers: tagOf(zone) }
  }

/** Draws a zone, or draws it anew; it counts within 10 s. */
export const putZone: AuthorUseCase<Services, Path, unknown, ZoneRequest> =
  ({ zones }) =>
  async ({ path, body, ifMatch, author, signal }) => {
    const zone = { id: path.zoneId, ...body }
    const saved = await zones.put(zone, author, onlyIfMatch(ifMatch), signal)
    if (saved === 'full')
      throw new Problem('limitReached', { detail: 'the platform has as many zones as it may' })
    return { status: 200, body: zone, headers: tagOf(zone) }
  }

/** Removes a zone; one that is gone already is no fault. */
export const deleteZone: AuthorUseCase<Services, Path> =
  ({ zones }) =>
  async ({ path, ifMatch, author, signal }) => {
    await zones.remove(path.zoneId, author, onlyIfMatch(ifMatch), signal)
    return { status: 204 }
  }
