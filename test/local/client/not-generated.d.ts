type Config = { readonly baseUrl: string; readonly baseApiParams: object; readonly customFetch: typeof fetch }

/**
 * In the place of the generated client (scripts/openapi/client.ts) where types are checked before it is there. What the
 * end-to-end tests do with it is checked against the client itself, by typed-client.test.ts.
 */
export class Api<Token> {
  readonly token: Token
  constructor(config: Config)
  // biome-ignore-start lint/suspicious/noExplicitAny: nothing is known of it here
  readonly customers: any
  readonly merchants: any
  readonly tills: any
  readonly operators: any
  readonly public: any
  // biome-ignore-end lint/suspicious/noExplicitAny: nothing is known of it here
}
