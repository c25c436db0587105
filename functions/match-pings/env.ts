import * as z from 'zod'
import type { HttpVariables } from '#shared/runtime/http/caller.ts'

export const matchPingsEnv = z.object({
  CATALOG_TABLE: z.string().min(3),
  PRESENCE_TABLE: z.string().min(3),
})
export type MatchPingsEnv = z.input<typeof matchPingsEnv> & HttpVariables
