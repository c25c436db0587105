const HOOK = Symbol.for('beckon.clock')

export type TestClock = { nowMs: number; readonly advance: (ms: number) => void }

/**
 * Puts a clock of the test in the place of the wall clock, by the hook of runtime/clock.
 *
 * @example
 * const clock = setClock(Date.UTC(2026, 10, 22, 10))
 * clock.advance(60_000)
 */
export const setClock = (nowMs: number): TestClock => {
  const clock: TestClock = {
    nowMs,
    advance: (ms) => {
      clock.nowMs += ms
    },
  }
  Reflect.set(globalThis, HOOK, () => clock.nowMs)
  return clock
}
