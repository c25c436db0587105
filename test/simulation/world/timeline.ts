import { setImmediate as nextTurn } from 'node:timers'

type Event = { readonly atMs: number; readonly order: number; readonly run: () => void }

/** Virtual time: what is planned happens in the order of its time, one thing after the other. */
export type Timeline = {
  readonly nowMs: () => number
  /** Plans something; what is planned for the past happens now. */
  readonly at: (atMs: number, run: () => void) => void
  /** When the next thing is planned. */
  readonly nextMs: () => number | undefined
  /** Lets everything happen that is planned up to and at a moment, and moves the clock there. */
  readonly runUntil: (untilMs: number) => Promise<void>
}

// A binary heap: the smallest first.
const isBefore = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

const push = (heap: Event[], event: Event): void => {
  heap.push(event)
  let at = heap.length - 1
  while (at > 0) {
    const above = (at - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || !isBefore(event, parent)) break
    heap[at] = parent
    at = above
  }
  heap[at] = event
}

const pop = (heap: Event[]): Event | undefined => {
  const first = heap[0]
  const last = heap.pop()
  if (first === undefined || last === undefined || heap.length === 0) return first
  let at = 0
  for (;;) {
    const left = heap[2 * at + 1]
    const right = heap[2 * at + 2]
    const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left
    if (child === undefined || !isBefore(child, last)) break
    heap[at] = child
    at = child === right ? 2 * at + 2 : 2 * at + 1
  }
  heap[at] = last
  return first
}

const turn = (): Promise<void> => new Promise((resolve) => nextTurn(resolve))

/** @param isComputing whether something is under way that takes no virtual time, in another thread */
export const createTimeline = (startMs: number, isComputing: () => boolean = () => false): Timeline => {
  /** All that functions do between two calls is done before the next thing happens. */
  const settled = async (): Promise<void> => {
    await turn()
    while (isComputing()) await turn()
  }

  const heap: Event[] = []
  let nowMs = startMs
  let order = 0
  return {
    nowMs: () => nowMs,
    at: (atMs, run) => {
      order += 1
      push(heap, { atMs: Math.max(nowMs, Math.ceil(atMs)), order, run })
    },
    nextMs: () => heap[0]?.atMs,
    runUntil: async (untilMs) => {
      for (let next = heap[0]; next !== undefined && next.atMs <= untilMs; next = heap[0]) {
        pop(heap)
        nowMs = next.atMs
        next.run()
        await settled()
      }
      nowMs = Math.max(nowMs, untilMs)
    },
  }
}
