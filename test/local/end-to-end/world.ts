import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import { type ApiClient, createApiClient } from '#local/api-client.ts'
import { type LocalCloud, startLocalCloud } from '#local/cloud/start-local-cloud.ts'
import { readFacts } from '#scripts/recount.ts'
import { type Proof, proveCounters } from '#shared/contracts/items/recount.ts'
import { loadClient, type TypedClient } from '#test/local/client/typed-client.ts'

export type Item = Readonly<Record<string, unknown>>

/** A local cloud on the virtual clock, with what tests do in it. */
export type World = {
  readonly cloud: LocalCloud
  readonly api: ApiClient
  /** The client that is generated from the API's own document, for the holder of a token. */
  readonly clientOf: (token: string) => TypedClient
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
    clientOf: await loadClient(cloud.url),
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

/** A merchant with one geofence of 100 m around the square, and an offer. */
export const openShop = async (world: World, name: string, stock = 10) => {
  const { merchants } = world.clientOf(world.merchantToken)
  const merchantId = (await merchants.createMerchant({ name })).data.id
  const { data: geofence } = await merchants.createGeofence(merchantId, {
    name: 'square',
    geometry: { type: 'Point', coordinates: [SQUARE.lon, SQUARE.lat] },
    radiusM: 100,
  })
  const { data: offer } = await merchants.createOffer(merchantId, {
    name: 'Coffee',
    kind: 'coupon',
    description: 'A coffee for you',
    stock,
    validityS: 86_400,
  })
  // A container takes its tiles as they are for 30 s.
  await world.pass(31)
  return { merchantId, path: `/v1/merchants/${merchantId}`, geofenceId: geofence.id, offerId: offer.id }
}

type SceneRequest = Parameters<TypedClient['merchants']['createScene']>[1]

/** A scene with a push and an SMS template; `rest` replaces what it names. */
export const addScene = async (
  { clientOf, merchantToken }: World,
  merchantId: string,
  rest: Partial<SceneRequest>,
): Promise<string> => {
  const { data } = await clientOf(merchantToken).merchants.createScene(merchantId, {
    name: 'scene',
    goal: 'visit',
    triggers: [{ type: 'enter' }],
    message: {
      push: { title: '{{ merchant.name }}', body: 'A coffee is waiting for you' },
      sms: { body: '{{ merchant.name }}: a coffee is waiting for you.' },
      ttlS: 3600,
    },
    ...rest,
  })
  return data.id
}

const CONSENT = { granted: true, source: 'app' } as const

/** A customer with a push device and consent. */
export const pushCustomer = async ({ api, clientOf }: World, subject: string): Promise<string> => {
  const token = await api.token(subject, ['customer'])
  const pushToken = Buffer.from(subject.padEnd(32, '.')).toString('hex').slice(0, 64)
  const { customers } = clientOf(token)
  await customers.putDevice('phone', { platform: 'apns', token: pushToken })
  await customers.putPushConsent(CONSENT)
  return token
}

/** A customer with a phone number and consent for text messages of one merchant. */
export const smsCustomer = async (
  { api, clientOf }: World,
  subject: string,
  merchantId: string,
  last2 = '23',
): Promise<string> => {
  const token = await api.token(subject, ['customer'])
  const { customers } = clientOf(token)
  await customers.putPhoneNumber({ phoneNumber: `+141555501${last2}` })
  await customers.putSmsConsent(merchantId, CONSENT)
  return token
}

/** Posts one ping at the world's time and lets everything follow. */
export const ping = async (
  { cloud, clientOf }: World,
  token: string,
  at: { readonly lat: number; readonly lon: number },
) => {
  const pings = [{ at: new Date(cloud.clock.nowMs()).toISOString(), ...at, accuracyM: 10 }]
  const { data } = await clientOf(token).customers.postPings({ pings })
  await cloud.drain()
  return data
}
