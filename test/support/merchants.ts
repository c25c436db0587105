import type { MemberRole } from '#shared/domain/merchants/merchant.ts'
import { nowMs } from '#shared/runtime/clock.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { callApi, type HttpAnswer, type HttpCall } from '#test/support/http-event.ts'

type Handler = Parameters<typeof callApi>[0]

/** Union Square, San Francisco. */
export const UNION_SQUARE = { lat: 37.788, lon: -122.4075 }

export const geofenceBody = (changes: Readonly<Record<string, unknown>> = {}) => ({
  name: 'Front door',
  geometry: { type: 'Point', coordinates: [UNION_SQUARE.lon, UNION_SQUARE.lat] },
  radiusM: 100,
  ...changes,
})

export const sceneBody = (changes: Readonly<Record<string, unknown>> = {}) => ({
  name: 'Hello',
  goal: 'visit',
  triggers: [{ type: 'enter' }],
  message: { push: { title: 'Hello', body: '{{ merchant.name }}: come in' }, ttlS: 3600 },
  ...changes,
})

export const offerBody = (changes: Readonly<Record<string, unknown>> = {}) => ({
  name: 'Free coffee',
  kind: 'gift',
  description: 'One cup, any size',
  stock: 10,
  validityS: 86_400,
  ...changes,
})

/** Creates something through the API and answers its body; throws with the problem when it is refused. */
export const created = async (
  handler: Handler,
  routeKey: string,
  call: HttpCall,
): Promise<HttpAnswer['body']> => {
  const answer = await callApi(handler, routeKey, call)
  if (answer.status !== 201) throw new Error(`${routeKey}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** A new merchant of `subject`. */
export const newMerchant = (
  handler: Handler,
  subject: string,
  name = 'Blue Door',
): Promise<HttpAnswer['body']> => created(handler, 'POST /v1/merchants', { subject, body: { name } })

/** Makes `subject` a member of a merchant, as its owner does it; an agency for a day. */
export const putMember = async (
  handler: Handler,
  owner: string,
  merchantId: string,
  subject: string,
  role: MemberRole,
): Promise<void> => {
  const until = new Date(nowMs() + 86_400_000).toISOString()
  const { status, body } = await callApi(handler, 'PUT /v1/merchants/{merchantId}/members/{userId}', {
    subject: owner,
    path: { merchantId, userId: userIdOf(subject) },
    body: { role, ...(role === 'agency' && { until }) },
  })
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`)
}
