import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LocalCloud } from '#local/cloud/start-local-cloud.ts'
import { type Answer, type Call, type Host, readBody } from '#test/simulation/town/host.ts'
import { randomFor } from '#test/simulation/world/random.ts'

/** The local cloud as the people of the town see it. */
export type CloudHost = {
  readonly host: Host
  /** Lets everything happen that people have planned up to a moment, and the cloud's clock come to it. */
  readonly runUntil: (untilMs: number) => Promise<void>
}

const REQUEST_TIMEOUT_MS = 60_000
const TOKEN_S = 86_400

const pathOf = ({ route, path = {}, query }: Call): string => {
  const [, template = ''] = route.split(' ')
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? name))
  return query === undefined ? filled : `${filled}?${new URLSearchParams(query)}`
}

/** People wait in virtual time; the clock moves when nobody waits for an answer any more. */
export const createCloudHost = (cloud: LocalCloud, seed: number): CloudHost => {
  const tokens = new Map<string, Promise<string>>()
  let sleepers: { readonly atMs: number; readonly wake: () => void }[] = []
  let underWay = 0

  const tokenOf = (sub: string, scopes: readonly string[]): Promise<string> => {
    const name = `${sub} ${scopes.join(' ')}`
    const token = tokens.get(name) ?? cloud.issueToken({ sub, scopes: [...scopes], expiresInS: TOKEN_S })
    tokens.set(name, token)
    return token
  }

  const send = async (call: Call): Promise<Answer> => {
    const [method = 'GET'] = call.route.split(' ')
    const token = await tokenOf(call.as, call.scopes)
    try {
      const response = await fetch(`${cloud.url}${pathOf(call)}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(call.body !== undefined && { 'content-type': 'application/json' }),
          ...call.headers,
        },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      })
      const text = await response.text()
      return { status: response.status, body: readBody(text) }
    } catch (error) {
      // No answer is an answer: the client tries again.
      if (error instanceof Error) return { status: 0, body: undefined }
      throw error
    }
  }

  /** Until all that people do now is done. */
  const quiet = async (): Promise<void> => {
    for (let calm = 0; calm < 3; calm = underWay > 0 ? 0 : calm + 1) await nextTurn()
  }

  const wakeAt = (atMs: number): void => {
    const due = sleepers.filter((sleeper) => sleeper.atMs <= atMs)
    sleepers = sleepers.filter((sleeper) => sleeper.atMs > atMs)
    for (const { wake } of due) wake()
  }

  return {
    host: {
      nowMs: () => cloud.clock.nowMs(),
      sleepUntil: (atMs) =>
        new Promise((resolve) => {
          sleepers.push({ atMs: Math.ceil(atMs), wake: resolve })
        }),
      call: async (_key, call) => {
        underWay += 1
        try {
          return await send(call)
        } finally {
          underWay -= 1
        }
      },
      // SNS itself tries again; what it tells, it signs.
      answerSms: async (_key, { phoneNumber, word }) => {
        underWay += 1
        try {
          await cloud.answerSms(phoneNumber, word)
          return { status: 204, body: undefined }
        } catch (error) {
          if (error instanceof Error) return { status: 0, body: undefined }
          throw error
        } finally {
          underWay -= 1
        }
      },
      random: (key) => randomFor(seed, `town ${key}`).next(),
      impatience: 0.1,
    },
    runUntil: async (untilMs) => {
      for (;;) {
        await quiet()
        const nextMs = Math.min(untilMs, ...sleepers.map(({ atMs }) => atMs))
        if (nextMs > cloud.clock.nowMs()) await cloud.advanceTo(nextMs)
        else await cloud.drain()
        const isOver = nextMs >= untilMs && !sleepers.some(({ atMs }) => atMs <= untilMs)
        wakeAt(nextMs)
        await quiet()
        if (isOver) return
      }
    },
  }
}
