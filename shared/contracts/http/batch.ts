import * as z from 'zod'
import { clearMessage } from '#shared/contracts/http/clear-message.ts'
import { MAX_PROBLEM_ERRORS, problemErrorSchema } from '#shared/contracts/http/problem.ts'

/**
 * One item of a batch as it came, beside what it parses to or what is wrong with it: a bad one does not keep the others from
 * being taken. The OpenAPI document shows `item` in its place (`scripts/openapi/convert-schemas.ts`).
 *
 * @example z.array(batched(appEventSchema)) // each `{ sent, success: true, data }` or `{ sent, success: false, error }`
 */
export const batched = <S extends z.ZodType>(item: S) =>
  z.unknown().transform((sent) => ({ sent, ...item.safeParse(sent, { error: clearMessage }) }))

/** Which item of a batch of at most `max` is refused, and for what. */
export const refusedItem = (max: number) => ({
  index: z
    .int()
    .min(0)
    .max(max - 1)
    .describe('Its place in the batch.'),
  errors: z
    .array(problemErrorSchema)
    .min(1)
    .max(MAX_PROBLEM_ERRORS)
    .describe('What is wrong with it, by pointers into the request.'),
})
