import type { Fix } from '#shared/domain/presence/fix.ts'
import type { Answer, Call } from '#test/simulation/town/host.ts'

/** A request from its first try to its last answer. */
export type Request = {
  readonly step: string
  readonly call: Call
  readonly sentAtMs: number
  readonly answeredAtMs: number
  readonly answer: Answer
  /** How often it was sent. */
  readonly tries: number
}

/** A fix as its phone knows it: whether the platform has taken it, ignored it, or cannot have told. */
export type SentFix = {
  readonly subject: string
  readonly fix: Fix
  readonly fate: 'taken' | 'ignored' | 'unclear'
  readonly answeredAtMs: number
}

/** What the people of the town know, beside what the platform has stored. */
export type Chronicle = {
  readonly requests: Request[]
  readonly fixes: SentFix[]
  /** Ids of what merchants own, by merchant; see `Owned`. */
  readonly merchants: Map<number, Owned>
  /** Requests that were never answered, however often they were sent, or not understood. */
  readonly stuck: string[]
}

export type Owned = {
  readonly subject: string
  readonly merchantId: string
  readonly geofences: Map<number, string>
  readonly offers: Map<number, string>
  readonly scenes: Map<number, { readonly id: string; readonly body: Record<string, unknown> }>
}

export const createChronicle = (): Chronicle => ({
  requests: [],
  fixes: [],
  merchants: new Map(),
  stuck: [],
})

export const customerName = (customer: number): string => `customer ${customer}`
export const merchantName = (merchant: number): string => `merchant ${merchant}`
