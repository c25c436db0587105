import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { FatesOf, ListedTrace } from '#shared/adapters/dynamodb/ledger/trace-records.ts'
import { outcomeView } from '#shared/contracts/http/decisions.ts'
import type { PageQuery } from '#shared/contracts/http/primitives.ts'
import { messageIdFor } from '#shared/contracts/items/decision.ts'
import type { SceneId, UserId } from '#shared/domain/ids.ts'
import { may } from '#shared/domain/merchants/may.ts'
import type { MessageFate } from '#shared/domain/messages/message.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'scenes' | 'traces' | 'nowMs'>
type Path = MerchantPath & { readonly sceneId: SceneId }

type ToldOutcome = ListedTrace['outcomes'][number]

const HOUR_MS = 3_600_000
/** An hour, and what tells two of it apart. */
const isPlace = (text: string): text is string => /^2\d{3}-\d\d-\d\dT\d\d[\x20-\x7e]{0,150}$/.test(text)

const hourOf = (at: string): string => new Date(Math.floor(Date.parse(at) / HOUR_MS) * HOUR_MS).toISOString()

/** On its way: when a stranger's message leaves would tell when the stranger came by. */
const withoutMoment = (fate: MessageFate | undefined): MessageFate | undefined =>
  fate?.state === 'sending' ? { ...fate, state: 'queued' } : fate

/** What another merchant's scene weighed is no business of this one: told is only what lost to a scene of its own. */
const withOwnWinner = (outcome: ToldOutcome, all: readonly ToldOutcome[]): ToldOutcome => {
  const { winnerScore, ...own } = outcome
  const isOwn = all.some(({ result, score }) => result === 'granted' && score === winnerScore)
  return isOwn ? outcome : own
}

const viewOf = (trace: ListedTrace, known: ReadonlySet<UserId>, fates: FatesOf) => {
  const isKnown = known.has(trace.user)
  return {
    decidedAt: isKnown ? trace.decidedAt : hourOf(trace.decidedAt),
    ...(isKnown && { user: trace.user }),
    outcomes: trace.outcomes.map((outcome) => {
      const fate = fates.get(messageIdFor(trace.user, outcome.sceneId, outcome.occasion))
      return outcomeView(outcome, isKnown ? fate : withoutMoment(fate))
    }),
  }
}

/**
 * Answers a page of what was decided about a scene, the latest hour first: each outcome with the checks that it passed, the
 * one that failed and what that compared, and of a grant what became of its message. Customers are named to those who may
 * read them. A page looks at `limit` decisions of the merchant, and may list fewer.
 */
export const listDecisions: MemberUseCase<Services, Path, PageQuery> = (services) => async (request) => {
  const { path, query, role, signal } = request
  const before = decodeCursor(query.cursor, isPlace)
  const scene = await services.scenes.find(path.merchantId, path.sceneId, signal)
  if (scene === undefined) throw new Problem('notFound')
  const page = { limit: query.limit, before }
  const traces = await services.traces.listFor(path.merchantId, page, services.nowMs(), signal)
  const ofScene = traces.map((trace) => ({
    ...trace,
    outcomes: trace.outcomes
      .filter((outcome) => outcome.sceneId === scene.id)
      .map((outcome) => withOwnWinner(outcome, trace.outcomes)),
  }))
  const named = may(role, 'readCustomers') ? traces.map(({ user }) => user) : []
  const [known, fates] = await Promise.all([
    services.traces.knownTo(path.merchantId, named, signal),
    services.traces.fatesOf(ofScene, signal),
  ])
  const last = traces.at(-1)
  return {
    status: 200,
    body: {
      items: ofScene
        .filter(({ outcomes }) => outcomes.length > 0)
        .map((trace) => viewOf(trace, known, fates)),
      ...(last !== undefined && traces.length === query.limit && { next: encodeCursor(last.place) }),
    },
  }
}
