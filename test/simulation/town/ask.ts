import type { Chronicle, Request } from '#test/simulation/town/chronicle.ts'
import type { Answer, Call, Host, SmsAnswer } from '#test/simulation/town/host.ts'

/** Somebody in the town, during one step: asks, and asks again as the contract says. */
export type Client = {
  readonly host: Host
  readonly chronicle: Chronicle
  readonly step: string
  count: number
}

const MAX_TRIES = 60
const MAX_PAUSE_MS = 120_000

/** No answer, too many requests, a fault, or the same request under way: the same again, later. */
const isToRepeat = ({ status, body }: Answer): boolean =>
  status === 0 || status === 429 || status >= 500 || codeOf(body) === 'requestRunning'

/** The town speaks as the API says: what is refused as wrong tests nothing. */
const notUnderstood = (name: string, { call, answer }: Request): string =>
  `${call.route} of ${call.as} in ${name} was not understood: ${JSON.stringify(answer.body)}`

const codeOf = (body: unknown): unknown =>
  typeof body === 'object' && body !== null ? Reflect.get(body, 'code') : undefined

/** Sends until there is an answer that counts. */
const insist = async (
  { host, chronicle, step }: Client,
  name: string,
  call: Call,
  send: (key: string) => Promise<Answer>,
): Promise<Request> => {
  const sentAtMs = host.nowMs()
  if (host.random(`${name} twice`) < host.impatience) void send(`${name} twin`)
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const answer = await send(`${name} ${tries}`)
    if (!isToRepeat(answer)) {
      const done = { step, call, sentAtMs, answeredAtMs: host.nowMs(), answer, tries }
      chronicle.requests.push(done)
      if (answer.status === 400) chronicle.stuck.push(notUnderstood(name, done))
      return done
    }
    const pauseMs = Math.min(MAX_PAUSE_MS, 500 * 2 ** tries) * host.random(`${name} pause ${tries}`)
    await host.sleepUntil(host.nowMs() + pauseMs)
  }
  const answer = { status: 0, body: undefined }
  chronicle.stuck.push(`${call.route} of ${call.as} in ${step} was never answered`)
  return { step, call, sentAtMs, answeredAtMs: host.nowMs(), answer, tries: MAX_TRIES }
}

const nameNext = (client: Client): string => {
  client.count += 1
  return `${client.step}/${client.count}`
}

/**
 * Sends a request until there is an answer that counts. An impatient client sends it twice at once: the other answer
 * is lost on it.
 */
export const ask = (client: Client, call: Call): Promise<Request> => {
  const name = nameNext(client)
  const headers = { 'idempotency-key': name.replaceAll('/', '-'), ...call.headers }
  const request = { ...call, ...(call.route.startsWith('POST') && { headers }) }
  return insist(client, name, call, (key) => client.host.call(key, request))
}

/** Answers an SMS: SNS, too, brings it until it is taken. */
export const answerSms = (client: Client, phoneNumber: string, word: string): Promise<Request> => {
  const answer: SmsAnswer = { phoneNumber, word, at: new Date(client.host.nowMs()).toISOString() }
  const call = { route: 'POST /v1/sms-answers', as: 'sns', scopes: [], body: answer }
  return insist(client, nameNext(client), call, (key) => client.host.answerSms(key, answer))
}

export const isOk = ({ answer }: Request): boolean => answer.status >= 200 && answer.status < 300

/** A member of the body of an answer, as text. */
export const textIn = ({ answer }: Request, name: string): string => {
  const { body } = answer
  const value = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  if (typeof value !== 'string') throw new Error(`an answer without ${name}`)
  return value
}

/** The rows of a list in an answer. */
export const rowsIn = ({ answer }: Request): readonly Record<string, unknown>[] => {
  const { body } = answer
  const items = typeof body === 'object' && body !== null ? Reflect.get(body, 'items') : undefined
  return Array.isArray(items) ? items : []
}
