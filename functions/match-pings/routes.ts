import { answerPings } from '#functions/match-pings/answer-pings.ts'
import { type MatchPingsServices, matchPings } from '#functions/match-pings/match-pings.ts'
import { isPingsRequest, pingsAnswerSchema, pingsRequestSchema } from '#shared/contracts/http/pings.ts'
import { toWgs84 } from '#shared/domain/geo/datum.ts'
import { toFix } from '#shared/domain/presence/fix.ts'
import { regionAt } from '#shared/domain/presence/region.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import { type Route, route } from '#shared/runtime/http/route.ts'

/** The routes of match-pings. */
export const routes: Readonly<Record<string, Route<MatchPingsServices>>> = {
  'POST /v1/pings': route({
    operationId: 'postPings',
    summary: 'Takes positions of the phone and answers what to watch for',
    description:
      'Up to 100 fixes, synchronous and idempotent: 2xx means that their effect is stored. The answer tells how far and how long the phone may be silent; see the phone contract.',
    problems: ['locationConsentWithdrawn', 'gone'],
    scopes: ['customer'],
    body: pingsRequestSchema,
    isBody: isPingsRequest,
    repeatable: true,
    response: pingsAnswerSchema,
    use:
      (services: MatchPingsServices) =>
      async ({ caller, body, signal }) => {
        const { datum = 'wgs84', pings } = body
        const fixes = pings.map((ping) =>
          toFix({ ...ping, ...toWgs84(ping, datum), atMs: Date.parse(ping.at) }),
        )
        const atMs = nowMs()
        const matched = await matchPings(services, caller.user, fixes, atMs, signal)
        if (matched.kind === 'erased') throw new Problem('gone')
        if (matched.kind === 'withdrawn') throw new Problem('locationConsentWithdrawn')
        const { newest, open } = matched
        // As things stand now: the phone goes on from here, even when its fix is older than a change.
        const listed = services.listedAt(newest, atMs)
        return { status: 200, body: answerPings(matched, regionAt(newest, newest.atMs, listed, open), datum) }
      },
  }),
}
