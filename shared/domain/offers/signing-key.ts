import { LEEWAY_S, SYNC_WINDOW_S, TOKEN_LIFE_S } from '#shared/domain/offers/redemption-token.ts'

/** A key that signs redemption tokens: its name, and from when on it does. */
export type SigningKey = { readonly kid: string; readonly notBeforeMs: number }

/** A new key is published this long before it signs: tills that fetch the keys once a day know it when it is needed. */
export const PUBLISHED_BEFORE_MS = 24 * 3_600_000
/** Functions that sign may use what they have read for this long. */
export const KEYS_FRESH_MS = 5 * 60_000

const DAY_MS = 24 * 3_600_000
const SECRET_KEPT_MS = 3_600_000
/** After its last signature: the token's life, the time in which tills may report it, and what their clocks may be off. */
const PUBLIC_KEPT_MS = SECRET_KEPT_MS + (TOKEN_LIFE_S + SYNC_WINDOW_S + 2 * LEEWAY_S) * 1000

const inOrder = (keys: readonly SigningKey[]): SigningKey[] =>
  keys.toSorted((a, b) => a.notBeforeMs - b.notBeforeMs)

/**
 * The key that signs now: the newest whose time has come; undefined while there is none.
 *
 * @example signingKeyAt([{ kid: 'a', notBeforeMs: 0 }, { kid: 'b', notBeforeMs: 10 }], 5)?.kid // 'a'
 */
export const signingKeyAt = (keys: readonly SigningKey[], nowMs: number): SigningKey | undefined =>
  inOrder(keys).findLast(({ notBeforeMs }) => notBeforeMs <= nowMs)

/**
 * From when on the next key signs, if it is time to make it: at once for the first key.
 *
 * @param rotateDays for how many days a key signs
 */
export const nextKeyAt = (
  keys: readonly SigningKey[],
  rotateDays: number,
  nowMs: number,
): number | undefined => {
  const newest = inOrder(keys).at(-1)
  if (newest === undefined) return nowMs
  const overAtMs = newest.notBeforeMs + rotateDays * DAY_MS
  return nowMs < overAtMs - PUBLISHED_BEFORE_MS ? undefined : Math.max(overAtMs, nowMs + PUBLISHED_BEFORE_MS)
}

/** Until when the halves of a key are needed that the next one replaces at `replacedAtMs`. */
export const keptUntil = (
  replacedAtMs: number,
): { readonly secretMs: number; readonly publicMs: number } => ({
  secretMs: replacedAtMs + SECRET_KEPT_MS,
  publicMs: replacedAtMs + PUBLIC_KEPT_MS,
})
