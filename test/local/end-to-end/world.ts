import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import { type ApiClient, createApiClient } from '#local/api-client.ts'
import { type LocalCloud, startLocalCloud } from '#local/cloud/start-local-cloud.ts'
import { readFacts } from '#scripts/recount.ts'
import { type Proof, proveCounters } from '#shared/contracts/items/recount.ts'

export type Item = Readonly<Record<string, unknown>>

/** A local cloud on the virtual clock, with what tests do in it. */
export type World = {
  readonly cloud: LocalCloud
  readonly api: ApiClient
  readonly merchantToken: string
  /** Moves the clock by so many seconds; everything due on the way happens. */
  readonly pass: (seconds: number) => Promise<void>
  readonly itemsOf: (table: 'catalog' | 'presence' | 'ledger', kind?: string) => Promise<Item[]>
  /** What `npm run recount` finds: counters that say something else than the facts (I11). */
  readonly recount: () => Promise<Proof>
  readonly close: () => Promise<void>
}

/** Monday, 2026-01-05, 12:00 in San Francisco. */
export const NOON_MS = Date.parse('2026-01-05T20:00:00Z')
/** A place on a square, and one 2 km away. */
export const SQUARE = { lat: 37.788, lon: -122.4075 }
export const FAR_AWAY = { lat: 37.806, lon: -122.4075 }

/** The engine that this test run uses: Amazon's DynamoDB Local when BECKON_DYNAMODB says so. */
export const engine = process.env['BECKON_DYNAMODB'] === 'local' ? 'local' : 'dynoxide'

type StartOptions = Partial<Parameters<typeof startLocalCloud>[0]>

export const startWorld = async (options: StartOptions = {}): Promise<World> => {
  const cloud = await startLocalCloud({
    port: 0,
    clock: { kind: 'virtual', atMs: NOON_MS },
    dynamodb: engine,
    ...options,
  })
  const api = createApiClient(cloud.url)
  const documents = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint: cloud.endpoints.streams,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
  )
  return {
    cloud,
    api,
    merchantToken: await api.token('a merchant', ['merchant', 'till']),
    pass: async (seconds) => {
      await cloud.advanceTo(cloud.clock.nowMs() + seconds * 1000)
      await cloud.drain()
    },
    itemsOf: async (table, kind) => {
      const items: Item[] = []
      for await (const page of paginateScan({ client: documents }, { TableName: cloud.tables[table] })) {
        items.push(...(page.Items ?? []))
      }
      return kind === undefined ? items : items.filter((item) => item['kind'] === kind)
    },
    recount: async () => proveCounters(await readFacts(documents, cloud.tables.ledger), cloud.clock.nowMs()),
    close: async () => {
      documents.destroy()
      await cloud.close()
    },
  }
}

type Made = { readonly id: string }

/** A merchant with one geofence of 100 m around the square, and an offer. */
export const openShop = async (world: World, name: string, stock = 10) => {
  const { api, merchantToken } = world
  const { id: merchantId } = await api.post<Made>('/v1/merchants', { name }, merchantToken)
  const path = `/v1/merchants/${merchantId}`
  const geometry = { type: 'Point', coordinates: [SQUARE.lon, SQUARE.lat] }
  const geofence = await api.post<Made>(
    `${path}/geofences`,
    { name: 'square', geometry, radiusM: 100 },
    merchantToken,
  )
  const offer = await api.post<Made>(
    `${path}/offers`,
    { name: 'Coffee', kind: 'coupon', description: 'A coffee for you', stock, validityS: 86_400 },
    merchantToken,
  )
  // A container takes its tiles as they are for 30 s.
  await world.pass(31)
  return { merchantId, path, geofenceId: geofence.id, offerId: offer.id }
}

/** A scene with a push and an SMS template; `rest` replaces what it names. */
export const addScene = async (
  { api, merchantToken }: World,
  path: string,
  rest: object,
): Promise<string> => {
  const scene = {
    name: 'scene',
    goal: 'visit',
    triggers: [{ type: 'enter' }],
    message: {
      push: { title: '{{ merchant.name }}', body: 'A coffee is waiting for you' },
      sms: { body: '{{ merchant.name }}: a coffee is waiting for you.' },
      ttlS: 3600,
    },
    ...rest,
  }
  return (await api.post<Made>(`${path}/scenes`, scene, merchantToken)).id
}

const CONSENT = { granted: true, source: 'app' }

/** A customer with a push device and consent. */
export const pushCustomer = async ({ api }: World, subject: string): Promise<string> => {
  const token = await api.token(subject, ['customer'])
  const pushToken = Buffer.from(subject.padEnd(32, '.')).toString('hex').slice(0, 64)
  await api.put('/v1/me/devices/phone', { platform: 'apns', token: pushToken }, token)
  await api.put('/v1/me/consents/push', CONSENT, token)
  return token
}

/** A customer with a phone number and consent for text messages of one merchant. */
export const smsCustomer = async (
  { api }: World,
  subject: string,
  merchantId: string,
  last2 = '23',
): Promise<string> => {
  const token = await api.token(subject, ['customer'])
  await api.put('/v1/me/phone-number', { number: `+141555501${last2}` }, token)
  await api.put(`/v1/me/consents/sms/${merchantId}`, CONSENT, token)
  return token
}

/** Posts one ping at the world's time and lets everything follow. */
export const ping = async ({ cloud, api }: World, token: string, at: { lat: number; lon: number }) => {
  const pings = [{ at: new Date(cloud.clock.nowMs()).toISOString(), ...at, accuracyM: 10 }]
  const answer = await api.post<{ accepted: number; transitions: { type: string }[] }>(
    '/v1/pings',
    { pings },
    token,
  )
  await cloud.drain()
  return answer
}
