import type { Example } from '#scripts/openapi/example.ts'

/** The examples of all operations, by operation id. */
export const EXAMPLES: Readonly<Record<string, Example>> = {}
