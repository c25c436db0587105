/**
 * An example of an operation: a request that a test sends to the real handlers in the example world
 * (test/openapi/example-world.ts), and what is answered. Ids and times that the answer makes up may be any.
 */
export type Example = {
  /** Of path parameters that are not the example world's own ids. */
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly response?: unknown
}
