import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import type { MemberRequest, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { Entity, EntityRecords, Saved } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import type { WriteId } from '#shared/domain/ids.ts'

/** What every change of an entity changes. */
export type NextRevision = { readonly revision: number; readonly updatedAt: string }

/**
 * Replaces an entity by what `change` makes of it, where the revision is the one that the client's `if-match` names.
 *
 * @param change may be called again when somebody else changed the entity meanwhile
 * @param done names a request in all its tries, where it would change more the second time
 * @throws {Problem} 412, and what `change` throws
 * @example replaceEntity(services.regions, path.regionId, request, nowMs, (current, next) => ({ ...current, ...body, ...next }))
 */
export const replaceEntity = <Id extends string, E extends Entity<Id>>(
  records: Pick<EntityRecords<Id, E>, 'replace'>,
  id: Id,
  request: Pick<MemberRequest<MerchantPath>, 'path' | 'author' | 'ifMatch' | 'signal'>,
  nowMs: number,
  change: (current: E, next: NextRevision) => E,
  done?: WriteId,
): Promise<Saved<E>> => {
  const { path, author, signal } = request
  const updatedAt = new Date(nowMs).toISOString()
  const changed = (current: E): E => {
    onlyIfMatch(request)(current)
    return change(current, { revision: current.revision + 1, updatedAt })
  }
  return records.replace(path.merchantId, id, author, changed, signal, done)
}
