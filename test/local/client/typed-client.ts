import { join } from 'node:path'
import type { Api } from '#client/api.ts'
import { writeClient } from '#scripts/openapi/client.ts'

export const CLIENT_FILE = join(import.meta.dirname, '../../../.beckon/client/api.ts')

/** The API as its document describes it, for the holder of one token. */
export type TypedClient = Api<unknown>

/** What a refused request throws. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number

  constructor(url: string, status: number, body: string) {
    super(`${url} was answered ${status}: ${body.slice(0, 500)}`)
    this.status = status
  }
}

const fetchOrThrow: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init)
  if (!answer.ok) throw new Refused(String(input), answer.status, await answer.text())
  return answer
}

/**
 * Makes the typed client from today's document, and loads it.
 *
 * @example
 * const clientOf = await loadClient(cloud.url)
 * const { data } = await clientOf(token).merchants.createMerchant({ name: 'Blue Door' })
 */
export const loadClient = async (baseUrl: string): Promise<(token: string) => TypedClient> => {
  await writeClient(CLIENT_FILE)
  const { Api } = await import('#client/api.ts')
  return (token) =>
    new Api<unknown>({
      baseUrl,
      baseApiParams: { headers: { authorization: `Bearer ${token}` }, format: 'json' },
      customFetch: fetchOrThrow,
    })
}
