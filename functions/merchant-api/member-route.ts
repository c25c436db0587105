import type * as z from 'zod'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'
import { type MerchantAction, may } from '#shared/domain/merchants/may.ts'
import type { MemberRole } from '#shared/domain/merchants/merchant.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import {
  type HttpRequest,
  type Reply,
  type Route,
  type RouteDefinition,
  route,
} from '#shared/runtime/http/route.ts'

export type MerchantPath = { readonly merchantId: MerchantId }

/** A request of somebody who may make it; `author` is who changes something, for the audit log. */
export type AuthorRequest<Path = unknown, Query = unknown, Body = unknown> = HttpRequest<
  Path,
  Query,
  Body
> & {
  readonly author: Author
}

/** A use case for those who may. */
export type AuthorUseCase<Services, Path = unknown, Query = unknown, Body = unknown> = (
  services: Services,
) => (request: AuthorRequest<Path, Query, Body>) => Promise<Reply>

/** A request of a member, by the role that the member has now. */
export type MemberRequest<Path = MerchantPath, Query = unknown, Body = unknown> = AuthorRequest<
  Path,
  Query,
  Body
> & { readonly role: MemberRole }
export type MemberUseCase<Services, Path = MerchantPath, Query = unknown, Body = unknown> = (
  services: Services,
) => (request: MemberRequest<Path, Query, Body>) => Promise<Reply>

/** A route of the merchants' API; `action` is what its caller's role must allow, where it is about one merchant. */
export type MerchantRoute = Route<MerchantServices> & { readonly action?: MerchantAction }

type Definition<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = Omit<
  RouteDefinition<MerchantServices, P, Q, B>,
  'use'
>

export const authorOf = (
  { caller, requestId }: Pick<HttpRequest, 'caller' | 'requestId'>,
  role: Author['role'],
  atMs: number,
): Author => ({ user: caller.user, role, requestId, atMs })

/**
 * The caller's role, read consistently from its membership and from nowhere else.
 *
 * @throws {Problem} 404 to strangers, whether the merchant exists or not; 403 to members with another role
 */
const requireRole = async (
  { members, nowMs }: Pick<MerchantServices, 'members' | 'nowMs'>,
  { caller, path, signal }: HttpRequest<MerchantPath>,
  action: MerchantAction,
): Promise<MemberRole> => {
  const role = await members.findRole(path.merchantId, caller.user, nowMs(), signal)
  if (role === undefined) throw new Problem('notFound')
  if (!may(role, action)) throw new Problem('forbidden', { detail: `this role may not do this: ${role}` })
  return role
}

type Nothing = z.ZodObject<Record<never, never>, z.core.$strict>

/**
 * A route about one merchant: for members whose role allows the action.
 *
 * @example memberRoute('editPlaces', { ...store, body: storeRequestSchema, response: storeSchema, use: replaceStore })
 */
export const memberRoute = <
  P extends z.ZodType<MerchantPath>,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = z.ZodUndefined,
>(
  action: MerchantAction,
  {
    use,
    ...definition
  }: Definition<P, Q, B> & {
    readonly use: MemberUseCase<MerchantServices, z.output<P>, z.output<Q>, z.output<B>>
  },
): MerchantRoute => ({
  ...route<MerchantServices, P, Q, B>({
    ...definition,
    admit: (services) => (request) => requireRole(services, request, action),
    use: (services) => async (request) => {
      const role = await requireRole(services, request, action)
      const author = authorOf(request, role, services.nowMs())
      return await use(services)({ ...request, role, author })
    },
  }),
  action,
})

/** A route for the operator alone. */
export const operatorRoute = <
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = z.ZodUndefined,
>({
  use,
  ...definition
}: Omit<Definition<P, Q, B>, 'scopes'> & {
  readonly use: AuthorUseCase<MerchantServices, z.output<P>, z.output<Q>, z.output<B>>
}): MerchantRoute =>
  route<MerchantServices, P, Q, B>({
    ...definition,
    scopes: ['operator'],
    use: (services) => (request) =>
      use(services)({ ...request, author: authorOf(request, 'operator', services.nowMs()) }),
  })
