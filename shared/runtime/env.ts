import * as z from 'zod'

/**
 * Reads a function's environment once, at cold start.
 *
 * @throws {Error} naming every variable that is missing or malformed
 * @example const env = parseEnv(matchPingsEnv, process.env)
 */
export const parseEnv = <S extends z.ZodType>(schema: S, source: NodeJS.ProcessEnv): z.output<S> => {
  const parsed = schema.safeParse(source)
  if (parsed.success) return parsed.data
  throw new Error(`environment: ${z.prettifyError(parsed.error)}`, { cause: parsed.error })
}

/** A positive whole number from an environment variable. */
export const envCount = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'a positive whole number')
  .transform(Number)

/** US dollars, written with a point. */
export const envUsd = z
  .string()
  .regex(/^\d{1,2}(\.\d{1,8})?$/)
  .transform(Number)
