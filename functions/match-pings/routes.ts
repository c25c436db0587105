import { type MatchPingsServices, matchPings } from '#functions/match-pings/match-pings.ts'
import { pingsRequestSchema } from '#shared/contracts/http/pings.ts'
import { toFix } from '#shared/domain/presence/fix.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import { type Route, route } from '#shared/runtime/http/route.ts'

/** The routes of match-pings. */
export const routes: Readonly<Record<string, Route<MatchPingsServices>>> = {
  'POST /v1/pings': route({
    scopes: ['customer'],
    body: pingsRequestSchema,
    use:
      (services: MatchPingsServices) =>
      async ({ caller, body, signal }) => {
        const fixes = body.pings.map(({ at, lat, lon, accuracyM }) =>
          toFix({ atMs: Date.parse(at), lat, lon, accuracyM }),
        )
        const matched = await matchPings(services, caller.user, fixes, nowMs(), signal)
        if (matched.kind === 'erased') throw new Problem('gone')
        const { accepted, deferred, ignored, transitions } = matched
        const told = transitions.map(({ type, geofenceId, visitId, atMs, distanceM }) => ({
          type,
          geofenceId,
          visitId,
          at: new Date(atMs).toISOString(),
          distanceM,
        }))
        return {
          status: 200,
          body: { accepted, ...(deferred.length > 0 ? { deferred } : {}), ignored, transitions: told },
        }
      },
  }),
}
