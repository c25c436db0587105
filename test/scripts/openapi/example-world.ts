import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { runJobsEnv } from '#functions/run-jobs/env.ts'
import { runJob } from '#functions/run-jobs/run-job.ts'
import { buildServices as buildJobs } from '#functions/run-jobs/services.ts'
import type { Example } from '#scripts/openapi/example.ts'
import { EXAMPLE_IDS, EXAMPLE_PATH } from '#scripts/openapi/example-ids.ts'
import { EXAMPLES } from '#scripts/openapi/examples.ts'
import { ALL_ROUTES, type DocumentedRoute } from '#scripts/openapi/routes.ts'
import { ZONES_PK } from '#shared/adapters/dynamodb/catalog/zone-cache.ts'
import { createVisitStore } from '#shared/adapters/dynamodb/ledger/visit-store.ts'
import { counterKey } from '#shared/contracts/items/counter.ts'
import { decisionRefOf } from '#shared/contracts/items/decision.ts'
import { customerIndex, relationshipAttributes } from '#shared/contracts/items/relationship.ts'
import { secretItem, signingKeyItem } from '#shared/contracts/items/signing-key.ts'
import { traceItems } from '#shared/contracts/items/trace.ts'
import { waitersPk } from '#shared/contracts/items/waiting-list.ts'
import type { GeofenceId, JobId, MerchantId, OfferId, SceneId, StoreId } from '#shared/domain/ids.ts'
import type { CountPlace, Counts } from '#shared/domain/loop/count.ts'
import { parseEnv } from '#shared/runtime/env.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { CERTIFICATE } from '#test/adapters/sns/signed-notification.ts'
import { createExampleIds, type ExampleIds } from '#test/scripts/openapi/example-id-pairs.ts'
import { anEnter, aRelationship, aScene, named } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { giveGrant } from '#test/support/grants.ts'
import { callApi, type HttpAnswer, type HttpCall } from '#test/support/http-event.ts'
import { startPeer, takeAll } from '#test/support/peers.ts'

/** What is there when an example is sent was made an hour before. */
const MADE_MS = Date.UTC(2026, 10, 22, 9)
const SENT_MS = Date.UTC(2026, 10, 22, 10)

const tables = await createTables()
const sqs = await startPeer(takeAll)
const sns = await startPeer(() => ({ status: 200, body: CERTIFICATE }))
const clock = setClock(MADE_MS)
Object.assign(process.env, {
  POWERTOOLS_LOG_LEVEL: 'SILENT',
  CATALOG_TABLE: tables.catalog,
  LEDGER_TABLE: tables.ledger,
  PRESENCE_TABLE: tables.presence,
  PLACE_INDEX: 'places',
  SMS_PART_PRICE_USD: '0.008830',
  PUSH_QUEUE_URL: `${sqs.url}/000000000000/push`,
  SMS_QUEUE_URL: `${sqs.url}/000000000000/sms`,
  JOBS_QUEUE_URL: `${sqs.url}/000000000000/jobs`,
  SMS_ANSWERS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:answers',
  AWS_ENDPOINT_URL_SQS: sqs.url,
  AWS_ENDPOINT_URL_SNS: sns.url,
})
const { handlerOf, removeReference } = await import('#test/scripts/openapi/example-handlers.ts')

export const closeExamples = async (): Promise<void> => {
  removeReference()
  await Promise.all([sqs.close(), sns.close()])
}

type Operation = { readonly routeKey: string; readonly route: DocumentedRoute; readonly example: Example }

/** @throws {Error} for a name that no operation has, and for an operation without an example */
export const operationNamed = (operationId: string): Operation => {
  const found = Object.entries(ALL_ROUTES).find(([, { document }]) => document.operationId === operationId)
  const example = EXAMPLES[operationId]
  if (found === undefined) throw new Error(`there is no operation ${operationId}`)
  if (example === undefined)
    throw new Error(`${operationId} has no example: write one in scripts/openapi/examples (docs/api.md)`)
  const [routeKey, route] = found
  return { routeKey, route, example }
}

/** Which example, or which scenery, makes what a path names. */
const MAKERS: Readonly<Record<string, string>> = {
  merchantId: 'createMerchant',
  storeId: 'createStore',
  regionId: 'createRegion',
  geofenceId: 'createGeofence',
  sceneId: 'createScene',
  offerId: 'createOffer',
  qrCodeId: 'createQrCode',
  zoneId: 'putZone',
  place: 'putLawfulHours',
  jobId: 'importStores',
  deviceId: 'putDevice',
  grantId: 'grant',
}

const namesIn = (routeKey: string): string[] =>
  [...routeKey.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

/** What an example's body is on the wire. */
const bodyOf = ({ takes }: DocumentedRoute, { body }: Example, ids: ExampleIds): HttpCall => {
  if (body === undefined) return {}
  if (takes?.mediaType !== 'application/x-www-form-urlencoded') return { body: ids.real(body) }
  return { rawBody: new URLSearchParams(body as Record<string, string>).toString() }
}

type World = {
  readonly ids: ExampleIds
  readonly subjects: Readonly<Record<string, string>>
  /** What has been made already. */
  readonly made: Set<string>
}

let worlds = 0
/** No two grants have one code. */
const codeOf = (world: number): string => `RYHD1-MK${String(world).padStart(3, '0')}`

/** A world with a merchant's owner and a customer of its own. */
const newWorld = (operationId: string): World => {
  worlds += 1
  // What is listed in the order of ids stays in it, whatever examples there are beside.
  const owner = `owner of ${operationId}`
  const customer = `customer of ${operationId}`
  const ids = createExampleIds({
    'https://sns.eu-west-1.amazonaws.com': sns.url,
    'RYHD1-MKKV3': codeOf(worlds),
  })
  ids.pair(EXAMPLE_IDS.userId, userIdOf(customer))
  ids.pair('usr_01JD000000000000000000000A', userIdOf(owner))
  ids.pair('usr_01JD000000000000000000000B', userIdOf('operator'))
  return { ids, subjects: { merchant: owner, till: owner, customer, operator: 'operator' }, made: new Set() }
}

type Answer = Pick<HttpAnswer, 'status' | 'body'>

const send = async (world: World, operationId: string, as?: string): Promise<Answer> => {
  const { routeKey, route, example } = operationNamed(operationId)
  const [scope] = route.scopes
  const subject = world.subjects[as ?? scope ?? '']
  const path = Object.fromEntries(namesIn(routeKey).map((name) => [name, EXAMPLE_PATH[name]]))
  const { status, body } = await callApi(handlerOf(routeKey), routeKey, {
    path: world.ids.real(path) as Record<string, string>,
    ...(example.query && { query: example.query }),
    ...bodyOf(route, example, world.ids),
    ...(scope !== undefined && { scopes: [scope] }),
    ...(subject !== undefined && { subject }),
  })
  return { status, body: world.ids.shown(body) }
}

const customerOf = ({ subjects }: World) => userIdOf(subjects['customer'] ?? '')
const merchantOf = ({ ids }: World) => ids.real(EXAMPLE_IDS.merchantId) as MerchantId
const put = (Item: Readonly<Record<string, unknown>>) =>
  tables.client.send(new PutCommand({ TableName: tables.ledger, Item }))

/** A key for examples: everybody may know it. */
const EXAMPLE_KEY = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
} as const

/** What no operation makes: facts that the pipeline writes. */
const SCENERY: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'signing key': async () => {
    const { d: _, ...jwk } = EXAMPLE_KEY
    const kid = '2f_cUA13'
    const key = signingKeyItem({ kid, createdAtMs: MADE_MS, notBeforeMs: MADE_MS, jwk })
    for (const Item of [key, secretItem(kid, EXAMPLE_KEY)])
      await tables.client.send(new PutCommand({ TableName: tables.catalog, Item }))
  },
  // One customer in ten would be left alone, and ids are drawn at random.
  'a scene without an experiment': async (world) => {
    await make(world, 'createScene')
    const Key = { pk: `M#${merchantOf(world)}`, sk: `SCENE#${world.ids.real(EXAMPLE_IDS.sceneId)}` }
    await tables.client.send(
      new UpdateCommand({ TableName: tables.catalog, Key, UpdateExpression: 'REMOVE experiment' }),
    )
  },
  'a scene that hears of scans': async (world) => {
    await make(world, 'createScene')
    const Key = { pk: `M#${merchantOf(world)}`, sk: `SCENE#${world.ids.real(EXAMPLE_IDS.sceneId)}` }
    await tables.client.send(
      new UpdateCommand({
        TableName: tables.catalog,
        Key,
        UpdateExpression: 'SET triggers = :scans',
        ExpressionAttributeValues: { ':scans': [{ type: 'event', eventType: 'qr_scan' }] },
      }),
    )
  },
  'a QR code': async (world) => {
    await make(world, 'createQrCode')
    const merchantId = merchantOf(world)
    const qrCodeId = world.ids.real(EXAMPLE_IDS.qrCodeId)
    const Key = { pk: `M#${merchantId}`, sk: `QR-CODE#${qrCodeId}` }
    await tables.client.send(
      new UpdateCommand({
        TableName: tables.catalog,
        Key,
        UpdateExpression: 'SET code = :code',
        ExpressionAttributeValues: { ':code': EXAMPLE_IDS.code },
      }),
    )
    const Item = { pk: `QR#${EXAMPLE_IDS.code}`, sk: 'OWNER', kind: 'qr', merchantId, qrCodeId }
    await tables.client.send(new PutCommand({ TableName: tables.catalog, Item }))
  },
  /** The offer's codes are the merchant's own, and there is none yet. */
  'a list of codes': async (world) => {
    const offerId = String(world.ids.real(EXAMPLE_IDS.offerId))
    const empty = (TableName: string, pk: unknown, sk: unknown, changes: Record<string, unknown>) =>
      tables.client.send(
        new UpdateCommand({
          TableName,
          Key: { pk, sk },
          UpdateExpression: `SET ${Object.keys(changes)
            .map((name) => `#${name} = :${name}`)
            .join(', ')}`,
          ExpressionAttributeNames: Object.fromEntries(
            Object.keys(changes).map((name) => [`#${name}`, name]),
          ),
          ExpressionAttributeValues: Object.fromEntries(
            Object.entries(changes).map(([name, value]) => [`:${name}`, value]),
          ),
        }),
      )
    await empty(tables.catalog, `M#${merchantOf(world)}`, `OFFER#${offerId}`, { codes: 'list', stock: 0 })
    const shards = (await tables.allOf(tables.ledger)).filter((item) => item['offerId'] === offerId)
    for (const { pk, sk } of shards) await empty(tables.ledger, pk, sk, { free: 0 })
  },
  'a token': async (world) => {
    await make(world, 'grant')
    await make(world, 'signing key')
    clock.nowMs = SENT_MS - 60_000
    await send(world, 'makeRedemptionToken')
  },
  'an export that is done': async (world) => {
    await make(world, 'customer')
    await make(world, 'exportMerchant')
    const jobId = world.ids.real(EXAMPLE_IDS.exportId) as JobId
    const merchantId = merchantOf(world)
    const services = buildJobs(parseEnv(runJobsEnv, process.env))
    await runJob(services, { kind: 'export', merchantId, jobId })
  },
  grant: async (world) => {
    await make(world, 'createOffer')
    const { grantId, sceneId } = await giveGrant(tables.client, tables.ledger, {
      user: customerOf(world),
      merchantId: merchantOf(world),
      offerId: String(world.ids.real(EXAMPLE_IDS.offerId)),
      code: String(world.ids.real('RYHD1-MKKV3')).replace('-', ''),
      grantedAtMs: MADE_MS,
    })
    world.ids.pair(EXAMPLE_IDS.grantId, grantId)
    world.ids.pair(EXAMPLE_IDS.sceneId, sceneId)
  },
  customer: async (world) => {
    const [user, merchantId] = [customerOf(world), merchantOf(world)]
    await put({
      pk: `U#${user}`,
      sk: `M#${merchantId}`,
      kind: 'relationship',
      user,
      merchantId,
      visits: 0,
      version: 1,
      ...relationshipAttributes(aRelationship({})),
      ...customerIndex(user, merchantId, true),
      actedAt: new Date(MADE_MS).toISOString(),
    })
  },
  decision: async (world) => {
    await make(world, 'createScene')
    await make(world, 'customer')
    const [user, merchantId] = [customerOf(world), merchantOf(world)]
    const scene = aScene('example', { id: world.ids.real(EXAMPLE_IDS.sceneId) as SceneId, merchantId })
    const trigger = anEnter({ user, merchantId, atMs: MADE_MS, distanceM: -37 })
    const compared = { coolDownS: 604_800 }
    const outcome = { scene, trigger, kind: 'suppressed', reason: 'coolDown', compared } as const
    const ref = decisionRefOf(user, [trigger], 0)
    await put(traceItems(ref, { outcomes: [outcome] }, undefined, MADE_MS).whole)
  },
  visit: async (world) => {
    await make(world, 'createGeofence')
    await make(world, 'createStore')
    const { recordVisits } = createVisitStore(tables.client, tables.ledger, 1)
    const visit = {
      visitId: named('vis', 'example'),
      geofenceId: world.ids.real(EXAMPLE_IDS.geofenceId) as GeofenceId,
      merchantId: merchantOf(world),
      storeId: world.ids.real(EXAMPLE_IDS.storeId) as StoreId,
      timeZone: 'America/Los_Angeles',
      enteredAtMs: MADE_MS,
      lastInsideAtMs: MADE_MS + 1_260_000,
      exitedAtMs: MADE_MS + 1_290_000,
      end: 'exit',
    } as const
    await recordVisits(customerOf(world), [visit], { scenesOf: () => [] }, () => true, MADE_MS + 2_190_000)
  },
  wait: async (world) => {
    await make(world, 'createOffer')
    const [user, merchantId] = [customerOf(world), merchantOf(world)]
    const offerId = world.ids.real(EXAMPLE_IDS.offerId) as OfferId
    await put({
      pk: `U#${user}`,
      sk: `WAIT#${offerId}`,
      kind: 'wait',
      user,
      merchantId,
      offerId,
      merchantPk: waitersPk(merchantId, offerId),
      merchantSk: `${new Date(MADE_MS).toISOString()}#${user}`,
    })
  },
  'an offer that had run out': async (world) => {
    await make(world, 'createOffer')
    await make(world, 'activateScene')
    await make(world, 'customer')
    const [user, merchantId] = [customerOf(world), merchantOf(world)]
    const offerId = world.ids.real(EXAMPLE_IDS.offerId) as OfferId
    const id = world.ids.real(EXAMPLE_IDS.sceneId) as SceneId
    await tables.client.send(
      new UpdateCommand({
        TableName: tables.catalog,
        Key: { pk: `M#${merchantId}`, sk: `OFFER#${offerId}` },
        UpdateExpression: 'SET hasWaitingList = :yes',
        ExpressionAttributeValues: { ':yes': true },
      }),
    )
    const trigger = anEnter({ user, merchantId, atMs: MADE_MS })
    const scene = aScene('example', { id, merchantId, offerId })
    const outcome = { scene, trigger, kind: 'suppressed', reason: 'soldOut', awaits: offerId } as const
    const ref = decisionRefOf(user, [trigger], 0)
    await put(traceItems(ref, { outcomes: [outcome] }, undefined, MADE_MS).whole)
  },
  counters: async (world) => {
    await make(world, 'createScene')
    await make(world, 'createStore')
    const [sceneId, storeId] = [world.ids.real(EXAMPLE_IDS.sceneId), world.ids.real(EXAMPLE_IDS.storeId)]
    const scene = { of: 'scene', sceneId: sceneId as SceneId, day: '2026-11-21' } as const
    const store = { of: 'store', merchantId: merchantOf(world), day: '2026-11-21' } as const
    const count = (place: CountPlace, counts: Counts) =>
      put({ ...counterKey(place, customerOf(world)), kind: 'count', ...counts })
    const treated = {
      granted: 320,
      sent: 318,
      failed: 2,
      opened: 122,
      reached_opened: 148,
      reached_claimed: 91,
    }
    const brought = {
      visited: 84,
      reached_visited: 86,
      redeemed: 41,
      reached_redeemed: 44,
      redeemedRepeat: 12,
    }
    const earned = {
      purchased: 19,
      reached_purchased: 19,
      purchases: 22,
      revenue_EUR: 21_450,
      offerCents: 10_250,
    }
    await count(
      { ...scene, storeId: storeId as StoreId, arm: 'treated' },
      { triggered: 900, suppressed_coolDown: 580, ...treated, ...brought, ...earned },
    )
    await count(
      { ...scene, arm: 'holdout' },
      { triggered: 104, suppressed_holdout: 104, heldOut: 96, visited: 21 },
    )
    await count(
      { ...store, storeId: storeId as StoreId },
      { entered: 402, reachable: 305, exposed: 84, acted: 47, newCustomers: 61 },
    )
    await count(store, { firstDeals: 58, secondDeals: 17, firstDealsOfTrials: 24, secondDealsOfTrials: 5 })
  },
  'the owner’s phone': async (world) => {
    await send(world, 'putDevice', 'merchant')
  },
}

const make = async (world: World, name: string): Promise<void> => {
  if (world.made.has(name)) return
  world.made.add(name)
  const scenery = SCENERY[name]
  if (scenery !== undefined) return scenery(world)
  await prepare(world, name)
  // What is told in the order of its time is told in one order.
  clock.advance(1000)
  const { status, body } = await send(world, name)
  if (status >= 300) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`)
}

/** Makes all that an example needs. */
const prepare = async (world: World, operationId: string): Promise<void> => {
  const { routeKey, example } = operationNamed(operationId)
  const makers = namesIn(routeKey).flatMap((name) => MAKERS[name] ?? [])
  for (const name of [...makers, ...(example.given ?? [])]) {
    if (name !== operationId) await make(world, name)
  }
}

/** What operators made for all worlds, taken away. */
const clearPlatform = async (): Promise<void> => {
  for (const table of [tables.catalog, tables.ledger]) {
    const ofAll = (await tables.allOf(table)).filter(({ pk }) => pk === ZONES_PK)
    for (const { pk, sk } of ofAll)
      await tables.client.send(new DeleteCommand({ TableName: table, Key: { pk, sk } }))
  }
}

/** Sends an operation's example in a world where all is there that it needs. */
export const sendExample = async (operationId: string): Promise<Answer> => {
  const world = newWorld(operationId)
  await clearPlatform()
  clock.nowMs = MADE_MS
  await prepare(world, operationId)
  clock.nowMs = SENT_MS
  return send(world, operationId)
}
