/** How long a caller's requests are counted together, in seconds. */
export const WINDOW_S = 60
const WINDOW_MS = WINDOW_S * 1000

/** The requests of one caller since its first one of this window. */
export type RequestWindow = { readonly startedMs: number; readonly counted: number }

export type CountedRequest = {
  readonly window: RequestWindow
  /** How many more the window takes. */
  readonly remaining: number
  /** When it is over, in whole seconds from now: 1 to 60. */
  readonly resetS: number
  /** The window had taken its last one before. */
  readonly refused: boolean
}

/** A clock that was set back ends a window, too: nobody waits longer than one. */
const isOver = ({ startedMs }: RequestWindow, nowMs: number): boolean =>
  nowMs < startedMs || nowMs - startedMs >= WINDOW_MS

/**
 * Counts one more request of a caller. A window begins with the first request after the last window, so that callers'
 * windows do not all end at once.
 *
 * @param limit how many requests a window takes
 * @example countRequest({ startedMs: 0, counted: 599 }, 19_500, 600) // { remaining: 0, resetS: 41, refused: false, … }
 */
export const countRequest = (
  before: RequestWindow | undefined,
  nowMs: number,
  limit: number,
): CountedRequest => {
  const { startedMs, counted } =
    before === undefined || isOver(before, nowMs) ? { startedMs: nowMs, counted: 0 } : before
  const refused = counted >= limit
  const window = { startedMs, counted: refused ? counted : counted + 1 }
  const resetS = Math.ceil((startedMs + WINDOW_MS - nowMs) / 1000)
  return { window, remaining: Math.max(0, limit - window.counted), resetS, refused }
}

/**
 * Forgets the callers that have not asked for longest, as far as their windows are over: a few at each request, so that no
 * request pays for all, and no more is kept than a minute of requests brings.
 *
 * @param windows in the order of the callers' last requests; it is changed
 * @example forgetOver(new Map([['anna', { startedMs: 0, counted: 3 }]]), 60_000) // the map is empty
 */
export const forgetOver = <Caller>(windows: Map<Caller, RequestWindow>, nowMs: number): void => {
  // A request brings at most one caller, and takes away two.
  const [first, second] = windows
  for (const entry of [first, second]) {
    if (entry !== undefined && isOver(entry[1], nowMs)) windows.delete(entry[0])
  }
}
