import type { handler } from '#functions/match-pings/handler.ts'
import { lambdaContext, type pingEvent } from './ping-event.ts'

const CLOCK = Symbol.for('beckon.clock')

/** Sets the time that functions see (see shared/runtime/clock.ts). */
export const setNow = (nowMs: number): void => {
  Reflect.set(globalThis, CLOCK, () => nowMs)
}

/** Puts fixes of a phone through match-pings as the API would. @throws {Error} unless they are taken */
export type Container = (request: PingRequest) => Promise<void>

/** An event of the API, made before the time is taken. */
export type PingRequest = ReturnType<typeof pingEvent>

let started = 0

/**
 * A container of match-pings: the function's own handler module, loaded once more, so that it has a cold cache of tiles.
 *
 * @example await (await startContainer())(pingEvent('somebody', fixes))
 */
export const startContainer = async (): Promise<Container> => {
  started += 1
  const url = new URL(`../functions/match-pings/handler.ts?container=${started}`, import.meta.url)
  const loaded: { handler: typeof handler } = await import(url.href)
  return async (request) => {
    const { statusCode, body = '' } = await loaded.handler(request, lambdaContext)
    if (statusCode !== 200) throw new Error(`pings were answered ${statusCode}: ${body}`)
  }
}
