import { myOutcomeView } from '#shared/contracts/http/decisions.ts'
import type { Item } from '#shared/contracts/items/ledger.ts'
import type { StoredPresence } from '#shared/contracts/items/presence.ts'
import { parseTrace } from '#shared/contracts/items/trace.ts'
import type { OpenVisit } from '#shared/domain/presence/visit.ts'

/**
 * Of each kind of item that the Ledger keeps under a customer, what an export tells. All else is left out: keys of
 * indexes, leases, shards; push tokens and the links by which others would act for the customer; what an offer costs the
 * merchant, and who stood at the till.
 */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  profile: [
    'createdAt',
    'phoneNumber',
    'phoneCountry',
    'consents',
    'preferences',
    'preferencesAtMs',
    'recentSends',
    'heldOut',
    'slot',
  ],
  consentReceipt: ['receiptId', 'about', 'merchantId', 'granted', 'at', 'source', 'text', 'textVersion'],
  device: ['deviceId', 'platform', 'enabled', 'updatedAt', 'locale'],
  relationship: [
    'merchantId',
    'actedAt',
    'lastVisitAtMs',
    'timeZone',
    'known',
    'events',
    'eventsSinceMs',
    'handled',
  ],
  visit: [
    'visitId',
    'geofenceId',
    'merchantId',
    'storeId',
    'timeZone',
    'enteredAtMs',
    'lastInsideAtMs',
    'end',
    'exitedAtMs',
    'settledAtMs',
    'credited',
    'compared',
    'isFirst',
    'isReachable',
    'isBrought',
    'correlationId',
  ],
  event: [
    'eventId',
    'triggerKind',
    'type',
    'at',
    'receivedAt',
    'merchantId',
    'storeId',
    'timeZone',
    'properties',
    'preferences',
    'credited',
    'compared',
    'isFirst',
    'deal',
    'sceneId',
    'offerId',
    'dueAtMs',
    'occasion',
    'occasions',
    'correlationId',
  ],
  grant: [
    'grantId',
    'messageId',
    'merchantId',
    'sceneId',
    'theme',
    'occasion',
    'storeId',
    'timeZone',
    'state',
    'releasedBy',
    'grantedAt',
    'offerId',
    'offerName',
    'offerKind',
    'code',
    'listedCode',
    'redeemAt',
    'deal',
    'validUntil',
    'confirmedAt',
    'confirmedBy',
    'redeemedAt',
    'redeemedAtStoreId',
    'shareCode',
    'sharedAt',
    'isFirst',
    'isRepeat',
    'correlationId',
  ],
  message: [
    'messageId',
    'grantId',
    'merchantId',
    'sceneId',
    'storeId',
    'offerId',
    'channel',
    'messageKind',
    'content',
    'state',
    'reason',
    'createdAtMs',
    'expiresAtMs',
    'endedAtMs',
    'deviceId',
    'correlationId',
  ],
  exposure: [
    'merchantId',
    'sceneId',
    'grantId',
    'correlationId',
    'arm',
    'storeId',
    'atMs',
    'windowMs',
    'messageId',
    'sentAtMs',
    'stages',
    'cameTo',
  ],
  trace: ['decidedAt', 'messageId', 'channel', 'sceneId', 'score'],
  merchantTrace: ['decidedAt'],
  later: ['merchantId', 'sceneId', 'occasion', 'againMs', 'about', 'timeZone', 'storeId', 'correlationId'],
  gift: ['merchantId', 'sceneId', 'occasion', 'state', 'offerId'],
  wait: ['merchantId', 'sceneId', 'offerId', 'occasion', 'timeZone', 'storeId'],
  scanned: ['qrCodeId'],
  lastScan: ['qrCodeId', 'atMs', 'claims', 'redemptions'],
  turnedAway: ['sceneId', 'sentAtMs', 'how'],
  doubleUse: ['grantId', 'offerId', 'offerName', 'reportedAt'],
  tally: ['given'],
  testSends: ['sent'],
  customerReplan: [],
  idempotency: [],
  customerExport: ['exportId', 'createdAt', 'expiresAtMs'],
}

/** The kinds of Ledger items whose form an export knows. */
export const EXPORTED_KINDS: ReadonlySet<string> = new Set(Object.keys(FIELDS))

/** What a row of an export holds beside its kind is what is kept, by the names of `FIELDS`. */
export type ExportedRow = Readonly<Record<string, unknown>> & { readonly kind: string }

const pick = (item: Item, names: readonly string[]): Item =>
  Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])))

/** A decision as `GET /v1/me/decisions` tells it. */
const outcomesOf = (item: Item): Item => ({
  outcomes: parseTrace(item).outcomes.map((outcome) => myOutcomeView(outcome)),
})

/** What only the key says: of what a count is, and a latest scan. */
const TELLING_KEY = /^(?:HELD|TESTSENDS|LAST-SCAN)#(.+)$/

const moreOf = (item: Item): Item => {
  const { kind } = item
  if (kind === 'trace' || kind === 'merchantTrace') return outcomesOf(item)
  const [, of] = TELLING_KEY.exec(String(item['sk'])) ?? []
  return of === undefined ? {} : { of }
}

/**
 * A Ledger item as its customer's export tells it; of a kind that is not known here, nothing but the kind. Undefined for
 * what is over: TTL deletes late.
 *
 * @example exportedItem({ kind: 'device', deviceId: 'pixel', token: 'secret', … }, nowMs) // { kind: 'device', deviceId: 'pixel', … }
 */
export const exportedItem = (item: Item, nowMs: number): ExportedRow | undefined => {
  const { kind, ttl } = item
  if (typeof ttl === 'number' && ttl * 1000 <= nowMs) return undefined
  const name = typeof kind === 'string' ? kind : 'unknown'
  return {
    kind: name,
    ...pick(item, FIELDS[name] ?? []),
    ...moreOf(item),
    ...(typeof ttl === 'number' && { keptUntil: new Date(ttl * 1000).toISOString() }),
  }
}

const OPEN_VISIT = ['geofenceId', 'merchantId', 'storeId', 'timeZone', 'enteredAtMs', 'lastInsideAtMs']
const FIX = ['atMs', 'lat', 'lon', 'accuracyM', 'speedMps', 'mocked', 'jump']

const openVisit = (visit: OpenVisit): Item => pick({ ...visit }, OPEN_VISIT)

/** Where the customer is by what the phone has told; undefined where nothing is known. */
export const exportedPresence = (stored: StoredPresence): ExportedRow | undefined => {
  if (stored.kind === 'withdrawn') return { kind: 'presence', isWithdrawn: true }
  if (stored.kind === 'erased' || stored.version === 0) return undefined
  const { watermarkMs, base, fixes, told } = stored.presence
  const { last } = base
  return {
    kind: 'presence',
    watermarkMs,
    openVisits: told.open.filter(({ end }) => end === undefined).map(openVisit),
    ...(last && { fixBefore: pick({ ...last }, FIX) }),
    fixes: fixes.map((fix) => pick({ ...fix }, FIX)),
  }
}
