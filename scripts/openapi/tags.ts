import type { JsonSchema } from '#scripts/openapi/json-schema.ts'
import { limitHeaders } from '#scripts/openapi/limits.ts'
import type { DocumentedRoute } from '#scripts/openapi/routes.ts'

const TAG_LIST = { type: 'string', maxLength: 400 }

/** The conditions on entity tags that a client may set, as components. */
export const TAG_PARAMETERS: JsonSchema = {
  IfMatch: {
    name: 'if-match',
    in: 'header',
    description: 'Done only if this is still the resource’s entity tag. Without it the last writer wins.',
    schema: TAG_LIST,
    example: '"7"',
  },
  IfNoneMatch: {
    name: 'if-none-match',
    in: 'header',
    description: 'Answered by 304 without a body if this is still the resource’s entity tag.',
    schema: TAG_LIST,
    example: '"6"',
  },
  OnlyCreate: {
    name: 'if-none-match',
    in: 'header',
    description: 'Done only if there is none yet; not together with `if-match`.',
    schema: { type: 'string', const: '*' },
  },
}

export const ETAG: JsonSchema = {
  description: 'The strong entity tag of this state; another after every change.',
  schema: { type: 'string', maxLength: 70 },
  example: '"7"',
}

/** A PUT and a DELETE of what has a tag heed the client's, and so does a POST that may be refused over it. */
const heedsIfMatch = (method: string, { document }: DocumentedRoute): boolean =>
  method === 'POST'
    ? document.problems?.includes('preconditionFailed') === true
    : method !== 'GET' && document.isTagged === true

/** The condition that a route heeds. */
export const tagParameters = (method: string, route: DocumentedRoute): JsonSchema[] => {
  const onlyCreate = route.document.mayCreate ? [{ $ref: '#/components/parameters/OnlyCreate' }] : []
  if (heedsIfMatch(method, route)) return [{ $ref: '#/components/parameters/IfMatch' }, ...onlyCreate]
  const isKept = method === 'GET' && route.document.isTagged === true
  return isKept ? [{ $ref: '#/components/parameters/IfNoneMatch' }] : []
}

export const tagHeader = (status: number, { document }: DocumentedRoute): JsonSchema =>
  document.isTagged && status !== 204 ? { etag: { $ref: '#/components/headers/ETag' } } : {}

export const notModified = (method: string, { document }: DocumentedRoute): JsonSchema =>
  document.isTagged && method === 'GET'
    ? {
        304: {
          description: 'The client has this state already.',
          headers: {
            etag: { $ref: '#/components/headers/ETag' },
            ...limitHeaders({ isCounted: true }),
          },
        },
      }
    : {}
