import type { MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import type { SceneId } from '#shared/domain/ids.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<MerchantServices, 'listRevisions'>
type Path = MerchantPath & { readonly sceneId: SceneId }

const isRevision = (text: string): text is string => /^\d{8}$/.test(text)

/** Answers a page of everything that a scene has been, the oldest first. */
export const listRevisions: UseCase<Services, Path, PageQuery> = (services) => async (request) => {
  const { path, query, signal } = request
  const after = decodeCursor(query.cursor, isRevision)
  const { limit } = query
  const page = await services.listRevisions(path.merchantId, path.sceneId, { limit, after }, signal)
  return {
    status: 200,
    body: { items: page.items, ...(page.next !== undefined && { next: encodeCursor(page.next) }) },
  }
}
