import { tagOf } from '#functions/merchant-api/entities/if-match.ts'
import type { Saved } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { Reply } from '#shared/runtime/http/route.ts'

/**
 * The answer to a create (201, with the entity's address where `location` is given) or a replace (200), with its tag.
 *
 * @throws {Problem} 404, 409 or 422 for what could not be saved
 */
export const savedReply = <E extends { readonly revision: number }>(
  saved: Saved<E>,
  view: (entity: E) => unknown,
  location?: string,
): Reply => {
  switch (saved.kind) {
    case 'saved':
      return location === undefined
        ? { status: 200, body: view(saved.entity), headers: tagOf(saved.entity) }
        : { status: 201, body: view(saved.entity), headers: { location, ...tagOf(saved.entity) } }
    case 'absent':
      throw new Problem('notFound')
    case 'missing':
      throw new Problem('unprocessable', {
        errors: saved.pointers.map((pointer) => ({ pointer, detail: 'the merchant has none with this id' })),
      })
    case 'misplaced':
      throw new Problem('unprocessable', { errors: [{ pointer: saved.pointer, detail: saved.detail }] })
    case 'refused':
      throw new Problem(saved.reason)
    case 'full':
      throw new Problem('limitReached', {
        detail: saved.detail,
        ...(saved.quota !== undefined &&
          saved.limit !== undefined && { members: { quota: saved.quota, limit: saved.limit } }),
      })
    default:
      return saved satisfies never
  }
}
