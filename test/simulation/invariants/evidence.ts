import type { UserId } from '#shared/domain/ids.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import type { Item } from '#test/simulation/store/evaluate.ts'
import type { Write } from '#test/simulation/store/memory-tables.ts'
import type { Chronicle, Request } from '#test/simulation/town/chronicle.ts'
import type { History, StepKind, StepOf } from '#test/simulation/town/steps.ts'
import type { Taken } from '#test/simulation/world/phones.ts'

export type TableName = 'catalog' | 'presence' | 'ledger'

/** What is left of a run: what the town asked and heard, what the platform holds, what the phones got. */
export type Evidence = {
  readonly history: History
  readonly chronicle: Chronicle
  readonly items: Readonly<Record<TableName, readonly Item[]>>
  /** Everything that was ever written, in order; undefined where nobody could see it. */
  readonly writes: readonly Write[] | undefined
  readonly taken: readonly Taken[]
  readonly logs: readonly string[]
  readonly endMs: number
  readonly caps: { readonly platformPerDay: number; readonly merchantPerDay: number }
}

export const INVARIANTS = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9', 'I10', 'I11'] as const
export type Invariant = (typeof INVARIANTS)[number]

/** `answered`: no request is left without an answer for ever, nor does the town ask what the API does not know. */
export type Violation = { readonly invariant: Invariant | 'answered'; readonly detail: string }

/** Looks whether an invariant held; says where it did not. */
export type Check = (evidence: Evidence) => readonly string[]

export const isDone = ({ answer }: Request): boolean => answer.status >= 200 && answer.status < 300

/** The requests on a route, in the order in which they were answered. */
export const requestsOn = ({ chronicle }: Evidence, route: string): Request[] =>
  chronicle.requests.filter(({ call }) => call.route === route)

/** Customers who asked to be forgotten, whatever came of it. */
export const erasedUsers = (evidence: Evidence): ReadonlySet<UserId> =>
  new Set(requestsOn(evidence, 'DELETE /v1/me').map(({ call }) => userIdOf(call.as)))

export const stepsOf = <K extends StepKind>({ history }: Evidence, kind: K): StepOf<K>[] =>
  history.filter((step): step is StepOf<K> => step.kind === kind)

/**
 * Every item of a kind that there ever was, as it was last: what was erased, too, where the writes are known.
 */
export const everOf = ({ items, writes }: Evidence, table: TableName, kind: string): Item[] => {
  if (writes === undefined) return items[table].filter((item) => item['kind'] === kind)
  const last = new Map<string, Item>()
  for (const write of writes) {
    if (write.table !== table || write.after?.['kind'] !== kind) continue
    last.set(`${write.pk}\n${write.sk}`, write.after)
  }
  return [...last.values()]
}

export const numberIn = (item: Item, name: string): number => Number(item[name] ?? 0)
