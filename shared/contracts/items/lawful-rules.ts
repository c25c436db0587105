import * as z from 'zod'
import { weeklyRangesSchema } from '#shared/contracts/http/scenes.ts'
import type { Item } from '#shared/contracts/items/ledger.ts'

/** In the Catalog: all rules in one item, so that whoever reads it has all of them or none. */
export const lawfulRulesKey = { pk: 'PLATFORM', sk: 'LAWFUL_HOURS' }

/** With the longest source and hours they take 250 kB of the 400 that an item may have. */
export const MAX_LAWFUL_RULES = 100
export const MAX_RULE_HOURS = 14
export const MAX_RULE_SOURCE = 500

const rule = z.object({
  country: z.string().length(2),
  subdivision: z.string().max(3).exactOptional(),
  hours: z.array(weeklyRangesSchema.element).max(MAX_RULE_HOURS),
  holidays: z.enum(['france', 'unitedStates']).exactOptional(),
  source: z.string().max(MAX_RULE_SOURCE),
  /** The version of the list that brought the rule as it is. */
  revision: z.number(),
  changedAt: z.string(),
})
const lawfulRules = z.object({ version: z.number(), rules: z.array(rule).max(MAX_LAWFUL_RULES) })

/** A rule that the operator has added, and where that is written. */
export type StoredLawfulRule = z.output<typeof rule>
export type LawfulRules = z.output<typeof lawfulRules>

export const lawfulRulesItem = (rules: LawfulRules): Item => ({
  ...lawfulRulesKey,
  kind: 'lawfulRules',
  ...rules,
})

/** Reads the list; `unreadable` when it is missing, has another form or is older than the state says that it is. */
export const parseLawfulRules = (item: Item | undefined, version: number): LawfulRules | 'unreadable' => {
  const { data } = lawfulRules.safeParse(item)
  return data === undefined || data.version < version ? 'unreadable' : data
}
