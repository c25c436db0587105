import { triggersOfEvent, triggersOfNews } from '#functions/decide-offers/triggers-of.ts'
import { parseScene } from '#shared/contracts/items/catalog.ts'
import { decisionIdOf } from '#shared/contracts/items/decision.ts'
import { ledgerTrigger } from '#shared/contracts/items/ledger.ts'
import { parsePresenceNews } from '#shared/contracts/items/presence.ts'
import { candidatesOf } from '#shared/domain/scenes/candidate.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import type { Trigger } from '#shared/domain/scenes/trigger.ts'
import { type Check, type Evidence, erasedUsers, everOf } from '#test/simulation/invariants/evidence.ts'
import type { Write } from '#test/simulation/store/memory-tables.ts'

/** How long a decision may take, when all goes wrong. */
const DECIDED_MS = 12 * 3_600_000
const SEEN_MS = 60_000

type Told = { readonly atMs: number; readonly triggers: readonly Trigger[] }

/** The triggers that were stored together, and so are decided together. */
const toldIn = ({ table, after, atMs }: Write): Told[] => {
  if (after === undefined) return []
  if (table === 'presence' && after['news'] === 'yes') {
    const triggers = triggersOfNews(parsePresenceNews(after))
    return triggers.length === 0 ? [] : [{ atMs, triggers }]
  }
  return []
}

const eventsTold = (evidence: Evidence): Told[] =>
  everOf(evidence, 'ledger', 'event').flatMap((item) => {
    const parsed = ledgerTrigger.safeParse(item)
    if (!parsed.success) return []
    const receivedAt = item['receivedAt']
    const triggers = triggersOfEvent(parsed.data)
    const atMs = typeof receivedAt === 'string' ? Date.parse(receivedAt) : triggers[0]?.atMs
    return atMs === undefined ? [] : [{ atMs, triggers }]
  })

/** Scenes that stood unchanged while the triggers were decided. */
const scenesAround = ({ items, writes }: Evidence, atMs: number): Scene[] =>
  items.catalog
    .filter(({ kind }) => kind === 'scene')
    .map(parseScene)
    .filter(({ id, updatedAt, createdAt }) => {
      const isChanging = (writes ?? []).some(
        (write) =>
          write.table === 'catalog' &&
          (write.after ?? write.before)?.['kind'] === 'scene' &&
          (write.after ?? write.before)?.['id'] === id &&
          write.atMs > atMs - SEEN_MS &&
          write.atMs < atMs + DECIDED_MS,
      )
      const changedAtMs = Date.parse(writes === undefined ? updatedAt : createdAt)
      return !isChanging && changedAtMs < atMs - SEEN_MS
    })

/** I7: every trigger that reached a scene ends in a grant or in one reason. */
export const checkExplained: Check = (evidence) => {
  const erased = erasedUsers(evidence)
  const traces = everOf(evidence, 'ledger', 'trace')
  const explained = new Set(
    traces.flatMap(({ sk, outcomes }) => {
      const decision = /wrt_[0-9A-Z]{26}/.exec(String(sk))?.[0]
      return (Array.isArray(outcomes) ? outcomes : []).map(({ sceneId }) => `${decision} ${sceneId}`)
    }),
  )
  const told = [...(evidence.writes ?? []).flatMap(toldIn), ...eventsTold(evidence)]
  const missing = told
    .filter(
      ({ atMs, triggers }) =>
        atMs < evidence.endMs - DECIDED_MS && triggers.every(({ user }) => !erased.has(user)),
    )
    .flatMap(({ atMs, triggers }) => {
      const [first] = triggers
      const decision = first && decisionIdOf(first.user, triggers)
      const reached = new Set(
        candidatesOf(scenesAround(evidence, atMs), triggers).map(({ scene }) => scene.id),
      )
      return [...reached]
        .filter((sceneId) => !explained.has(`${decision} ${sceneId}`))
        .map(
          (sceneId) =>
            `${decision} of ${first?.user}, ${new Date(atMs).toISOString()}: nothing says what became of ${sceneId}`,
        )
    })
  const grants = new Set(everOf(evidence, 'ledger', 'grant').map(({ messageId }) => String(messageId)))
  const unexplained = [...grants].filter(
    (messageId) => !traces.some((trace) => trace['messageId'] === messageId),
  )
  return [...missing, ...unexplained.map((messageId) => `no trace explains the grant of ${messageId}`)]
}
