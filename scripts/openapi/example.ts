/**
 * An example of an operation: a request, which a test sends to the real handlers at 2026-11-22T10:00:00Z. Ids in it are
 * those of `EXAMPLE_IDS`. What is answered, `npm run openapi:record` writes to `scripts/openapi/answers`.
 */
export type Example = {
  /** Operations whose examples are sent before, beside those that make what the path names; or other scenery. */
  readonly given?: readonly string[]
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export type Examples = Readonly<Record<string, Example>>
