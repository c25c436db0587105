/** A route that fits a request, and what its `{parameters}` stand for. */
export type RouteMatch<R> = { route: R; pathParameters: Record<string, string> }

type Segment =
  | { kind: 'literal'; text: string }
  | { kind: 'parameter'; name: string }
  | { kind: 'greedy'; name: string }
type Compiled<R> = { route: R; method: string; segments: Segment[]; rank: string }

/**
 * Finds routes for a path as it was sent (percent-encoded), as an HTTP API does: literal segments before parameters, parameters before `{proxy+}`, `$default` last;
 * a route for the method before one for ANY.
 *
 * @throws {URIError} by the function it returns, when the path is malformed
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 * @example
 * const find = createRouter([{ routeKey: 'POST /v1/merchants/{merchantId}/geofences:contains' }])
 * find('POST', '/v1/merchants/mer_1/geofences:contains')?.pathParameters // { merchantId: 'mer_1' }
 */
export const createRouter = <R extends { routeKey: string }>(
  routes: readonly R[],
): ((method: string, path: string) => RouteMatch<R> | undefined) => {
  const compiled = routes
    .filter(({ routeKey }) => routeKey !== '$default')
    .map(compile)
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
  const otherwise = routes.find(({ routeKey }) => routeKey === '$default')
  return (method, path) => {
    const parts = path.split('/').slice(1).map(decodeURIComponent)
    for (const candidate of compiled) {
      if (candidate.method !== method && candidate.method !== 'ANY') continue
      const pathParameters = fit(candidate.segments, parts)
      if (pathParameters !== undefined) return { route: candidate.route, pathParameters }
    }
    return otherwise === undefined ? undefined : { route: otherwise, pathParameters: {} }
  }
}

const compile = <R extends { routeKey: string }>(route: R): Compiled<R> => {
  const [method = '', path = ''] = route.routeKey.split(' ')
  const segments = path.split('/').slice(1).map(segmentOf)
  const rank = segments.map(({ kind }) => ({ literal: '0', parameter: '1', greedy: '2' })[kind]).join('')
  return { route, method, segments, rank: `${rank}${method === 'ANY' ? '9' : ''}` }
}

const segmentOf = (text: string): Segment => {
  const [, name, plus] = /^\{([^}+]+)(\+?)\}$/.exec(text) ?? []
  if (name === undefined) return { kind: 'literal', text }
  return { kind: plus === '+' ? 'greedy' : 'parameter', name }
}

const fit = (segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined => {
  const parameters: Record<string, string> = {}
  for (const [at, segment] of segments.entries()) {
    const part = parts[at]
    if (part === undefined || part === '') return undefined
    if (segment.kind === 'greedy') return { ...parameters, [segment.name]: parts.slice(at).join('/') }
    if (segment.kind === 'parameter') parameters[segment.name] = part
    else if (segment.text !== part) return undefined
  }
  return segments.length === parts.length ? parameters : undefined
}
