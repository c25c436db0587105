import { AsyncLocalStorage } from 'node:async_hooks'
import { type Random, randomFor } from '#test/simulation/world/random.ts'
import type { Timeline } from '#test/simulation/world/timeline.ts'

/** One run of a function: a request, a batch of records, a tick of the clock. */
export type Invocation = {
  readonly functionName: string
  /** What it works on. */
  readonly key: string
  readonly random: Random
  readonly endsAtMs: number
  /** Ends it where it stands; what it waits for never comes. */
  readonly die: () => void
  /**
   * Is it gone, and its container with it? One that has answered early is not: what it had begun goes on when the
   * container is woken.
   */
  readonly isDead: () => boolean
  /** Aborts shortly before the time limit, as functions are told. */
  readonly signal: AbortSignal
}

export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** It crashed, or its time was over. */
  | { readonly kind: 'died' }

const current = new AsyncLocalStorage<Invocation>()

/** The run of a function that the code which asks belongs to. */
export const currentInvocation = (): Invocation | undefined => current.getStore()

/** A program that was started: its caches live until it dies. */
export type Container<Services> = { readonly services: Services; isBusy: boolean }

export type FunctionHost<Services> = {
  /**
   * Runs a function in an idle container, or a new one.
   *
   * @param key names the run, so that the same run meets the same faults
   * @param onEnd called once
   */
  readonly invoke: <T>(
    key: string,
    run: (services: Services, invocation: Invocation) => Promise<T>,
    onEnd: (outcome: Outcome<T>) => void,
  ) => void
}

const WARN_BEFORE_MS = 300
/** How likely it is that AWS ends an idle container. */
const RECYCLE = 0.03

/** A function as Lambda runs it: one request at a time in a container, dead at its time limit. */
export const createHost = <Services>(
  functionName: string,
  timeoutS: number,
  buildServices: () => Services,
  { timeline, seed }: { readonly timeline: Timeline; readonly seed: number },
): FunctionHost<Services> => {
  let containers: Container<Services>[] = []

  const containerFor = (random: Random): Container<Services> => {
    const idle = containers.find(({ isBusy }) => !isBusy)
    if (idle !== undefined && !random.happens(RECYCLE)) return idle
    if (idle !== undefined) containers = containers.filter((one) => one !== idle)
    const fresh = { services: buildServices(), isBusy: false }
    containers.push(fresh)
    return fresh
  }

  return {
    invoke: (key, run, onEnd) => {
      const random = randomFor(seed, `${functionName} ${key}`)
      const container = containerFor(random)
      container.isBusy = true
      const abort = new AbortController()
      let isOver = false
      let isDead = false
      const end = (outcome: Parameters<typeof onEnd>[0]): void => {
        if (isOver) return
        isOver = true
        container.isBusy = false
        onEnd(outcome)
      }
      const endsAtMs = timeline.nowMs() + timeoutS * 1000
      const invocation: Invocation = {
        functionName,
        key,
        random,
        endsAtMs,
        isDead: () => isDead,
        signal: abort.signal,
        die: () => {
          if (isOver) return
          isDead = true
          containers = containers.filter((one) => one !== container)
          end({ kind: 'died' })
        },
      }
      timeline.at(endsAtMs - WARN_BEFORE_MS, () => {
        if (!isOver) abort.abort()
      })
      timeline.at(endsAtMs, invocation.die)
      current.run(invocation, () => {
        run(container.services, invocation).then(
          (value) => end({ kind: 'done', value }),
          (error: unknown) => end({ kind: 'failed', error }),
        )
      })
    },
  }
}
