import { userIdOf } from '#shared/runtime/ids.ts'
import {
  type Check,
  type Evidence,
  everOf,
  isDone,
  numberIn,
  requestsOn,
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
): { readonly value: unknown } | 'never' | undefined => {
  if (choices.some(({ sentAtMs, answeredAtMs }) => sentAtMs <= atMs && atMs <= answeredAtMs + GRACE_MS))
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
    ...taken.flatMap(({ channel, atMs }) => [
      ...consentFault(evidence, user, merchantId, channel, atMs).map((fault) => `sent ${fault}`),
      ...(isBound && !isLawfulHour(atMs - GRACE_MS) ? ['sent outside the open hours'] : []),
    ]),
  ]
}

/** I5: nothing is promoted without consent, at a forbidden hour, to who is blocked, or over an open complaint. */
export const checkLawful: Check = (evidence) =>
  everOf(evidence, 'ledger', 'message')
    .filter(({ grantId }) => grantId !== undefined)
    .flatMap((message) => {
      const { messageId, user, createdAtMs } = message
      const at = new Date(Number(createdAtMs)).toISOString()
      return faultsOf(evidence, message).map((fault) => `${messageId} to ${user}, ${at}: ${fault}`)
    })
