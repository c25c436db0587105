import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda'
import * as z from 'zod'
import type { UserId } from '#shared/domain/ids.ts'
import {
  type Caller,
  callerOf,
  requireScope,
  type Scope,
  type TokenTrust,
} from '#shared/runtime/http/caller.ts'
import { readWanted, type WantedState } from '#shared/runtime/http/entity-tag.ts'
import { parseInput, readJsonBody } from '#shared/runtime/http/parse-input.ts'
import { documentOf, type RouteDocument } from '#shared/runtime/http/route-document.ts'
import type { ServiceLimit } from '#shared/runtime/http/service-limit.ts'
import { idsOf, type NamedTry, type NewId, newId } from '#shared/runtime/ids.ts'

/** What a use case is given: parsed, typed, and nothing of AWS. */
export type HttpRequest<Path = unknown, Query = unknown, Body = unknown> = {
  readonly requestId: string
  readonly caller: Caller
  readonly path: Path
  readonly query: Query
  readonly body: Body
  /** Makes the ids of what the request creates: those of its first try, when it names itself and comes again. */
  readonly newId: NewId
  /** The client's own name for this request, from the header `idempotency-key`. */
  readonly idempotencyKey: string | undefined
  /** The states that the client would have replaced or removed, or that there is none: see `requireMatch`. */
  readonly ifMatch: WantedState | undefined
  /** Aborts shortly before the function would be ended; hand it on to every outside call. */
  readonly signal: AbortSignal
}

export type Reply = {
  /** 404 for pages that people see; other refusals are a `Problem`. */
  readonly status: 200 | 201 | 202 | 204 | 404
  readonly body?: unknown
  /** In place of a body that becomes JSON: a text as it is, with its type among the headers. */
  readonly text?: string
  /** In place of both: bytes as they are. */
  readonly bytes?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** A limit of the use case's own, as it stands after this request. */
  readonly limit?: ServiceLimit
}

/** A use case: its outside world first, then the request. */
export type UseCase<Services, Path = unknown, Query = unknown, Body = unknown> = (
  services: Services,
) => (request: HttpRequest<Path, Query, Body>) => Promise<Reply>

export type RouteSchemas = {
  readonly path: z.ZodType
  readonly query: z.ZodType
  readonly body: z.ZodType | undefined
  readonly response: z.ZodType | undefined
}

/** A request that names itself, so that it can be known when it comes again. */
export type NamedRequest = {
  readonly user: UserId
  /** A customer's own: what is kept of it goes when the customer is erased. */
  readonly isCustomers: boolean
  readonly routeKey: string
  readonly path: unknown
  readonly idempotencyKey: string
  readonly body: unknown
  /** How long the function may still run, in ms. */
  readonly remainingMs: number
  readonly signal: AbortSignal
}

/** Gives a request the answer that it was given before, or answers it now; see answer-once.ts. */
export type AnswerOnce = (
  request: NamedRequest,
  answer: (known?: NamedTry) => Promise<Reply>,
) => Promise<Reply>

/** What a route is given to run with. */
export type RouteRun<Services> = {
  /** Called when the request has reached a use case. */
  readonly services: () => Promise<Services>
  readonly event: APIGatewayProxyEventV2WithJWTAuthorizer
  readonly trust: TokenTrust
  /** Called with who asks before anything is done for them; throws 429 when they have asked too often. */
  readonly countRequest: (user: UserId) => void
  readonly signal: AbortSignal
  readonly answerOnce: (() => Promise<AnswerOnce>) | undefined
  /** How long the function may still run, in ms. */
  readonly remainingMs: () => number
}

/** What a body is where `schemas` do not tell it. */
export type OpenContent = { readonly mediaType: string; readonly schema: z.ZodType }

export type Route<Services> = {
  /** One of these is needed. */
  readonly scopes: readonly Scope[]
  /** What the route takes and answers; the OpenAPI document is made from it. */
  readonly schemas: RouteSchemas
  readonly document: RouteDocument
  /** Of open routes, whose use cases parse by themselves: what the document says that they take and answer. */
  readonly takes?: OpenContent
  readonly answers?: OpenContent
  /** An `idempotency-key` does nothing here: sent again, the request changes nothing by its nature. */
  readonly repeatable: boolean
  /** It is the use case that knows a request by its `idempotency-key`. */
  readonly keyed?: true
  readonly run: (run: RouteRun<Services>) => Promise<Reply>
}

const nothing = z.strictObject({})
type Nothing = typeof nothing

export type RouteDefinition<
  S,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
> = RouteDocument & {
  readonly scopes: readonly Scope[]
  readonly path?: P
  readonly query?: Q
  /** Without a schema the body is not read. */
  readonly body?: B
  /** A quicker way to know a body that the schema takes as it is; the schema then only says what is wrong with others. */
  readonly isBody?: (value: unknown) => value is z.output<B>
  /** The largest body in bytes; 256 KiB where nothing is said. */
  readonly maxBodyBytes?: number
  /** On a POST that changes nothing when it is sent again, or nothing at all: no `idempotency-key` is looked at. */
  readonly repeatable?: true
  /** On a POST whose use case itself knows a request by its `idempotency-key`: no answer is kept beside what it keeps. */
  readonly keyed?: true
  /** The body of the 2xx answer; none for 204. */
  readonly response?: z.ZodType
  /** In place of `response`: an answer that is no JSON. */
  readonly answer?: OpenContent
  /** Throws for who may not: asked before an answer is given again, which the use case knows nothing of. */
  readonly admit?: (services: S) => (request: HttpRequest<z.output<P>>) => Promise<unknown>
  readonly use: UseCase<S, z.output<P>, z.output<Q>, z.output<B>>
}

// Made once: making a schema costs more than all else that this layer does for a request.
const idempotencyHeader = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/, '1 to 64 visible ASCII characters')
    .optional(),
})

/**
 * One row of an API's route table: who may call it, what it takes, what answers it, and what the document says of it.
 * Its example, which a test sends, stands in `scripts/openapi/examples` under the `operationId` (docs/api.md).
 *
 * The caller is checked before the input, so that a fault in the body tells a stranger nothing. An ill-formed id in the
 * path names nothing that exists: 404.
 *
 * @example
 * export const routes = {
 *   'GET /v1/merchants/{merchantId}': route({
 *     operationId: 'getMerchant',
 *     summary: 'Shows a merchant',
 *     scopes: ['merchant'],
 *     path: merchantPathSchema,
 *     response: merchantSchema,
 *     problems: ['notFound'],
 *     use: getMerchant,
 *   }),
 * }
 */
export const route = <
  S,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = z.ZodUndefined,
>({
  scopes,
  path,
  query,
  body,
  isBody,
  maxBodyBytes,
  response,
  answer: other,
  repeatable,
  keyed,
  admit,
  use,
  ...document
}: RouteDefinition<S, P, Q, B>): Route<S> => ({
  scopes,
  document: documentOf(document),
  schemas: { path: path ?? nothing, query: query ?? nothing, body, response },
  ...(other && { answers: other }),
  repeatable: repeatable ?? keyed ?? false,
  ...(keyed && { keyed }),
  run: async ({ services, event, trust, countRequest, signal, answerOnce, remainingMs }) => {
    const caller = callerOf(event, trust)
    countRequest(caller.user)
    requireScope(caller, scopes)
    const request: HttpRequest<z.output<P>, z.output<Q>, z.output<B>> = {
      requestId: event.requestContext.requestId,
      caller,
      path: parsePart(path, event.pathParameters ?? {}, 'path'),
      query: parsePart(query, event.queryStringParameters ?? {}, 'query'),
      body: parseBody(body, event, maxBodyBytes, isBody),
      idempotencyKey: parseInput(idempotencyHeader, event.headers, 'invalidRequest', 'header')[
        'idempotency-key'
      ],
      ifMatch: readWanted(event.headers, event.requestContext.http.method),
      newId,
      signal,
    }
    const made = await services()
    const answer = (known?: NamedTry): Promise<Reply> =>
      use(made)(known === undefined ? request : { ...request, newId: idsOf(known) })
    const { routeKey } = event
    const { idempotencyKey } = request
    const isOnce = repeatable !== true && keyed !== true && routeKey.startsWith('POST ')
    if (!isOnce || idempotencyKey === undefined || answerOnce === undefined) return await answer()
    await admit?.(made)(request)
    const named: NamedRequest = {
      user: caller.user,
      isCustomers: scopes.includes('customer'),
      routeKey,
      path: request.path,
      idempotencyKey,
      body: request.body,
      remainingMs: remainingMs(),
      signal,
    }
    return await (await answerOnce())(named, answer)
  },
})

const parsePart = <T extends z.ZodType>(
  schema: T | undefined,
  value: unknown,
  place: 'path' | 'query',
): z.output<T> =>
  // A route that declares no schema takes nothing, and its use case asks for nothing.
  parseInput(schema ?? nothing, value, place === 'path' ? 'notFound' : 'invalidRequest', place) as z.output<T>

const parseBody = <T extends z.ZodType>(
  schema: T | undefined,
  event: APIGatewayProxyEventV2WithJWTAuthorizer,
  maxBodyBytes: number | undefined,
  isBody: ((value: unknown) => value is z.output<T>) | undefined,
): z.output<T> => {
  if (schema === undefined) return undefined as z.output<T>
  const body = readJsonBody(event, maxBodyBytes)
  return isBody?.(body) === true ? body : parseInput(schema, body, 'invalidRequest')
}
