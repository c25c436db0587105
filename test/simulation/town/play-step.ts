import type { AppEventType } from '#shared/domain/scenes/scene.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { answerSms, ask, type Client, isOk, rowsIn, textIn } from '#test/simulation/town/ask.ts'
import { customerName, merchantName, type Owned } from '#test/simulation/town/chronicle.ts'
import type { SceneKind, Step, StepOf } from '#test/simulation/town/steps.ts'
import { walk } from '#test/simulation/town/walks.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

const OWNER = ['merchant', 'till'] as const
const OPERATOR = ['operator'] as const
const CUSTOMER = ['customer'] as const

const phoneNumberOf = (customer: number): string => `+1415555${String(2000 + customer)}`

/** A push token in the form of the platforms; a phone that registers again may have a new one. */
const tokenOf = (customer: number, platform: string, version: number): string =>
  Buffer.from(`${platform} ${customer} ${version}`.padEnd(32, '.')).toString('hex').slice(0, 64)

const triggersOf = (on: SceneKind): object[] => {
  switch (on) {
    case 'enter':
    case 'exit':
      return [{ type: on }]
    case 'dwell':
      return [{ type: 'dwell', dwellS: 60 }]
    case 'event':
      return [{ type: 'event', eventType: 'qr_scan' }, { type: 'enter' }]
    case 'due':
      return [{ type: 'due', plan: { kind: 'afterLastVisit', days: 1 } }]
    case 'festival':
      // The 8th of March: in the town's first week.
      return [{ type: 'due', plan: { kind: 'festival', festival: 'womensDay', daysBefore: 2, hour: 10 } }]
    case 'followUp':
      return [{ type: 'due', plan: { kind: 'followUp', delayS: 1800 } }]
    case 'offerEnds':
      return [{ type: 'due', plan: { kind: 'beforeOfferEnds', hours: 3 } }]
    case 'thanks':
      return [{ type: 'event', eventType: 'purchase' }]
    default:
      return on satisfies never
  }
}

const ownedBy = ({ chronicle }: Client, merchant: number): Owned | undefined =>
  chronicle.merchants.get(merchant)

/** A request of a merchant about what is its own; nothing where the shop was never opened. */
const asOwner = async (
  client: Client,
  merchant: number,
  method: string,
  path: string,
  body?: object,
  values: Readonly<Record<string, string>> = {},
) => {
  const owned = ownedBy(client, merchant)
  if (owned === undefined) return undefined
  const request = await ask(client, {
    route: `${method} /v1/merchants/{merchantId}${path}`,
    as: owned.subject,
    scopes: OWNER,
    path: { merchantId: owned.merchantId, ...values },
    ...(body && { body }),
  })
  return { owned, request }
}

const openShop = async (client: Client, { merchant, caps }: StepOf<'openShop'>): Promise<void> => {
  const request = await ask(client, {
    route: 'POST /v1/merchants',
    as: merchantName(merchant),
    scopes: OWNER,
    body: {
      name: `Shop ${merchant}`,
      ...(caps && { caps: [{ windowS: 86_400, max: 1 }], budget: { sendsPerDay: 5 } }),
    },
  })
  if (!isOk(request)) return
  client.chronicle.merchants.set(merchant, {
    subject: merchantName(merchant),
    merchantId: textIn(request, 'id'),
    geofences: new Map(),
    offers: new Map(),
    scenes: new Map(),
  })
}

const draw = async (client: Client, { merchant, geofence, at, radiusM }: StepOf<'draw'>): Promise<void> => {
  const known = ownedBy(client, merchant)?.geofences.get(geofence)
  const body = {
    name: `geofence ${geofence}`,
    geometry: { type: 'Point', coordinates: [at.lon, at.lat] },
    radiusM,
  }
  const done =
    known === undefined
      ? await asOwner(client, merchant, 'POST', '/geofences', body)
      : await asOwner(client, merchant, 'PUT', '/geofences/{geofenceId}', body, { geofenceId: known })
  if (done && isOk(done.request)) done.owned.geofences.set(geofence, textIn(done.request, 'id'))
}

const eraseGeofence = async (
  client: Client,
  { merchant, geofence }: StepOf<'eraseGeofence'>,
): Promise<void> => {
  const geofenceId = ownedBy(client, merchant)?.geofences.get(geofence)
  if (geofenceId === undefined) return
  const done = await asOwner(client, merchant, 'DELETE', '/geofences/{geofenceId}', undefined, { geofenceId })
  if (done && isOk(done.request)) done.owned.geofences.delete(geofence)
}

const makeOffer = async (client: Client, step: StepOf<'offer'>): Promise<void> => {
  const { merchant, offer, stock, validityS, hasWaitingList, perCustomer } = step
  const done = await asOwner(client, merchant, 'POST', '/offers', {
    name: `Offer ${offer}`,
    kind: 'coupon',
    description: 'A coffee for you',
    stock,
    validityS,
    ...(hasWaitingList && { hasWaitingList: true }),
    ...(perCustomer !== undefined && { perCustomer }),
  })
  if (done && isOk(done.request)) done.owned.offers.set(offer, textIn(done.request, 'id'))
}

/** Puts an offer or a scene as it is, with a change. */
const change = async (
  client: Client,
  merchant: number,
  path: string,
  values: Readonly<Record<string, string>>,
  changes: object,
): Promise<void> => {
  const found = await asOwner(client, merchant, 'GET', path, undefined, values)
  if (found === undefined || !isOk(found.request)) return
  const {
    id: _id,
    merchantId: _merchantId,
    revision: _revision,
    createdAt: _createdAt,
    updatedAt: _updatedAt,
    stockShards: _stockShards,
    ...body
  } = found.request.answer.body as Record<string, unknown>
  await asOwner(client, merchant, 'PUT', path, { ...body, ...changes }, values)
}

const restock = async (client: Client, { merchant, offer, stock }: StepOf<'restock'>): Promise<void> => {
  const offerId = ownedBy(client, merchant)?.offers.get(offer)
  if (offerId !== undefined) await change(client, merchant, '/offers/{offerId}', { offerId }, { stock })
}

const makeScene = async (client: Client, step: StepOf<'scene'>): Promise<void> => {
  const { merchant, scene, on, offer, coolDownS, ttlS, isSmsFirst } = step
  const offerId = offer === undefined ? undefined : ownedBy(client, merchant)?.offers.get(offer)
  const body = {
    name: `scene ${scene}`,
    goal: 'visit',
    triggers: triggersOf(on),
    message: {
      ...(on === 'thanks' && offerId === undefined && { kind: 'service' }),
      push: { title: '{{ merchant.name }}', body: 'A coffee is waiting for you' },
      sms: { body: '{{ merchant.name }}: a coffee is waiting for you.' },
      ...(isSmsFirst && { firstChannel: 'sms' }),
      ttlS,
    },
    limits: { coolDownS },
    ...(offerId !== undefined && { offerId }),
  }
  const done = await asOwner(client, merchant, 'POST', '/scenes', body)
  if (done && isOk(done.request)) done.owned.scenes.set(scene, { id: textIn(done.request, 'id'), body })
}

const turnScene = async (client: Client, { merchant, scene, to }: StepOf<'turnScene'>): Promise<void> => {
  const sceneId = ownedBy(client, merchant)?.scenes.get(scene)?.id
  if (sceneId !== undefined) await change(client, merchant, '/scenes/{sceneId}', { sceneId }, { state: to })
}

/** A merchant asks for all of its data, and a minute later reads what there is of it; whatever is erased goes from it. */
const exportAll = async (client: Client, merchant: number): Promise<void> => {
  const asked = await asOwner(client, merchant, 'POST', '/exports')
  if (asked === undefined || !isOk(asked.request)) return
  const exportId = textIn(asked.request, 'exportId')
  await client.host.sleepUntil(client.host.nowMs() + MINUTE_MS)
  await asOwner(client, merchant, 'GET', '/exports/{exportId}/parts/{part}', undefined, {
    exportId,
    part: '1',
  })
}

/** A merchant reads what it may, and tries what it may not. */
const look = async (client: Client, { merchant, other }: StepOf<'look'>): Promise<void> => {
  await exportAll(client, merchant)
  const scene = ownedBy(client, merchant)?.scenes.get(0)
  const day = new Date(client.host.nowMs()).toISOString().slice(0, 10)
  for (const list of ['/scenes', '/offers', '/geofences']) await asOwner(client, merchant, 'GET', list)
  if (scene !== undefined) {
    const values = { sceneId: scene.id }
    await asOwner(client, merchant, 'GET', '/scenes/{sceneId}/decisions', undefined, values)
    const owned = ownedBy(client, merchant)
    if (owned)
      await ask(client, {
        route: 'GET /v1/merchants/{merchantId}/reports/scenes/{sceneId}',
        as: owned.subject,
        scopes: OWNER,
        path: { merchantId: owned.merchantId, ...values },
        query: { from: day, to: day },
      })
  }
  const stranger = ownedBy(client, other)
  if (stranger === undefined || other === merchant) return
  for (const route of ['GET /v1/merchants/{merchantId}', 'GET /v1/merchants/{merchantId}/scenes']) {
    const path = { merchantId: stranger.merchantId }
    await ask(client, { route, as: merchantName(merchant), scopes: OWNER, path })
  }
}

const asCustomer = (
  client: Client,
  customer: number,
  route: string,
  body?: object,
  path?: Readonly<Record<string, string>>,
) =>
  ask(client, {
    route,
    as: customerName(customer),
    scopes: CUSTOMER,
    ...(body && { body }),
    ...(path && { path }),
  })

const register = (client: Client, customer: number, platform: string, version: number) =>
  asCustomer(
    client,
    customer,
    'PUT /v1/me/devices/{deviceId}',
    { platform, token: tokenOf(customer, platform, version) },
    { deviceId: 'phone' },
  )

const CONSENT = { source: 'app' } as const

const join = async (client: Client, { customer, platform, hasNumber }: StepOf<'join'>): Promise<void> => {
  await register(client, customer, platform, 0)
  if (hasNumber)
    await asCustomer(client, customer, 'PUT /v1/me/phone-number', {
      phoneNumber: phoneNumberOf(customer),
    })
}

const consentSms = async (client: Client, step: StepOf<'consentSms'>): Promise<void> => {
  const { customer, merchant, granted } = step
  const merchantId = ownedBy(client, merchant)?.merchantId
  if (merchantId === undefined) return
  const route = 'PUT /v1/me/consents/sms/{merchantId}'
  await asCustomer(client, customer, route, { granted, ...CONSENT }, { merchantId })
}

const prefer = async (client: Client, step: StepOf<'prefer'>): Promise<void> => {
  const { customer, muted, isQuiet, maxPerDay } = step
  const mutedMerchants = muted.flatMap((merchant) => ownedBy(client, merchant)?.merchantId ?? [])
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
  await asCustomer(client, customer, 'PUT /v1/me/preferences', {
    mutedMerchants,
    ...(isQuiet && { quietHours: [{ days, from: '12:00', to: '15:00' }] }),
    ...(maxPerDay !== undefined && { caps: [{ windowS: 86_400, max: maxPerDay }] }),
  })
}

const propertiesOf = (type: AppEventType): object | undefined => {
  if (type === 'purchase') return { amountMinor: 450, currency: 'USD' }
  return type === 'rating' ? { score: 4 } : undefined
}

const tellEvent = async (client: Client, step: StepOf<'event'>): Promise<void> => {
  const { customer, merchant, type, eventId } = step
  const merchantId = ownedBy(client, merchant)?.merchantId
  if (merchantId === undefined) return
  const at = new Date(client.host.nowMs()).toISOString()
  const properties = propertiesOf(type)
  await asCustomer(client, customer, 'POST /v1/events', {
    events: [{ id: eventId, type, at, merchantId, ...(properties && { properties }) }],
  })
}

const offersOf = async (client: Client, customer: number) =>
  rowsIn(await asCustomer(client, customer, 'GET /v1/me/offers'))

/** The offers that decisions found sold out for a customer. */
const missedBy = async (client: Client, customer: number): Promise<readonly string[]> => {
  const decisions = rowsIn(await asCustomer(client, customer, 'GET /v1/me/decisions'))
  const outcomes = decisions.flatMap(({ outcomes: some }) => (Array.isArray(some) ? some : []))
  return [...new Set(outcomes.map((outcome) => outcome.offerId).filter((id) => typeof id === 'string'))]
}

/** Waits for what was missed; some think better of it first, or at the same time. */
const waitForMissed = async (client: Client, customer: number): Promise<void> => {
  for (const offerId of await missedBy(client, customer)) {
    const wish = (method: 'PUT' | 'DELETE') =>
      asCustomer(client, customer, `${method} /v1/me/waiting-list/{offerId}`, undefined, { offerId })
    const mood = client.host.random(`${client.step} ${offerId}`)
    if (mood < 0.3) await wish('DELETE')
    await Promise.all([wish('PUT'), ...(mood > 0.8 ? [wish('DELETE')] : [])])
  }
}

const claim = async (client: Client, { customer }: StepOf<'claim'>): Promise<void> => {
  await waitForMissed(client, customer)
  for (const { grantId, state } of await offersOf(client, customer)) {
    if (state !== 'reserved') continue
    const by = client.host.random(`${client.step} ${grantId}`) < 0.5 ? 'opened' : 'claimed'
    const path = { grantId: String(grantId) }
    await asCustomer(client, customer, 'POST /v1/me/offers/{grantId}/claim', { by }, path)
  }
}

const reportOf = (client: Client, owned: Owned, till: number, token: string, redeemedAt: string) =>
  ask(client, {
    route: 'POST /v1/merchants/{merchantId}/redemptions:sync',
    as: owned.subject,
    scopes: ['till'],
    path: { merchantId: owned.merchantId },
    body: { till: `till ${till}`, redemptions: [{ requestId: `${client.step}-${till}`, token, redeemedAt }] },
  })

const redeemAt = (client: Client, owned: Owned, shown: object, till: number) =>
  ask(client, {
    route: 'POST /v1/merchants/{merchantId}/redemptions',
    as: owned.subject,
    scopes: ['till'],
    path: { merchantId: owned.merchantId },
    body: shown,
    headers: { 'idempotency-key': `till-${till}-${client.step}` },
  })

/** What the customer shows: the code, or a token that is made for it. */
const shownAt = async (
  client: Client,
  { customer, byToken }: StepOf<'redeem'>,
  { grantId, code }: Readonly<Record<string, unknown>>,
): Promise<object | undefined> => {
  if (!byToken) return { code: String(code) }
  const path = { grantId: String(grantId) }
  const made = await asCustomer(
    client,
    customer,
    'POST /v1/me/offers/{grantId}/redemption-tokens',
    undefined,
    path,
  )
  return isOk(made) ? { token: textIn(made, 'token') } : undefined
}

/** An offer that the customer holds, and whose it is. */
const heldBy = async (client: Client, customer: number) => {
  const held = (await offersOf(client, customer)).find(
    ({ state, code }) => (state === 'reserved' || state === 'confirmed') && code !== undefined,
  )
  const owned = [...client.chronicle.merchants.values()].find(
    ({ merchantId }) => merchantId === held?.['merchantId'],
  )
  return { held, owned }
}

/** Tills that are offline take a token, each for itself, and report it when they are back. */
const redeemOffline = async (client: Client, step: StepOf<'redeemOffline'>): Promise<void> => {
  const { held, owned } = await heldBy(client, step.customer)
  const shown = held && (await shownAt(client, { ...step, kind: 'redeem', byToken: true }, held))
  const token = shown === undefined ? undefined : Reflect.get(shown, 'token')
  if (owned === undefined || typeof token !== 'string') return
  const atMs = client.host.nowMs()
  await client.host.sleepUntil(atMs + step.minutes * MINUTE_MS)
  const reports = Array.from({ length: step.tills }, (_, till) =>
    reportOf(client, owned, till, token, new Date(atMs + till * 1000).toISOString()),
  )
  await Promise.all(reports)
}

/** The customer shows an offer at one till, or at two at once. */
const redeem = async (client: Client, step: StepOf<'redeem'>): Promise<void> => {
  const { held, owned } = await heldBy(client, step.customer)
  const shown = held && (await shownAt(client, step, held))
  if (shown === undefined || owned === undefined) return
  await Promise.all(Array.from({ length: step.tills }, (_, till) => redeemAt(client, owned, shown, till)))
}

const changeNumber = (client: Client, { customer, number }: StepOf<'number'>) =>
  number === undefined
    ? asCustomer(client, customer, 'DELETE /v1/me/phone-number')
    : asCustomer(client, customer, 'PUT /v1/me/phone-number', { phoneNumber: phoneNumberOf(number) })

const drawZone = (client: Client, { zone, area }: StepOf<'zone'>) =>
  ask(client, {
    route: `${area === undefined ? 'DELETE' : 'PUT'} /v1/platform/zones/{zoneId}`,
    as: 'operator',
    scopes: OPERATOR,
    path: { zoneId: `zon_${String(zone).padStart(26, '0')}` },
    ...(area && { body: { kind: 'exclusion', name: 'A school', area: { kind: 'circle', ...area } } }),
  })

const block = async (client: Client, { merchant, customer, hours }: StepOf<'block'>): Promise<void> => {
  const values = { userId: userIdOf(customerName(customer)) }
  const path = '/customers/{userId}/block'
  const until = new Date(client.host.nowMs() + (hours ?? 0) * HOUR_MS).toISOString()
  const body = { reason: 'Shouted at the staff', ...(hours !== undefined && { until }) }
  await asOwner(client, merchant, 'PUT', path, body, values)
}

const unblock = async (client: Client, { merchant, customer }: StepOf<'unblock'>): Promise<void> => {
  const values = { userId: userIdOf(customerName(customer)) }
  await asOwner(client, merchant, 'DELETE', '/customers/{userId}/block', undefined, values)
}

const suspend = async (client: Client, { merchant, suspended }: StepOf<'suspend'>): Promise<void> => {
  const merchantId = ownedBy(client, merchant)?.merchantId
  if (merchantId === undefined) return
  await ask(client, {
    route: 'PUT /v1/platform/merchants/{merchantId}/suspension',
    as: 'operator',
    scopes: OPERATOR,
    path: { merchantId },
    body: { suspended, ...(suspended && { reason: 'Complaints' }) },
  })
}

/** Does one step of a history: everything that it asks of the platform, until it is answered. */
export const playStep = async (client: Client, step: Step): Promise<unknown> => {
  switch (step.kind) {
    case 'openShop':
      return openShop(client, step)
    case 'draw':
      return draw(client, step)
    case 'eraseGeofence':
      return eraseGeofence(client, step)
    case 'offer':
      return makeOffer(client, step)
    case 'restock':
      return restock(client, step)
    case 'scene':
      return makeScene(client, step)
    case 'turnScene':
      return turnScene(client, step)
    case 'look':
      return look(client, step)
    case 'join':
      return join(client, step)
    case 'register':
      return register(client, step.customer, step.platform, 1 + Math.floor(step.atMs / 1000))
    case 'consentPush':
      return asCustomer(client, step.customer, 'PUT /v1/me/consents/push', {
        granted: step.granted,
        ...CONSENT,
      })
    case 'consentSms':
      return consentSms(client, step)
    case 'prefer':
      return prefer(client, step)
    case 'walk':
      return walk(client, step)
    case 'event':
      return tellEvent(client, step)
    case 'number':
      return changeNumber(client, step)
    case 'answerSms':
      return answerSms(client, phoneNumberOf(step.number), step.word)
    case 'consentLocation':
      return asCustomer(client, step.customer, 'PUT /v1/me/consents/location', {
        granted: step.granted,
        ...CONSENT,
      })
    case 'zone':
      return drawZone(client, step)
    case 'claim':
      return claim(client, step)
    case 'redeem':
      return redeem(client, step)
    case 'redeemOffline':
      return redeemOffline(client, step)
    case 'block':
      return block(client, step)
    case 'unblock':
      return unblock(client, step)
    case 'forget':
      return asCustomer(client, step.customer, 'DELETE /v1/me')
    case 'killSwitch':
      return ask(client, {
        route: 'PUT /v1/platform/kill-switch',
        as: 'operator',
        scopes: OPERATOR,
        body: { on: step.on },
      })
    case 'suspend':
      return suspend(client, step)
    default:
      return step satisfies never
  }
}
