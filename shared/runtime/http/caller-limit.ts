import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import {
  countRequest,
  forgetOver,
  type RequestWindow,
  WINDOW_S,
} from '#shared/runtime/http/request-window.ts'
import type { ServiceLimit } from '#shared/runtime/http/service-limit.ts'

/** Of so many callers a copy of a function knows what they have asked: a megabyte or two. */
const MAX_CALLERS = 10_000

export type CallerLimit = {
  readonly policy: Pick<ServiceLimit, 'policy' | 'quota' | 'windowS'>
  /** Counts a request of somebody, and tells what is left; `isRefused` when nothing was. */
  readonly count: (
    user: UserId,
    nowMs: number,
  ) => { readonly limit: ServiceLimit; readonly isRefused: boolean }
}

/**
 * How many requests one caller may make in a minute, counted in the memory of this copy of the function: nothing is
 * written, and nothing is left of an erased customer (docs/decisions/0024). Beyond `maxCallers` it forgets whoever has
 * not asked for longest, who then begins anew: nobody is refused who has asked less than the quota.
 *
 * @example createCallerLimit(600).count(user, nowMs()).limit // { policy: 'caller', quota: 600, remaining: 599, … }
 */
export const createCallerLimit = (quota: number, maxCallers = MAX_CALLERS): CallerLimit => {
  const policy = { policy: 'caller', quota, windowS: WINDOW_S }
  // A Map keeps the order in which its keys came: the first one has not asked for longest.
  const windows = new Map<UserId, RequestWindow>()
  const keep = (user: UserId, window: RequestWindow): void => {
    windows.delete(user)
    windows.set(user, window)
    const [oldest] = windows.keys()
    if (windows.size > maxCallers && oldest !== undefined) windows.delete(oldest)
  }
  return {
    policy,
    count: (user, nowMs) => {
      const { window, remaining, resetS, refused } = countRequest(windows.get(user), nowMs, quota)
      keep(user, window)
      forgetOver(windows, nowMs)
      return { limit: { ...policy, remaining, resetS }, isRefused: refused }
    },
  }
}

/** The refusal of a caller that has asked too often. */
export const tooManyRequests = ({ quota, resetS }: ServiceLimit): Problem =>
  new Problem('tooManyRequests', {
    detail: `one caller may send ${quota} requests a minute`,
    retryAfterS: resetS,
  })
