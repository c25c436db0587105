import * as z from 'zod'
import type { Item } from '#shared/contracts/items/ledger.ts'

/** In the Ledger: send-messages reads it, too, and has no business in the Catalog. */
export const platformKey = { pk: 'PLATFORM', sk: 'STATE' }

const state = z.object({
  killed: z.boolean().default(false),
  /** Counts the changes of the zones. */
  zonesVersion: z.number().default(0),
  /** Counts the changes of `killed`. */
  killedVersion: z.number().default(0),
  /** Counts the changes of the rules that the operator adds to the lawful hours. */
  rulesVersion: z.number().default(0),
  killedReason: z.string().exactOptional(),
  changedAt: z.string().exactOptional(),
})
export type PlatformState = z.output<typeof state>

/** Reads the platform's state; where there is none, nothing is switched off. */
export const parsePlatformState = (item: Item | undefined): PlatformState => state.parse(item ?? {})
