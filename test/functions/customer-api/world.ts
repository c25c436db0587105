import { setEnvironment } from '#test/functions/decide-offers/environment.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import { aGeofence, T0 } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { newMerchant } from '#test/support/merchants.ts'

export const tables = await createTables()
setEnvironment({
  CATALOG_TABLE: tables.catalog,
  LEDGER_TABLE: tables.ledger,
  PRESENCE_TABLE: tables.presence,
  PLACE_INDEX: 'places',
  JOBS_QUEUE_URL: 'http://127.0.0.1:1/jobs',
  SMS_ANSWERS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:answers',
})
export const clock = setClock(T0)
export const { handler: customerApi } = await import('#functions/customer-api/handler.ts')
export const { handler: matchPings } = await import('#functions/match-pings/handler.ts')
export const { handler: merchantApi } = await import('#functions/merchant-api/handler.ts')
export const stored = storedIn(tables)
export const square = aGeofence('square')
await stored.listGeofences(square)
export const { id: merchantId } = await newMerchant(merchantApi, 'owner')
