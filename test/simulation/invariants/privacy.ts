import { userIdOf } from '#shared/runtime/ids.ts'
import { type Check, type Evidence, erasedUsers, isDone } from '#test/simulation/invariants/evidence.ts'
import type { Owned, Request } from '#test/simulation/town/chronicle.ts'
import { told } from '#test/support/told-by.ts'

const idsOf = ({ merchantId, geofences, offers, scenes }: Owned): string[] => [
  merchantId,
  ...geofences.values(),
  ...offers.values(),
  ...[...scenes.values()].map(({ id }) => id),
]

const USER = /usr_[0-9A-Z]{26}/g

const memberOf = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined

/** Which merchant a customer's request is an act with; a redemption is the till's. */
const actedWith = ({ call, answer }: Request): string[] => {
  const ofPath = call.path?.['merchantId']
  if (call.route === 'PUT /v1/me/consents/sms/{merchantId}') return ofPath === undefined ? [] : [ofPath]
  if (call.route === 'POST /v1/events') {
    const events = memberOf(call.body, 'events')
    return Array.isArray(events) ? events.map((event) => String(memberOf(event, 'merchantId'))) : []
  }
  if (call.route === 'GET /v1/me/offers') {
    const items = memberOf(answer.body, 'items')
    return Array.isArray(items) ? items.map((item) => String(memberOf(item, 'merchantId'))) : []
  }
  return []
}

/** Who has acted with whom, before when. Whoever looked at its offers may have claimed or redeemed them. */
const actsOf = ({ chronicle }: Evidence): Set<string> =>
  new Set(
    chronicle.requests.flatMap((request) =>
      actedWith(request).map((merchantId) => `${userIdOf(request.call.as)} ${merchantId}`),
    ),
  )

/** Itself, and the operator, whose acts stand in its audit log. */
const knows = (subject: string, user: string): boolean =>
  user === userIdOf(subject) || user === userIdOf('operator')

const answerFaults = (evidence: Evidence): string[] => {
  const merchants = [...evidence.chronicle.merchants.values()]
  const acts = actsOf(evidence)
  return evidence.chronicle.requests
    .filter(({ call }) => call.as.startsWith('merchant'))
    .flatMap((request) => {
      const { call, answer } = request
      const text = JSON.stringify(answer.body ?? '')
      const own = merchants.find(({ subject }) => subject === call.as)
      const asked = JSON.stringify(call.path ?? {})
      const foreign = merchants
        .filter((owned) => owned !== own)
        .flatMap(idsOf)
        .filter((id) => text.includes(id) && !asked.includes(id))
      const isForeign =
        own !== undefined &&
        call.path?.['merchantId'] !== undefined &&
        call.path['merchantId'] !== own.merchantId
      const strangers = [...new Set(text.match(USER) ?? [])].filter(
        (user) => own !== undefined && !knows(call.as, user) && !acts.has(`${user} ${own.merchantId}`),
      )
      return [
        ...foreign.map((id) => `${call.as} read ${id} of another merchant by ${call.route}`),
        ...(isForeign && isDone(request)
          ? [`${call.as} was answered about another merchant by ${call.route}`]
          : []),
        ...strangers.map((user) => `${call.as} learnt of ${user}, who never acted with it, by ${call.route}`),
      ]
    })
}

const secretsOf = ({ chronicle }: Evidence): string[] =>
  chronicle.requests.flatMap(({ call }) => {
    const [number, token] = [memberOf(call.body, 'phoneNumber'), memberOf(call.body, 'token')]
    return [number, token].filter((value) => typeof value === 'string')
  })

const COORDINATE = /-?\d{1,3}\.\d{4,}/

const logFaults = (evidence: Evidence): string[] => {
  const secrets = [...new Set(secretsOf(evidence))]
  return evidence.logs.flatMap((line) => [
    ...secrets.filter((secret) => line.includes(secret)).map((secret) => `a log tells ${secret}`),
    ...(COORDINATE.test(line.replaceAll(/"(timestamp|sampling_rate)":\s*[^,]+/g, ''))
      ? [`a log may tell a coordinate: ${line.slice(0, 300)}`]
      : []),
  ])
}

/** I9: nobody reads of others' customers and configuration, and no log tells where or who somebody is. */
export const checkPrivate: Check = (evidence) => [...answerFaults(evidence), ...logFaults(evidence)]

/** I10: of whom asked to be forgotten only the tombstones are left. */
export const checkErased: Check = (evidence) => {
  const { items } = evidence
  return [...erasedUsers(evidence)].flatMap((user) =>
    (['catalog', 'presence', 'ledger'] as const).flatMap((table) =>
      told(items[table])
        .filter((item) => item['tombstone'] !== true && JSON.stringify(item).includes(user))
        .map(
          (item) =>
            `${table} still holds ${String(item['kind'])} ${String(item['pk'])} ${String(item['sk'])}`,
        ),
    ),
  )
}
