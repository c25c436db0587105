/** How many requests somebody may make, and how many are left; what the headers say of it. */
export type ServiceLimit = {
  /** The policy's name, the same in both headers. */
  readonly policy: string
  /** So many requests … */
  readonly quota: number
  /** … in so many seconds. */
  readonly windowS: number
  readonly remaining: number
  /** In so many seconds there are more again. */
  readonly resetS: number
}

export const RATE_LIMIT = 'ratelimit'
export const RATE_LIMIT_POLICY = 'ratelimit-policy'

/** @example policyItem({ policy: 'caller', quota: 600, windowS: 60 }) // '"caller";q=600;w=60' */
export const policyItem = ({
  policy,
  quota,
  windowS,
}: Pick<ServiceLimit, 'policy' | 'quota' | 'windowS'>): string => `"${policy}";q=${quota};w=${windowS}`

/** @example limitItem({ policy: 'caller', remaining: 593, resetS: 41 }) // '"caller";r=593;t=41' */
export const limitItem = ({
  policy,
  remaining,
  resetS,
}: Pick<ServiceLimit, 'policy' | 'remaining' | 'resetS'>): string => `"${policy}";r=${remaining};t=${resetS}`

/** The headers of an answer to which a limit of its own applied; none without one. */
export const limitHeaders = (limit: ServiceLimit | undefined): Readonly<Record<string, string>> =>
  limit === undefined ? {} : { [RATE_LIMIT_POLICY]: policyItem(limit), [RATE_LIMIT]: limitItem(limit) }

type Headers = Readonly<Record<string, boolean | number | string>>

const joined = (name: string, items: readonly string[], headers: Headers): Headers => {
  const own = headers[name]
  const all = own === undefined ? items : [...items, own]
  return all.length === 0 ? {} : { [name]: all.join(', ') }
}

/**
 * Headers that say the limits of every answer beside those that the answer says already.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-11
 */
export const withLimits = (
  headers: Headers,
  policies: readonly string[],
  limits: readonly ServiceLimit[],
): Headers => ({
  ...headers,
  ...joined(RATE_LIMIT_POLICY, policies, headers),
  ...joined(RATE_LIMIT, limits.map(limitItem), headers),
})
