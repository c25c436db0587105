import * as z from 'zod'
import type { Item } from '#shared/contracts/items/ledger.ts'

const suspension = z.object({
  at: z.string(),
  reason: z.string().default(''),
  appeal: z.object({ state: z.enum(['open', 'rejected']), text: z.string(), at: z.string() }).exactOptional(),
})
/** Why and since when the operator has silenced a merchant, and what the merchant says to it. */
export type Suspension = z.output<typeof suspension>

/** Reads the suspension off a merchant's VERSION item: there deciding looks each time, so it counts at once. */
export const parseSuspension = (item: Item | undefined): Suspension | undefined =>
  item?.['suspended'] === undefined ? undefined : suspension.parse(item['suspended'])
