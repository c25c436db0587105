const MAX_AGE_MS = 48 * 3_600_000
const MAX_FUTURE_MS = 5 * 60_000

/**
 * Why an app event's time cannot be taken, or undefined when it can: phones that were offline send late, but not later
 * than 48 h; a clock may be wrong by 5 min.
 *
 * @param atMs when the phone says it happened, ms since the epoch
 * @example eventTimeFault(nowMs - 1000, nowMs) // undefined
 */
export const eventTimeFault = (atMs: number, nowMs: number): string | undefined => {
  if (atMs < nowMs - MAX_AGE_MS) return 'older than 48 hours'
  if (atMs > nowMs + MAX_FUTURE_MS) return 'more than 5 minutes in the future'
  return undefined
}
