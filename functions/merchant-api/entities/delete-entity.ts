import type { EntityType } from '#functions/merchant-api/entities/entity-type.ts'
import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { Entity, Held } from '#shared/adapters/dynamodb/catalog/entity-records.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

const heldProblem = ({ heldBy }: Held): Problem => {
  const isNamed = heldBy.some(({ type }) => type !== 'grant')
  const detail = isNamed ? 'first change or delete what names it' : 'customers still hold units of it'
  return new Problem('inUse', { detail, heldBy })
}

/** Deletes one of the merchant's things, unless another one of them still names it. */
export const deleteEntity =
  <Id extends string, E extends Entity<Id>, Path extends MerchantPath>({
    recordsOf,
    idOf,
  }: EntityType<Id, E, Path>): MemberUseCase<MerchantServices, Path> =>
  (services) =>
  async (request) => {
    const { path, author, signal } = request
    const check = onlyIfMatch(request)
    const removed = await recordsOf(services).remove(path.merchantId, idOf(path), author, check, signal)
    if (removed === 'absent') throw new Problem('notFound')
    if (removed === 'removed') return { status: 204 }
    throw heldProblem(removed)
  }
