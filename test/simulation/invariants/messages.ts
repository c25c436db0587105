import {
  type Check,
  type Evidence,
  erasedUsers,
  everOf,
  numberIn,
  stepsOf,
} from '#test/simulation/invariants/evidence.ts'
import type { Item } from '#test/simulation/store/evaluate.ts'
import type { Taken } from '#test/simulation/world/phones.ts'

const DAY_MS = 86_400_000
const FINAL = new Set(['sent', 'failed', 'expired', 'unknown'])

const outcomesOf = (trace: Item): readonly Record<string, unknown>[] => {
  const outcomes = trace['outcomes']
  return Array.isArray(outcomes) ? outcomes : []
}

const repeated = (names: readonly string[]): string[] => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].filter(([, count]) => count > 1).map(([name, count]) => `${name}: ${count} times`)
}

/** How often each grant was given: where the writes are known, over one that there was already, too. */
const givenOf = (evidence: Evidence): Item[] => {
  const { writes } = evidence
  if (writes === undefined) return everOf(evidence, 'ledger', 'grant')
  return writes.flatMap(({ after, before }) =>
    after?.['kind'] === 'grant' && before?.['grantedAt'] !== after['grantedAt'] ? [after] : [],
  )
}

/** I3: one message for a scene, a customer and an occasion. */
export const checkOnce: Check = (evidence) => [
  ...repeated(
    givenOf(evidence).map(({ user, sceneId, occasion }) => `${user} ${sceneId} ${occasion} granted`),
  ),
  ...repeated(
    everOf(evidence, 'ledger', 'trace').flatMap((trace) =>
      outcomesOf(trace)
        .filter(({ result }) => result === 'granted')
        .map(({ sceneId, occasion }) => `${trace['user']} ${sceneId} ${occasion} explained as granted`),
    ),
  ),
]

type Cap = { readonly name: string; readonly max: number; readonly windowMs: number }

const exceeded = (messages: readonly Item[], { name, max, windowMs }: Cap): string[] => {
  const times = messages.map((message) => numberIn(message, 'createdAtMs')).toSorted((a, b) => a - b)
  const worst = Math.max(
    0,
    ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length),
  )
  return worst > max ? [`${worst} messages of ${name}, at most ${max}`] : []
}

/** I4: no window of time holds more messages than a cap allows. */
export const checkCapped: Check = (evidence) => {
  // What did not go out has given its place back.
  const messages = everOf(evidence, 'ledger', 'message').filter(
    ({ state, grantId }) => grantId !== undefined && (state === 'sent' || state === 'unknown'),
  )
  const { platformPerDay, merchantPerDay } = evidence.caps
  const strict = new Set(
    stepsOf(evidence, 'openShop')
      .filter(({ caps }) => caps)
      .map(({ merchant }) => evidence.chronicle.merchants.get(merchant)?.merchantId),
  )
  const coolDowns = new Map(
    stepsOf(evidence, 'scene').map(({ merchant, scene, coolDownS }) => [
      evidence.chronicle.merchants.get(merchant)?.scenes.get(scene)?.id,
      coolDownS,
    ]),
  )
  const byUser = [...Map.groupBy(messages, ({ user }) => String(user))]
  return byUser.flatMap(([user, own]) => [
    ...exceeded(own, { name: `the platform to ${user} in a day`, max: platformPerDay, windowMs: DAY_MS }),
    ...[...Map.groupBy(own, ({ merchantId }) => String(merchantId))].flatMap(([merchant, of]) => {
      const max = strict.has(merchant) ? 1 : merchantPerDay
      return exceeded(of, { name: `${merchant} to ${user} in a day`, max, windowMs: DAY_MS })
    }),
    ...[...Map.groupBy(own, ({ sceneId }) => String(sceneId))].flatMap(([scene, of]) => {
      const windowMs = (coolDowns.get(scene) ?? 0) * 1000
      return windowMs === 0
        ? []
        : exceeded(of, { name: `${scene} to ${user} while it cools down`, max: 1, windowMs })
    }),
  ])
}

/** The message that a publish was for. */
const messageOf = ({ collapseId, by }: Taken): string | undefined =>
  collapseId ?? /msg_[0-9A-Z]{26}/.exec(by)?.[0]

/** I8: every message ends; an SMS goes out once; a repeated push replaces itself. */
export const checkDelivered: Check = (evidence) => {
  const { writes } = evidence
  const erased = erasedUsers(evidence)
  const messages = new Map(
    everOf(evidence, 'ledger', 'message').map((message) => [String(message['messageId']), message]),
  )
  const open = evidence.items.ledger
    .filter(({ kind, state }) => kind === 'message' && !FINAL.has(String(state)))
    .map(({ messageId, state, channel }) => `${messageId} (${channel}) never ended: ${state}`)
  const byMessage = Map.groupBy(evidence.taken, (taken) => messageOf(taken) ?? `nobody's: ${taken.by}`)
  const wrong = [...byMessage].flatMap(([messageId, taken]) => {
    const message = messages.get(messageId)
    // Where nobody sees who publishes, an SMS does not say which message it is; nor is one known that was erased.
    if (message === undefined)
      return writes === undefined ? [] : [`SNS took ${messageId}, which nobody knows`]
    const channels = new Set(taken.map(({ channel }) => channel))
    const state = String(message['state'])
    const isErased = [...erased].some((user) => user === message['user'])
    return [
      ...(channels.has('sms') && taken.length > 1
        ? [`${messageId} went out ${taken.length} times, as ${[...channels].join(' and ')}`]
        : []),
      ...(new Set(taken.map(({ to }) => to)).size > 1 ? [`${messageId} went to several phones`] : []),
      ...(isErased || state === 'sent' || state === 'unknown'
        ? []
        : [`${messageId} was taken by SNS and is ${state}`]),
    ]
  })
  return [...open, ...wrong]
}
