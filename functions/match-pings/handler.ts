import { matchPingsEnv } from '#functions/match-pings/env.ts'
import { routes } from '#functions/match-pings/routes.ts'
import { buildServices } from '#functions/match-pings/services.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { httpHandler } from '#shared/runtime/http/http-handler.ts'
import { lazy } from '#shared/runtime/lazy.ts'

// Cold start only.
const services = lazy(() => buildServices(parseEnv(matchPingsEnv, process.env)))

// Called by AWS: with requests of the HTTP API.
export const handler = httpHandler({ name: 'match-pings', routes, services })
