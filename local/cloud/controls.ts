import type { IncomingMessage } from 'node:http'
import * as z from 'zod'
import type { HttpAnswer } from '#local/cloud/api/http-event.ts'
import { readBody } from '#local/cloud/http-server.ts'
import type { RunningCloud } from '#local/cloud/run-cloud.ts'

const MAX_BODY_BYTES = 65_536

const time = z.union(
  [z.int().min(0), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))],
  'a time is needed: RFC 3339 as 2026-05-04T12:00:00Z, or milliseconds since 1970',
)
const clockWish = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('wall') }),
  z.strictObject({ kind: z.literal('virtual'), at: time }),
])
const advanceWish = z.strictObject({ to: time })
const tokenWish = z.strictObject({
  sub: z.string('a name is needed, e.g. "maria"').min(1).max(128),
  scopes: z.array(z.string().min(1).max(128), 'a list is needed, e.g. ["customer"]').min(1).max(20),
  expiresInS: z.int().max(86_400).optional(),
})

const smsAnswer = z.strictObject({ phoneNumber: z.string().max(16), text: z.string().max(1600) })

type Control = (cloud: RunningCloud, body: unknown, query: URLSearchParams) => Promise<object> | object

const clockNow = ({ clock }: RunningCloud) => ({
  kind: clock.setting().kind,
  atMs: clock.nowMs(),
  at: new Date(clock.nowMs()).toISOString(),
})

const CONTROLS: Record<string, Control> = {
  'GET /_local/health': (cloud) => ({
    status: 'ready',
    pid: process.pid,
    url: cloud.url,
    engine: cloud.engine,
    endpoints: cloud.endpoints,
    tables: Object.fromEntries(cloud.plan.tables.map(({ logicalId, name }) => [logicalId, name])),
    queues: Object.fromEntries(cloud.plan.queues.map(({ logicalId, url }) => [logicalId, url])),
    clock: clockNow(cloud),
  }),
  'GET /_local/clock': clockNow,
  'POST /_local/clock': (cloud, body) => {
    const wish = clockWish.parse(body)
    if (wish.kind === 'wall') cloud.clock.setWall()
    else cloud.clock.setVirtual(wish.at)
    return clockNow(cloud)
  },
  'POST /_local/advance': (cloud, body) => cloud.advanceTo(advanceWish.parse(body).to),
  'POST /_local/drain': (cloud) => cloud.drain(),
  'POST /_local/tokens': async (cloud, body) => {
    const { sub, scopes, expiresInS } = tokenWish.parse(body)
    return { token: await cloud.issueToken({ sub, scopes, ...(expiresInS !== undefined && { expiresInS }) }) }
  },
  'GET /_local/phones': (cloud, _body, query) => {
    const after = Number(query.get('after') ?? 0)
    return { messages: cloud.phones.received().filter(({ seq }) => seq > after) }
  },
  'POST /_local/sms-answers': async (cloud, body) => {
    const { phoneNumber, text } = smsAnswer.parse(body)
    await cloud.answerSms(phoneNumber, text)
    return {}
  },
  'GET /_local/stats': (cloud) => cloud.stats(),
}

/** All faults in one line, each with the member that it is about. */
const faultsOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => [...path.map(String), message].join(': ')).join('; ')

/** The controls of the local cloud itself, for other processes, beside the API on the same port. */
export const answerControl = async (
  cloud: RunningCloud,
  request: IncomingMessage,
  url: URL,
): Promise<HttpAnswer> => {
  const control = CONTROLS[`${request.method} ${url.pathname}`]
  if (control === undefined) return answer(404, { message: `there is ${Object.keys(CONTROLS).join(', ')}` })
  try {
    const body = (await readBody(request, MAX_BODY_BYTES)).toString()
    return answer(200, await control(cloud, body === '' ? {} : JSON.parse(body), url.searchParams))
  } catch (error) {
    if (error instanceof z.ZodError) return answer(400, { message: faultsOf(error) })
    return answer(400, { message: error instanceof Error ? error.message : String(error) })
  }
}

const answer = (status: number, body: object): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
