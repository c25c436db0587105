import { routes as customerRoutes } from '#functions/customer-api/routes.ts'
import { routes as pingRoutes } from '#functions/match-pings/routes.ts'
import { routes as merchantRoutes } from '#functions/merchant-api/routes.ts'
import type { Route } from '#shared/runtime/http/route.ts'

/** A route without its use case: all that the document needs. */
export type DocumentedRoute = Omit<Route<never>, 'run'>

/** The routes of all functions, in the order in which the reference shows them. */
export const ALL_ROUTES: Readonly<Record<string, DocumentedRoute>> = {
  ...pingRoutes,
  ...customerRoutes,
  ...merchantRoutes,
}
