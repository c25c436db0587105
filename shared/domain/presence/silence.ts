/** How long the answer to a ping holds, in seconds: a phone speaks again before it is over, even when it lies still. */
export const VALID_S = 1800

/**
 * A phone that has said nothing for longer than this, in ms, is silent: it was to speak within `VALID_S`, and what it
 * said may take 15 minutes to arrive. Nobody knows where it is, so its visits end where they were last seen.
 */
export const SILENCE_MS = VALID_S * 1000 + 15 * 60_000

/**
 * How long after a phone's last upload, in ms, its silence is certain: what was taken while it was not silent yet may arrive
 * 15 minutes later, as any fix may.
 */
export const SILENCE_CERTAIN_MS = SILENCE_MS + 15 * 60_000
