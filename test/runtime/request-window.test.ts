import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { createCallerLimit } from '#shared/runtime/http/caller-limit.ts'
import {
  countRequest,
  forgetOver,
  type RequestWindow,
  WINDOW_S,
} from '#shared/runtime/http/request-window.ts'
import { userIdOf } from '#shared/runtime/ids.ts'

const WINDOW_MS = WINDOW_S * 1000

/** When requests come: each so many ms after the one before; negative where a clock is set back. */
const gaps = (least: number) => fc.array(fc.integer({ min: least, max: 40_000 }), { maxLength: 120 })
const limits = fc.integer({ min: 1, max: 30 })

const play = (times: readonly number[], limit: number) => {
  let window: RequestWindow | undefined
  return times.map((nowMs) => {
    const counted = countRequest(window, nowMs, limit)
    window = counted.window
    return { nowMs, ...counted }
  })
}
const timesOf = (between: readonly number[]): number[] => {
  let nowMs = 1_000_000
  return between.map((gap) => {
    nowMs += gap
    return nowMs
  })
}

describe('a window of requests', () => {
  it('is what the example says', () => {
    expect(countRequest({ startedMs: 0, counted: 599 }, 19_500, 600)).toEqual({
      window: { startedMs: 0, counted: 600 },
      remaining: 0,
      resetS: 41,
      refused: false,
    })
  })

  it('refuses nobody who has sent less than the limit in a minute, and takes no more in one window', () => {
    fc.assert(
      fc.property(gaps(0), limits, (between, limit) => {
        const played = play(timesOf(between), limit)
        for (const { nowMs, refused, window } of played) {
          const taken = played.filter((one) => !one.refused && one.nowMs <= nowMs)
          const inLastMinute = taken.filter((one) => one.nowMs > nowMs - WINDOW_MS)
          if (refused) expect(inLastMinute.length).toBeGreaterThanOrEqual(limit)
          const inWindow = taken.filter((one) => one.window.startedMs === window.startedMs)
          expect(inWindow.length).toBeLessThanOrEqual(limit)
        }
      }),
    )
  })

  it('says what is left and for how long, whatever the clock does', () => {
    fc.assert(
      fc.property(gaps(-90_000), limits, (between, limit) => {
        for (const { nowMs, window, remaining, resetS, refused } of play(timesOf(between), limit)) {
          expect(remaining).toBe(limit - window.counted)
          expect(remaining).toBeGreaterThanOrEqual(0)
          expect(resetS).toBeGreaterThanOrEqual(1)
          expect(resetS).toBeLessThanOrEqual(WINDOW_S)
          if (refused) expect(remaining).toBe(0)
          expect(countRequest(window, nowMs + resetS * 1000, limit)).toMatchObject({
            refused: false,
            remaining: limit - 1,
          })
          expect(countRequest(window, nowMs, limit).refused).toBe(remaining === 0)
        }
      }),
    )
  })
})

test('windows that are over are forgotten as fast as new ones come', () => {
  const windows = new Map<number, RequestWindow>()
  // A new caller each 10 ms: 6,000 in a minute.
  for (let caller = 0; caller < 20_000; caller += 1) {
    const nowMs = caller * 10
    windows.set(caller, countRequest(undefined, nowMs, 1).window)
    forgetOver(windows, nowMs)
    const [oldest = caller] = windows.keys()
    expect(nowMs - oldest * 10, 'a window that is over').toBeLessThan(WINDOW_MS)
  }
  expect(windows.size).toBe(6000)
})

describe('the limit of a caller', () => {
  const [anna, bert, carl] = [userIdOf('anna'), userIdOf('bert'), userIdOf('carl')]

  it('is each caller’s own', () => {
    const { count } = createCallerLimit(2)
    for (const isRefused of [false, false, true]) expect(count(anna, 0)).toMatchObject({ isRefused })
    expect(count(bert, 0)).toEqual({
      limit: { policy: 'caller', quota: 2, windowS: 60, remaining: 1, resetS: 60 },
      isRefused: false,
    })
  })

  it('forgets who has not asked for longest, when there are too many', () => {
    const { count } = createCallerLimit(1, 2)
    count(anna, 0)
    count(bert, 0)
    expect(count(anna, 1).isRefused).toBe(true)
    // Bert is forgotten for Carl, then Anna for Bert.
    count(carl, 2)
    expect(count(bert, 3).isRefused).toBe(false)
    expect(count(carl, 4).isRefused).toBe(true)
    expect(count(anna, 5).isRefused).toBe(false)
  })
})
