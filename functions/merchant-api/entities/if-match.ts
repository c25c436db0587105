import { requireMatch, revisionTag } from '#shared/runtime/http/entity-tag.ts'
import type { HttpRequest } from '#shared/runtime/http/route.ts'

type Revised = { readonly revision: number }

/**
 * Lets only the revision pass that the client's `if-match` names. The stores call it with what their write is
 * conditioned on, so nothing comes between.
 *
 * @throws {Problem} 412, by the function that it returns
 */
export const onlyIfMatch =
  ({ ifMatch }: Pick<HttpRequest, 'ifMatch'>) =>
  ({ revision }: Revised): void =>
    requireMatch(ifMatch, revisionTag(revision))

/** The header that names an entity's revision. */
export const tagOf = ({ revision }: Revised): { readonly etag: string } => ({ etag: revisionTag(revision) })
