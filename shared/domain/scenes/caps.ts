import type { RecentSend } from '#shared/domain/scenes/facts.ts'
import type { Cap } from '#shared/domain/scenes/scene.ts'

const DAY_MS = 86_400_000

// Both directions in time: after a clock was set back, later sends still count.
export const isRecent = (send: Pick<RecentSend, 'atMs'>, nowMs: number, windowMs: number): boolean =>
  Math.abs(nowMs - send.atMs) < windowMs

/** How many sends are remembered, and for how long: no cap can count further, so that nobody gets more. */
export const REMEMBERED: Cap = { windowS: (30 * DAY_MS) / 1000, max: 200 }

/** A cap that has no room for one more, and how many it has seen. */
export type FullCap = { readonly cap: Cap; readonly sent: number }

/**
 * The first cap that one more message would break. Windows roll: a send leaves a cap `windowS` seconds after it was made.
 *
 * @example fullCap([{ windowS: 86_400, max: 4 }], sends, nowMs)
 */
export const fullCap = (
  caps: readonly Cap[],
  sends: readonly RecentSend[],
  nowMs: number,
): FullCap | undefined => {
  for (const cap of caps) {
    const sent = sends.filter((send) => isRecent(send, nowMs, cap.windowS * 1000)).length
    if (sent >= cap.max) return { cap, sent }
  }
  return undefined
}

/**
 * Would one more scarcity offer exceed its share of the messages of 30 days? One is always allowed.
 *
 * @param maxShare 0 to 1
 */
export const exceedsScarcity = (sends: readonly RecentSend[], maxShare: number, nowMs: number): boolean => {
  const month = sends.filter((send) => isRecent(send, nowMs, 30 * DAY_MS))
  const scarce = month.filter(({ isScarce }) => isScarce === true).length + 1
  return scarce > Math.max(1, maxShare * (month.length + 1))
}
