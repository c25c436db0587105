import { phoneHashOf } from '#shared/adapters/dynamodb/customers/suppressions.ts'
import { distanceM } from '#shared/domain/geo/distance.ts'
import type { Position } from '#shared/domain/geo/geofence.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import {
  type Check,
  type Evidence,
  everOf,
  isDone,
  numberIn,
  requestsOn,
  stepsOf,
} from '#test/simulation/invariants/evidence.ts'
import type { Item } from '#test/simulation/store/evaluate.ts'
import type { Request } from '#test/simulation/town/chronicle.ts'

/** How long a change may take until every function acts on it: what had begun before goes on. */
const GRACE_MS = 180_000

type Choice = { readonly sentAtMs: number; readonly answeredAtMs: number; readonly value: unknown }

const memberOf = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined

const choiceOf = (name: string, { call, sentAtMs, answeredAtMs }: Request): Choice => ({
  sentAtMs,
  answeredAtMs,
  value: memberOf(call.body, name),
})

/** What somebody had surely chosen by a moment; undefined where nobody can say. */
const chosenAt = (
  choices: readonly Choice[],
  atMs: number,
  graceMs = GRACE_MS,
): { readonly value: unknown } | 'never' | undefined => {
  if (choices.some(({ sentAtMs, answeredAtMs }) => sentAtMs <= atMs && atMs <= answeredAtMs + graceMs))
    return undefined
  const last = choices
    .filter(({ answeredAtMs }) => answeredAtMs < atMs)
    .toSorted((a, b) => a.sentAtMs - b.sentAtMs)
  const [before, latest] = [last.at(-2), last.at(-1)]
  if (latest === undefined) return 'never'
  const isOverlapped = before !== undefined && before.answeredAtMs > latest.sentAtMs
  return isOverlapped ? undefined : { value: latest.value }
}

const localHour = (atMs: number, timeZone: string): number =>
  Number(new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' }).format(atMs))

/** The town is in California: 47 CFR 64.1200(c)(1). */
const TOWN_ZONE = 'America/Los_Angeles'
const isLawfulHour = (atMs: number): boolean => {
  const hour = localHour(atMs, TOWN_ZONE)
  return hour >= 8 && hour < 21
}
const isQuietHour = (atMs: number): boolean => {
  const hour = localHour(atMs, TOWN_ZONE)
  return hour >= 12 && hour < 15
}

/** A service message answers the customer's own act, and is no promotion. */
const isPromotion = ({ chronicle }: Evidence, sceneId: unknown): boolean => {
  const scenes = [...chronicle.merchants.values()].flatMap((owned) => [...owned.scenes.values()])
  const body = scenes.find(({ id }) => id === sceneId)?.body
  return memberOf(body?.['message'], 'kind') !== 'service'
}

const ofUser = (evidence: Evidence, route: string, user: unknown): Request[] =>
  requestsOn(evidence, route).filter((request) => userIdOf(request.call.as) === user && isDone(request))

const consentFault = (
  evidence: Evidence,
  user: unknown,
  merchantId: unknown,
  channel: unknown,
  atMs: number,
): string[] => {
  const route = channel === 'push' ? 'PUT /v1/me/consents/push' : 'PUT /v1/me/consents/sms/{merchantId}'
  const choices = ofUser(evidence, route, user)
    .filter(({ call }) => channel === 'push' || call.path?.['merchantId'] === merchantId)
    .map((request) => choiceOf('granted', request))
  const chosen = chosenAt(choices, atMs)
  if (chosen === undefined || (chosen !== 'never' && chosen.value === true)) return []
  return [`without consent for ${String(channel)}`]
}

const preferenceFaults = (evidence: Evidence, user: unknown, merchantId: unknown, atMs: number): string[] => {
  const requests = ofUser(evidence, 'PUT /v1/me/preferences', user)
  const muted = chosenAt(
    requests.map((request) => choiceOf('mutedMerchants', request)),
    atMs,
  )
  const quiet = chosenAt(
    requests.map((request) => choiceOf('quietHours', request)),
    atMs,
  )
  const isMuted =
    muted !== undefined && muted !== 'never' && Array.isArray(muted.value) && muted.value.includes(merchantId)
  const isQuiet = quiet !== undefined && quiet !== 'never' && quiet.value !== undefined && isQuietHour(atMs)
  return [...(isMuted ? ['of a muted merchant'] : []), ...(isQuiet ? ['in quiet hours'] : [])]
}

/** Complaints that were surely open. */
const complaintFault = (evidence: Evidence, user: unknown, merchantId: unknown, atMs: number): string[] => {
  const told = ofUser(evidence, 'POST /v1/events', user).flatMap(({ call, sentAtMs, answeredAtMs }) => {
    const events = memberOf(call.body, 'events')
    const [event] = Array.isArray(events) ? events : []
    return memberOf(event, 'merchantId') === merchantId
      ? [{ type: memberOf(event, 'type'), sentAtMs, answeredAtMs }]
      : []
  })
  const opened = told.filter(
    ({ type, answeredAtMs }) => type === 'complaint' && answeredAtMs + GRACE_MS < atMs,
  )
  const closed = told.filter(({ type, sentAtMs }) => type === 'complaint_closed' && sentAtMs < atMs)
  return opened.length > closed.length ? ['over an open complaint'] : []
}

const blockedUntilMs = ({ call }: Request): number => {
  if (call.route.startsWith('DELETE')) return 0
  const until = memberOf(call.body, 'until')
  return typeof until === 'string' ? Date.parse(until) : Number.POSITIVE_INFINITY
}

const blockFault = (evidence: Evidence, user: unknown, merchantId: unknown, atMs: number): string[] => {
  const path = '/v1/merchants/{merchantId}/customers/{userId}/block'
  const choices = [...requestsOn(evidence, `PUT ${path}`), ...requestsOn(evidence, `DELETE ${path}`)]
    .filter(({ call }) => call.path?.['userId'] === user && call.path?.['merchantId'] === merchantId)
    .filter(isDone)
    .map((request) => ({ ...choiceOf('until', request), value: blockedUntilMs(request) }))
  const chosen = chosenAt(choices, atMs)
  const isBlocked = chosen !== undefined && chosen !== 'never' && atMs < Number(chosen.value)
  return isBlocked ? ['to a blocked customer'] : []
}

/** Whose number it surely was. */
const numberFaults = (evidence: Evidence, { user }: Item, to: string, atMs: number): string[] => {
  const puts = requestsOn(evidence, 'PUT /v1/me/phone-number').filter(isDone)
  const owner = chosenAt(
    puts
      .filter(({ call }) => memberOf(call.body, 'phoneNumber') === to)
      .map((request) => ({ ...choiceOf('phoneNumber', request), value: userIdOf(request.call.as) })),
    atMs,
  )
  const own = chosenAt(
    [...puts, ...requestsOn(evidence, 'DELETE /v1/me/phone-number').filter(isDone)]
      .filter(({ call }) => userIdOf(call.as) === user)
      .map((request) => choiceOf('phoneNumber', request)),
    atMs,
  )
  const isOthers = owner !== undefined && (owner === 'never' || owner.value !== user)
  const isFormer = own !== undefined && (own === 'never' || own.value !== to)
  return isOthers || isFormer ? ["to a number that is not the customer's"] : []
}

/** Which merchant had written to a number last, when it was answered; undefined: none. */
const writerAt = ({ writes }: Evidence, to: string, { sentAtMs, answeredAtMs }: Request): unknown => {
  if (writes === undefined) return 'unclear'
  const pk = `PHONE#${phoneHashOf(to)}`
  const noted = writes.filter(
    (write) => write.pk === pk && write.sk === 'WRITER' && write.atMs < answeredAtMs,
  )
  const last = noted.at(-1)
  return last !== undefined && last.atMs > sentAtMs - GRACE_MS ? 'unclear' : last?.after?.['merchantId']
}

/** What the owner of a number said by SMS to whom wrote to it last, or to everybody where nobody had. */
const stopFaults = (evidence: Evidence, { merchantId }: Item, to: string, atMs: number): string[] => {
  const said = requestsOn(evidence, 'POST /v1/sms-answers')
    .filter(isDone)
    .filter(({ call }) => memberOf(call.body, 'phoneNumber') === to)
  const word = chosenAt(
    said.map((request) => choiceOf('word', request)),
    atMs,
  )
  const stop = said.findLast(({ answeredAtMs }) => answeredAtMs < atMs)
  if (stop === undefined || word === undefined || word === 'never' || word.value !== 'STOP') return []
  const writer = writerAt(evidence, to, stop)
  return writer === 'unclear' || (writer !== undefined && writer !== merchantId) ? [] : ['after a STOP']
}

/** How long the platform believes that somebody still stands where a phone was seen. */
const STANDS_MS = 14 * 60_000

/** Where promotion was surely silent. */
const silentAreas = (evidence: Evidence, atMs: number): (Position & { readonly radiusM: number })[] => {
  const path = '/v1/platform/zones/{zoneId}'
  const changes = [...requestsOn(evidence, `PUT ${path}`), ...requestsOn(evidence, `DELETE ${path}`)].filter(
    isDone,
  )
  return [...Map.groupBy(changes, ({ call }) => call.path?.['zoneId'])].flatMap(([, own]) => {
    const chosen = chosenAt(
      own.map((request) => choiceOf('area', request)),
      atMs,
    )
    const area = chosen === undefined || chosen === 'never' ? undefined : chosen.value
    return isArea(area) ? [area] : []
  })
}

const isArea = (value: unknown): value is Position & { readonly radiusM: number } =>
  typeof memberOf(value, 'radiusM') === 'number'

/** Whose phone told of nothing but a silent zone lately, and was heard. */
const zoneFault = (evidence: Evidence, user: unknown, atMs: number): string[] => {
  // Where nothing is near a phone is not remembered.
  if (stepsOf(evidence, 'eraseGeofence').length > 0) return []
  const told = evidence.chronicle.fixes.filter(
    ({ subject, fix }) =>
      userIdOf(subject) === user && fix.atMs > atMs - STANDS_MS && fix.atMs < atMs + STANDS_MS,
  )
  const isHeard = told.some(
    ({ fate, answeredAtMs, fix }) => fate === 'taken' && answeredAtMs < atMs - GRACE_MS && fix.atMs < atMs,
  )
  const zone = silentAreas(evidence, atMs).find((area) =>
    told.every(({ fix }) => distanceM(area, fix) < area.radiusM - 1),
  )
  return isHeard && zone !== undefined ? ['in a zone where promotion is silent'] : []
}

const operatorFaults = (evidence: Evidence, merchantId: unknown, atMs: number): string[] => {
  const killed = chosenAt(
    requestsOn(evidence, 'PUT /v1/platform/kill-switch')
      .filter(isDone)
      .map((request) => choiceOf('on', request)),
    atMs,
  )
  const suspended = chosenAt(
    requestsOn(evidence, 'PUT /v1/platform/merchants/{merchantId}/suspension')
      .filter((request) => request.call.path?.['merchantId'] === merchantId && isDone(request))
      .map((request) => choiceOf('suspended', request)),
    atMs,
  )
  return [
    ...(killed !== undefined && killed !== 'never' && killed.value === true
      ? ['while all is switched off']
      : []),
    ...(suspended !== undefined && suspended !== 'never' && suspended.value === true
      ? ['of a suspended merchant']
      : []),
  ]
}

const faultsOf = (evidence: Evidence, message: Item): string[] => {
  const { user, merchantId, sceneId } = message
  const grantedAtMs = numberIn(message, 'createdAtMs')
  const isBound = isPromotion(evidence, sceneId)
  const taken = evidence.taken.filter(
    ({ collapseId, by }) => collapseId === message['messageId'] || by.includes(String(message['messageId'])),
  )
  return [
    ...preferenceFaults(evidence, user, merchantId, grantedAtMs),
    ...blockFault(evidence, user, merchantId, grantedAtMs),
    ...operatorFaults(evidence, merchantId, grantedAtMs),
    ...(isBound && !isLawfulHour(grantedAtMs) ? ['granted outside the open hours'] : []),
    ...(isBound ? complaintFault(evidence, user, merchantId, grantedAtMs) : []),
    ...(isBound ? zoneFault(evidence, user, grantedAtMs) : []),
    ...taken.flatMap(({ channel, atMs, to }) => [
      ...consentFault(evidence, user, merchantId, channel, atMs).map((fault) => `sent ${fault}`),
      ...(channel === 'sms' ? numberFaults(evidence, message, to, atMs) : []).map((fault) => `sent ${fault}`),
      ...(channel === 'sms' ? stopFaults(evidence, message, to, atMs) : []).map((fault) => `sent ${fault}`),
      ...(isBound && !isLawfulHour(atMs - GRACE_MS) ? ['sent outside the open hours'] : []),
    ]),
  ]
}

/** Positions that were kept though they were surely not to be. */
const positionFaults = (evidence: Evidence): string[] => {
  const choices = Map.groupBy(
    requestsOn(evidence, 'PUT /v1/me/consents/location').filter(isDone),
    ({ call }) => userIdOf(call.as),
  )
  return (evidence.writes ?? []).flatMap(({ table, after, atMs, pk }) => {
    if (table !== 'presence' || after?.['kind'] !== 'presence') return []
    const user = String(pk).slice('U#'.length)
    const own = [...choices].find(([id]) => id === user)?.[1] ?? []
    const chosen = chosenAt(
      own.map((request) => choiceOf('granted', request)),
      atMs,
      0,
    )
    return chosen !== undefined && chosen !== 'never' && chosen.value === false
      ? [`${user}, ${new Date(atMs).toISOString()}: a position was kept without consent`]
      : []
  })
}

/**
 * I5: nothing is promoted without consent, at a forbidden hour, to who is blocked, or over an open complaint; nor are
 * positions kept without consent.
 */
export const checkLawful: Check = (evidence) => [...positionFaults(evidence), ...messageFaults(evidence)]

const messageFaults: Check = (evidence) =>
  everOf(evidence, 'ledger', 'message')
    .filter(({ grantId }) => grantId !== undefined)
    .flatMap((message) => {
      const { messageId, user, createdAtMs } = message
      const at = new Date(Number(createdAtMs)).toISOString()
      return faultsOf(evidence, message).map((fault) => `${messageId} to ${user}, ${at}: ${fault}`)
    })
