import type { CustomerServices } from '#functions/customer-api/services.ts'
import { type DecisionsQuery, myOutcomeView } from '#shared/contracts/http/decisions.ts'
import { messageIdFor } from '#shared/contracts/items/decision.ts'
import type { StoredTrace } from '#shared/contracts/items/trace.ts'
import { decodeCursor, encodeCursor } from '#shared/runtime/http/cursor.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

const isPlace = (text: string): text is string => /^TRACE#[\x20-\x7e]{1,120}$/.test(text)

/** What of a decision was asked for. */
const wantedOf = ({ user, outcomes }: StoredTrace, { merchantId, messageId }: DecisionsQuery) =>
  outcomes.filter(
    (one) =>
      (merchantId === undefined || one.merchantId === merchantId) &&
      (messageId === undefined ||
        (one.result === 'granted' && messageIdFor(user, one.sceneId, one.occasion) === messageId)),
  )

/** Answers a page of what was decided about the caller in the last 30 days, why, and what became of it, the latest first. */
export const listMyDecisions: UseCase<
  Pick<CustomerServices, 'profiles' | 'traces' | 'nowMs'>,
  unknown,
  DecisionsQuery
> =
  ({ profiles, traces, nowMs }) =>
  async ({ caller, query, signal }) => {
    const before = decodeCursor(query.cursor, isPlace)
    if ((await profiles.find(caller.user, signal)) === 'erased') throw new Problem('gone')
    const found = await traces.listOf(caller.user, { limit: query.limit, before }, nowMs(), signal)
    const isFiltered = query.merchantId !== undefined || query.messageId !== undefined
    const wanted = found
      .map((trace) => ({ ...trace, outcomes: wantedOf(trace, query) }))
      .filter(({ outcomes }) => !isFiltered || outcomes.length > 0)
    const fates = await traces.fatesOf(wanted, signal)
    const last = found.at(-1)
    return {
      status: 200,
      body: {
        items: wanted.map(({ decidedAt, outcomes }) => ({
          decidedAt,
          outcomes: outcomes.map((one) =>
            myOutcomeView(one, fates.get(messageIdFor(caller.user, one.sceneId, one.occasion))),
          ),
        })),
        ...(last !== undefined && found.length === query.limit && { next: encodeCursor(last.place) }),
      },
    }
  }
