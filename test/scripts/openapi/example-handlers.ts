import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { customerApiEnv } from '#functions/customer-api/env.ts'
import { createReadAsset } from '#functions/customer-api/reference/read-asset.ts'
import { routes as customerRoutes } from '#functions/customer-api/routes.ts'
import { buildServices } from '#functions/customer-api/services.ts'
import { handler as pings } from '#functions/match-pings/handler.ts'
import { routes as pingRoutes } from '#functions/match-pings/routes.ts'
import { handler as merchants } from '#functions/merchant-api/handler.ts'
import { writeReferenceFiles } from '#scripts/openapi/reference-files.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { httpHandler } from '#shared/runtime/http/http-handler.ts'
import { lazy } from '#shared/runtime/lazy.ts'

/** What bundling puts beside customer-api's code. */
const folder = mkdtempSync(join(tmpdir(), 'beckon-reference-'))
await writeReferenceFiles(folder)
export const removeReference = (): void => rmSync(folder, { recursive: true, force: true })

const customers = httpHandler({
  name: 'customer-api',
  routes: customerRoutes,
  services: lazy(() => ({
    ...buildServices(parseEnv(customerApiEnv, process.env)),
    readAsset: createReadAsset(pathToFileURL(`${folder}/`)),
  })),
})

/** The function that a route leads to. */
export const handlerOf = (routeKey: string) => {
  if (Object.hasOwn(pingRoutes, routeKey)) return pings
  return Object.hasOwn(customerRoutes, routeKey) ? customers : merchants
}
