/** The wall's time, or a time that moves only when it is told to. */
export type ClockSetting = { kind: 'wall' } | { kind: 'virtual'; atMs: number }

export type LocalClock = {
  /** ms since the epoch */
  nowMs(): number
  setting(): ClockSetting
  /** Jumps: what was due in between is played by `advanceTo` of the local cloud, not by this. */
  setVirtual(atMs: number): void
  setWall(): void
  /** The memory that workers read the time from. */
  readonly buffer: SharedArrayBuffer
}

/** Where a function's bundle looks for a clock (`shared/runtime/clock.ts`). */
export const CLOCK_HOOK = Symbol.for('beckon.clock')

const WALL = -1n
const MAX_MS = 8_640_000_000_000_000

/**
 * A clock that all threads see the same.
 *
 * @throws {RangeError} when a virtual time is no whole number of ms since the epoch
 * @example createClock({ kind: 'virtual', atMs: Date.UTC(2026, 0, 1) }).nowMs() // 1767225600000
 */
export const createClock = (start: ClockSetting): LocalClock => {
  const buffer = new SharedArrayBuffer(8)
  const cell = new BigInt64Array(buffer)
  const nowMs = clockReader(buffer)
  const setVirtual = (atMs: number) => {
    if (!Number.isSafeInteger(atMs) || atMs < 0 || atMs > MAX_MS) throw new RangeError(`no time: ${atMs}`)
    Atomics.store(cell, 0, BigInt(atMs))
  }
  const setWall = () => {
    Atomics.store(cell, 0, WALL)
  }
  if (start.kind === 'virtual') setVirtual(start.atMs)
  else setWall()
  return {
    nowMs,
    setVirtual,
    setWall,
    setting: () => (Atomics.load(cell, 0) === WALL ? { kind: 'wall' } : { kind: 'virtual', atMs: nowMs() }),
    buffer,
  }
}

/** Reads the time from a clock's memory; for the workers. */
export const clockReader = (buffer: SharedArrayBuffer): (() => number) => {
  const cell = new BigInt64Array(buffer)
  return () => {
    const atMs = Atomics.load(cell, 0)
    return atMs === WALL ? Date.now() : Number(atMs)
  }
}
