import { customerApiEnv } from '#functions/customer-api/env.ts'
import { routes } from '#functions/customer-api/routes.ts'
import { buildServices } from '#functions/customer-api/services.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { httpHandler } from '#shared/runtime/http/http-handler.ts'
import { lazy } from '#shared/runtime/lazy.ts'

// Cold start only.
const services = lazy(() => buildServices(parseEnv(customerApiEnv, process.env)))

// Called by AWS: with requests of the HTTP API.
export const handler = httpHandler({
  name: 'customer-api',
  routes,
  services,
  answerOnce: ({ answerOnce }) => answerOnce,
})
