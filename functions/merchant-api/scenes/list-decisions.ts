import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { ListedTrace } from '#shared/adapters/dynamodb/ledger/trace-records.ts'
import { outcomeView } from '#shared/contracts/http/decisions.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import type { SceneId, UserId } from '#shared/domain/ids.ts'
import { may } from '#shared/domain/merchants/may.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'scenes' | 'traces' | 'nowMs'>
type Path = MerchantPath & { readonly sceneId: SceneId }

const HOUR_MS = 3_600_000
const isPlace = (text: string): text is string => /^[\x20-\x7e]{1,150}$/.test(text)

const hourOf = (at: string): string => new Date(Math.floor(Date.parse(at) / HOUR_MS) * HOUR_MS).toISOString()

const viewOf = (trace: ListedTrace, sceneId: SceneId, known: ReadonlySet<UserId>) => {
  const outcomes = trace.outcomes.filter((outcome) => outcome.sceneId === sceneId)
  const isKnown = known.has(trace.user)
  return {
    decidedAt: isKnown ? trace.decidedAt : hourOf(trace.decidedAt),
    ...(isKnown && { user: trace.user }),
    outcomes: outcomes.map(outcomeView),
  }
}

/**
 * Answers a page of what was decided about a scene, the latest hour first: each outcome with the checks that it passed, the
 * one that failed and what that compared. Customers are named to those who may read them. A page looks at `limit` decisions of the merchant, and may list fewer.
 */
export const listDecisions: MemberUseCase<Services, Path, PageQuery> = (services) => async (request) => {
  const { path, query, role, signal } = request
  const before = decodeCursor(query.cursor, isPlace)
  const scene = await services.scenes.find(path.merchantId, path.sceneId, signal)
  if (scene === undefined) throw new Problem('notFound')
  const page = { limit: query.limit, before }
  const traces = await services.traces.listFor(path.merchantId, page, services.nowMs(), signal)
  const named = may(role, 'readCustomers') ? traces.map(({ user }) => user) : []
  const known = await services.traces.knownTo(path.merchantId, named, signal)
  const last = traces.at(-1)
  return {
    status: 200,
    body: {
      items: traces
        .map((trace) => viewOf(trace, scene.id, known))
        .filter(({ outcomes }) => outcomes.length > 0),
      ...(last !== undefined && traces.length === query.limit && { next: encodeCursor(last.place) }),
    },
  }
}
