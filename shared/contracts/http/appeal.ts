import * as z from 'zod'
import { instantSchema } from '#shared/contracts/http/primitives.ts'

/** How long an appeal may be, in characters. */
export const MAX_APPEAL = 1000

/** What was said against a block or a suspension. */
export const appealSchema = z.strictObject({
  state: z
    .enum(['open', 'rejected'])
    .describe('Whether it has been answered; an appeal that is accepted ends what it is against.'),
  text: z.string().max(MAX_APPEAL).describe('What is said against it.'),
  at: instantSchema.describe('When it was said.'),
})
