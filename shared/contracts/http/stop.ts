import * as z from 'zod'

/** The code of an opt-out link; a wrong one is answered like a right one. */
export const stopPathSchema = z.strictObject({ code: z.string().max(64).describe('What the link ends in.') })

/** `POST /v1/stop/{code}`: opts out, or takes that back. */
export const stopRequestSchema = z.strictObject({
  word: z
    .literal('start')
    .exactOptional()
    .describe('Takes the opt-out back; without it the customer opts out.'),
})
