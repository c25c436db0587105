import { merchantApiEnv } from '#functions/merchant-api/env.ts'
import { routes } from '#functions/merchant-api/routes.ts'
import { buildServices } from '#functions/merchant-api/services.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { httpHandler } from '#shared/runtime/http/http-handler.ts'
import { lazy } from '#shared/runtime/lazy.ts'

// Cold start only.
const services = lazy(() => buildServices(parseEnv(merchantApiEnv, process.env)))

// Called by AWS: with requests of the HTTP API.
export const handler = httpHandler({
  name: 'merchant-api',
  routes,
  services,
  answerOnce: ({ answerOnce }) => answerOnce,
})
