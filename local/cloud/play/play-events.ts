import type { LocalClock } from '#local/cloud/clock.ts'
import type { QueueSource } from '#local/cloud/events/queue-source.ts'
import type { StreamFeed } from '#local/cloud/events/stream-feed.ts'
import type { StreamSource } from '#local/cloud/events/stream-source.ts'
import type { LocalSchedule } from '#local/cloud/play/schedule.ts'
import type { TtlIndex } from '#local/cloud/ttl/ttl-index.ts'

/** One function run that an event caused. */
export type Invocation = { function: string; durationMs: number; records: number }

/** What a drain or an advance did; of a very long one, the last 100,000 runs. */
export type Drained = { invocations: Invocation[] }

export type EventPlayer = {
  /** Plays everything that can happen now, until nothing can. The clock stands still. */
  drain(): Promise<Drained>
  /** Moves the virtual clock to `toMs`; timers, schedules and TTLs that are due on the way are played in order. */
  advanceTo(toMs: number): Promise<Drained>
  /** Something may have changed a table: its streams are asked at the next turn. */
  noteWrites(): void
  noteInvocation(invocation: Invocation): void
  /** A message was sent: if there is a background, it need not wait for its next turn. */
  wake(): void
  /** Plays without being asked from now on. */
  startBackground(): void
  stopBackground(): void
  /** Plays nothing more; a drain or an advance under way is rejected. */
  stop(): void
}

type Options = {
  clock: LocalClock
  feeds: readonly StreamFeed[]
  streamSources: readonly StreamSource[]
  queueSources: readonly QueueSource[]
  schedules: readonly LocalSchedule[]
  ttl: TtlIndex
  /** Runs a schedule's function. */
  tick: (schedule: LocalSchedule) => Promise<void>
  /** Settles when no API request is being answered. */
  untilApiIdle: () => Promise<void>
  apiIsBusy: () => boolean
  /** The virtual clock has moved. */
  onTime: (nowMs: number) => void
  onBackgroundError: (error: unknown) => void
}

// Lambda asks a stream four times a second; here five times, and at once after a function that wrote.
const BACKGROUND_EVERY_MS = 200
const MAX_INVOCATIONS = 100_000

/**
 * Plays what AWS does by itself: hands changes and messages to functions, lets delays and time-outs pass, ticks
 * schedules and removes expired items. On the virtual clock only when asked, so that a test knows what has happened; on
 * the wall clock all the time.
 */
export const createEventPlayer = (options: Options): EventPlayer => {
  const { clock, feeds, schedules, ttl } = options
  const sources = [...options.streamSources, ...options.queueSources]
  let writes = 1
  const polledAtWrites = new Map<StreamFeed, number>()
  let invocations: Invocation[] | undefined
  let lastError = ''
  let turn: Promise<unknown> = Promise.resolve()
  let polling: Promise<unknown> = Promise.resolve()
  const running = new Set<Promise<unknown>>()
  let background: NodeJS.Timeout | undefined
  let backgroundBusy = false
  let stopped = false
  const closing = Promise.withResolvers<never>()
  closing.promise.catch(() => {})

  /** One caller at a time: two advances would move one clock. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = Promise.race([turn.then(work), closing.promise])
    turn = result.catch(() => {})
    return result
  }
  /** Reads what is new from the streams; one reader at a time. */
  const pollFeeds = (): Promise<number> => {
    const counted = polling.then(async () => {
      const stale = feeds.filter((feed) => polledAtWrites.get(feed) !== writes)
      const counts = await Promise.all(
        stale.map((feed) => {
          polledAtWrites.set(feed, writes)
          return feed.poll()
        }),
      )
      return counts.reduce((sum, count) => sum + count, 0)
    })
    polling = counted.catch(() => {})
    return counted
  }
  /** One round over all sources; false when nothing moved. */
  const round = async (): Promise<boolean> => {
    const read = await pollFeeds()
    const batches = await Promise.all(sources.map((source) => source.run()))
    return read > 0 || batches.some((count) => count > 0)
  }
  /** Settles when nothing is left that could write at the next moment: no request, no run of the background. */
  const settle = async (): Promise<void> => {
    let moved = true
    while ((moved || options.apiIsBusy() || running.size > 0) && !stopped) {
      await options.untilApiIdle()
      await Promise.all(running)
      moved = await round()
    }
  }
  const removeExpired = async (now: number): Promise<void> => {
    while ((ttl.nextAtMs() ?? Infinity) <= now) {
      await ttl.removeDue()
      writes += 1
    }
  }
  const playDue = async (): Promise<void> => {
    const now = clock.nowMs()
    for (const schedule of schedules) {
      if (schedule.nextAtMs() > now) continue
      await options.tick(schedule)
      schedule.played()
    }
    await removeExpired(now)
  }
  const nextAtMs = (): number =>
    Math.min(
      ...schedules.map((schedule) => schedule.nextAtMs()),
      ...sources.map((source) => source.nextAtMs() ?? Infinity),
      ttl.nextAtMs() ?? Infinity,
    )
  const collect = async (work: () => Promise<void>): Promise<Drained> => {
    // Whoever asks may have written to a table directly.
    writes += 1
    const mine: Invocation[] = []
    invocations = mine
    try {
      await work()
      return { invocations: mine.slice(-MAX_INVOCATIONS) }
    } finally {
      invocations = undefined
    }
  }
  const advance = async (toMs: number): Promise<void> => {
    await settle()
    while (!stopped) {
      // What became due while the clock stood (an expiry in the past) is played now; time does not go back.
      const next = Math.max(nextAtMs(), clock.nowMs())
      if (next > toMs) break
      clock.setVirtual(next)
      options.onTime(next)
      await playDue()
      await settle()
    }
    clock.setVirtual(toMs)
    options.onTime(toMs)
  }
  /** An engine that is gone fails five times a second: the same is told once. */
  const report = (error: unknown): void => {
    if (stopped || String(error) === lastError) return
    lastError = String(error)
    options.onBackgroundError(error)
  }
  /** Starts something without waiting for it: on the wall clock a slow function holds up nobody else. */
  const launch = (work: () => Promise<unknown>): void => {
    const run = work()
      .catch(report)
      .finally(() => running.delete(run))
    running.add(run)
  }
  const playInBackground = async (): Promise<void> => {
    if (backgroundBusy || stopped) return
    backgroundBusy = true
    try {
      writes += 1
      if (clock.setting().kind === 'wall') {
        const now = clock.nowMs()
        for (const schedule of schedules) {
          if (schedule.nextAtMs() > now) continue
          schedule.played()
          launch(() => options.tick(schedule))
        }
        await removeExpired(now)
      }
      await pollFeeds()
      for (const source of sources) launch(() => source.run())
    } catch (error) {
      report(error)
    } finally {
      backgroundBusy = false
    }
  }

  const wake = () => {
    if (background !== undefined) setImmediate(() => void playInBackground())
  }
  const stopBackground = () => {
    clearInterval(background)
    background = undefined
  }

  return {
    drain: () => inTurn(() => collect(settle)),
    advanceTo: (toMs) =>
      inTurn(() => {
        if (clock.setting().kind !== 'virtual') throw new Error('only a virtual clock can be moved')
        if (toMs < clock.nowMs()) throw new RangeError('time does not go back')
        return collect(() => advance(toMs))
      }),
    noteWrites: () => {
      writes += 1
      wake()
    },
    wake,
    noteInvocation: (invocation) => {
      invocations?.push(invocation)
      if (invocations !== undefined && invocations.length > 2 * MAX_INVOCATIONS)
        invocations.splice(0, MAX_INVOCATIONS)
    },
    startBackground: () => {
      background ??= setInterval(() => void playInBackground(), BACKGROUND_EVERY_MS)
    },
    stopBackground,
    stop: () => {
      stopped = true
      stopBackground()
      closing.reject(new Error('the local cloud was closed'))
    },
  }
}
