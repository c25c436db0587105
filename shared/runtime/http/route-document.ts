import type { ProblemCode } from '#shared/contracts/http/problem.ts'

/** Whom a route is for; the reference and the typed client group by it. */
export const AUDIENCES = ['customers', 'merchants', 'tills', 'operators', 'public'] as const
export type Audience = (typeof AUDIENCES)[number]

export type SuccessStatus = 200 | 201 | 202 | 204

/** What the OpenAPI document says of a route, beside its schemas; docs/api.md tells how a route is described. */
export type RouteDocument = {
  /** The operation's name in generated clients, camelCase and unlike all others: it stays when a path changes. */
  readonly operationId: string
  /** One short line without a full stop: what it does. */
  readonly summary: string
  /** What the summary and the schemas do not tell; Markdown. */
  readonly description?: string
  /** Where the scopes do not tell it. */
  readonly audience?: Audience
  /** The status of the 2xx answer, or all that it may have: 200 with a body and 204 without one where nothing is said. */
  readonly status?: SuccessStatus | readonly SuccessStatus[]
  /** Its answer has an entity tag, or it heeds one of the client's (docs/http.md). */
  readonly isTagged?: true
  /** A PUT of what need not be there before: `if-none-match: *` has it create only. */
  readonly mayCreate?: true
  /** The problems that it answers of its own, beside those of every route (bad input, token, scope, busy). */
  readonly problems?: readonly ProblemCode[]
}

/** The part of a route's definition that is its document. */
export const documentOf = (definition: RouteDocument): RouteDocument => {
  const { operationId, summary, description, audience, status, isTagged, mayCreate, problems } = definition
  return {
    operationId,
    summary,
    ...(description !== undefined && { description }),
    ...(audience !== undefined && { audience }),
    ...(status !== undefined && { status }),
    ...(isTagged && { isTagged }),
    ...(mayCreate && { mayCreate }),
    ...(problems !== undefined && { problems }),
  }
}
