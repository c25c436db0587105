import type { HttpAnswer } from '#local/cloud/api/http-event.ts'
import type { CorsPlan } from '#local/cloud/template/cloud-plan.ts'

type Asked = { readonly method: string; readonly headers: Readonly<Record<string, unknown>> }

const listed = (names: readonly string[]): string => names.join(',')

const allowedOrigin = (cors: CorsPlan | undefined, { headers }: Asked): string | undefined => {
  const origin = headers['origin']
  if (cors === undefined || typeof origin !== 'string') return undefined
  return cors.origins.includes('*') || cors.origins.includes(origin) ? origin : undefined
}

/**
 * The answer to a preflight request, which API Gateway gives by itself where CORS is configured: 204, and the headers only
 * to an origin that may.
 *
 * @returns undefined for what is none
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 */
export const preflightAnswer = (cors: CorsPlan | undefined, asked: Asked): HttpAnswer | undefined => {
  const isPreflight = asked.method === 'OPTIONS' && 'access-control-request-method' in asked.headers
  if (cors === undefined || !isPreflight) return undefined
  const origin = allowedOrigin(cors, asked)
  const headers = {
    ...(origin !== undefined && {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': listed(cors.methods),
      'access-control-allow-headers': listed(cors.headers),
      ...(cors.maxAgeS !== undefined && { 'access-control-max-age': String(cors.maxAgeS) }),
    }),
  }
  return { status: 204, headers, body: '' }
}

/** What API Gateway adds to every answer for a page of an origin that may; what the function says of it is replaced. */
export const withCors = (cors: CorsPlan | undefined, asked: Asked, answer: HttpAnswer): HttpAnswer => {
  const origin = allowedOrigin(cors, asked)
  if (cors === undefined || origin === undefined) return answer
  const headers = {
    ...answer.headers,
    'access-control-allow-origin': origin,
    'access-control-expose-headers': listed(cors.exposed),
  }
  return { ...answer, headers }
}
