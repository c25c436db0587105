const HOOK = Symbol.for('beckon.clock')

/**
 * The time now, in ms since the epoch. This is the one place where a function asks for it.
 *
 * The hook: when `globalThis[Symbol.for('beckon.clock')]` is a function, its answer counts instead of the wall clock.
 * The local cloud sets it in each worker before the bundle is loaded, so that months pass in minutes; nothing sets it in AWS.
 *
 * @example const expiresAtMs = nowMs() + 60_000
 */
export const nowMs = (): number => {
  const hook: unknown = Reflect.get(globalThis, HOOK)
  return typeof hook === 'function' ? Number(hook()) : Date.now()
}
