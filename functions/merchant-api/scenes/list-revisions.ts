import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import type { SceneId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'listRevisions'>
type Path = MerchantPath & { readonly sceneId: SceneId }

const isRevision = (text: string): text is string => /^\d{8}$/.test(text)

/** Answers a page of everything that a scene has been, the oldest first; also of one that was deleted. */
export const listRevisions: UseCase<Services, Path, PageQuery> = (services) => async (request) => {
  const { path, query, signal } = request
  const after = decodeCursor(query.cursor, isRevision)
  const { limit } = query
  const page = await services.listRevisions(path.merchantId, path.sceneId, { limit, after }, signal)
  // Every scene has a revision from the start, and keeps it when it is deleted.
  if (page.items.length === 0 && after === undefined) throw new Problem('notFound')
  return {
    status: 200,
    body: { items: page.items, ...(page.next !== undefined && { next: encodeCursor(page.next) }) },
  }
}
