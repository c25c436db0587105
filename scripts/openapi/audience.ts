import type { DocumentedRoute } from '#scripts/openapi/routes.ts'
import type { Scope } from '#shared/runtime/http/caller.ts'
import type { Audience } from '#shared/runtime/http/route-document.ts'

const AUDIENCE_OF: Readonly<Record<Scope, Audience>> = {
  customer: 'customers',
  merchant: 'merchants',
  till: 'tills',
  operator: 'operators',
}

/** Whom a route is for: the first of its scopes tells. */
export const audienceOf = ({ scopes, document }: DocumentedRoute): Audience => {
  const [first] = scopes
  return document.audience ?? (first === undefined ? 'public' : AUDIENCE_OF[first])
}
