/** A request that was not answered 2xx. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number

  constructor(method: string, path: string, status: number, body: string) {
    super(`${method} ${path} was answered ${status}: ${body.slice(0, 500)}`)
    this.status = status
  }
}

export type ApiClient = {
  readonly token: (subject: string, scopes: readonly string[]) => Promise<string>
  readonly get: <T>(path: string, token?: string) => Promise<T>
  readonly post: <T>(path: string, body: object, token?: string) => Promise<T>
  readonly put: <T>(path: string, body: object, token: string) => Promise<T>
  /** All items of a list, page after page; at most 20,000. */
  readonly list: (path: string, token: string) => Promise<Named[]>
  /** The id of the item with this name: found, or else made, so that doing it again changes nothing. */
  readonly findOrCreate: (path: string, body: { readonly name: string }, token: string) => Promise<string>
}

export type Named = { readonly id: string; readonly name: string }
type Page = { readonly items: readonly Named[]; readonly next?: string }

const REQUEST_TIMEOUT_MS = 120_000
const MAX_PAGES = 200

/**
 * Talks to the HTTP API, and to the local cloud's own controls under `/_local/`.
 *
 * @param url where the local cloud listens
 */
export const createApiClient = (url: string): ApiClient => {
  const request = async <T>(method: string, path: string, body?: object, token?: string): Promise<T> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    const text = await response.text()
    if (!response.ok) throw new ApiError(method, path, response.status, text)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }
  const list = async (path: string, token: string): Promise<Named[]> => {
    const all: Named[] = []
    let cursor: string | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { items, next } = await request<Page>('GET', `${path}?limit=100${query}`, undefined, token)
      all.push(...items)
      cursor = next
      if (cursor === undefined) return all
    }
    throw new Error(`more than ${MAX_PAGES} pages of ${path}`)
  }
  return {
    list,
    findOrCreate: async (path, body, token) => {
      const found = (await list(path, token)).find(({ name }) => name === body.name)
      return found?.id ?? (await request<Named>('POST', path, body, token)).id
    },
    get: (path, token) => request('GET', path, undefined, token),
    post: (path, body, token) => request('POST', path, body, token),
    put: (path, body, token) => request('PUT', path, body, token),
    token: async (sub, scopes) =>
      (await request<{ token: string }>('POST', '/_local/tokens', { sub, scopes, expiresInS: 86_400 })).token,
  }
}
