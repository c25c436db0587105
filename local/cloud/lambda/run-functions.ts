import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LocalClock } from '#local/cloud/clock.ts'
import { createDurationHistogram, type DurationSummary } from '#local/cloud/lambda/duration-histogram.ts'
import {
  type ExecutionEnvironment,
  type Outcome,
  startExecutionEnvironment,
} from '#local/cloud/lambda/execution-environment.ts'
import { createFunctionLog, type MetricSum } from '#local/cloud/lambda/function-log.ts'
import type { FunctionPlan } from '#local/cloud/template/cloud-plan.ts'

export type FunctionStats = {
  invocations: number
  errors: number
  timeouts: number
  workers: number
  /** The function's own time, without waiting for a worker and without loading its bundle. */
  duration: DurationSummary
  metrics: Record<string, MetricSum>
  /** Bytes that the function has logged by itself. */
  loggedBytes: number
}

export type LocalFunctions = {
  /** Runs a function with a JSON event, as soon as one of its workers is free. Never rejects. */
  invoke(name: string, event: string): Promise<Outcome>
  /** The name in reports of the function with this full name. */
  shortName(name: string): string
  /** @throws {Error} when no function is called so */
  fullName(shortName: string): string
  /** How many events of this function can run at once. */
  concurrency(name: string): number
  /** By short name. */
  stats(): Record<string, FunctionStats>
  /** The last lines that the function logged, oldest first; at most 2,000. */
  logLines(name: string): string[]
  close(): Promise<void>
}

type Options = {
  functions: readonly FunctionPlan[]
  environmentOf: (plan: FunctionPlan) => Record<string, string>
  clock: LocalClock
  /** The most workers of one function. */
  maxWorkers: number
  onLine: (functionName: string, line: string) => void
}

type LocalFunction = {
  invoke(event: string): Promise<Outcome>
  concurrency: number
  stats(): FunctionStats
  logLines(): string[]
  close(): Promise<void>
}

/**
 * The functions of the template, each with its own small pool of workers. A worker starts when an event finds no free
 * one, and is used again; an event that finds the pool full waits its turn.
 */
export const runFunctions = ({
  functions,
  environmentOf,
  clock,
  maxWorkers,
  onLine,
}: Options): LocalFunctions => {
  const byName = new Map<string, LocalFunction>()
  for (const plan of functions) {
    byName.set(
      plan.name,
      runFunction(plan, environmentOf(plan), clock, maxWorkers, (line) => onLine(plan.shortName, line)),
    )
  }
  const named = (name: string): LocalFunction => {
    const found = byName.get(name)
    if (found === undefined) throw new Error(`no function ${name}`)
    return found
  }
  return {
    invoke: (name, event) => named(name).invoke(event),
    concurrency: (name) => named(name).concurrency,
    shortName: (name) => functions.find((plan) => plan.name === name)?.shortName ?? name,
    fullName: (shortName) => {
      const found = functions.find((plan) => plan.shortName === shortName)
      if (found === undefined) throw new Error(`no function ${shortName}`)
      return found.name
    },
    stats: () => Object.fromEntries(functions.map((plan) => [plan.shortName, named(plan.name).stats()])),
    logLines: (name) => named(name).logLines(),
    close: async () => {
      await Promise.all([...byName.values()].map((one) => one.close()))
    },
  }
}

const runFunction = (
  plan: FunctionPlan,
  environment: Record<string, string>,
  clock: LocalClock,
  maxWorkers: number,
  onLine: (line: string) => void,
): LocalFunction => {
  const limit = Math.min(maxWorkers, plan.reservedConcurrency ?? maxWorkers)
  const [, module = 'index', exportName = 'handler'] = /^(.+)\.([^.]+)$/.exec(plan.handler) ?? []
  const start = {
    clock: clock.buffer,
    file: bundleFile(plan.folder, module),
    exportName,
    functionName: plan.name,
    functionArn: plan.arn,
    memoryMb: plan.memoryMb,
  }
  const log = createFunctionLog()
  const durations = createDurationHistogram()
  const free: ExecutionEnvironment[] = []
  const all = new Set<ExecutionEnvironment>()
  const waiting: ((environment: ExecutionEnvironment) => void)[] = []
  let errors = 0
  let timeouts = 0

  const open = (): ExecutionEnvironment => {
    const opened = startExecutionEnvironment({
      start,
      environment,
      timeoutMs: plan.timeoutS * 1000,
      onLine: (line) => {
        log.add(line)
        onLine(line)
      },
    })
    all.add(opened)
    return opened
  }
  const take = (): Promise<ExecutionEnvironment> | ExecutionEnvironment => {
    const idle = free.pop()
    if (idle !== undefined) return idle
    if (all.size < limit) return open()
    return new Promise((resolve) => waiting.push(resolve))
  }
  const giveBack = (environment: ExecutionEnvironment) => {
    if (!environment.alive) all.delete(environment)
    const next = waiting.shift()
    if (next !== undefined) next(environment.alive ? environment : open())
    else if (environment.alive) free.push(environment)
  }

  return {
    concurrency: limit,
    invoke: async (event) => {
      if (limit === 0) {
        const error = { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.', trace: [] }
        return { ok: false, error, durationMs: 0, writes: 0, requestId: '' }
      }
      const taken = await take()
      const outcome = await taken.run(event)
      giveBack(taken)
      durations.add(outcome.durationMs)
      if (!outcome.ok) {
        errors += 1
        if (outcome.error.errorType === 'Sandbox.Timedout') timeouts += 1
        const line = JSON.stringify({ level: 'ERROR', message: 'invocation failed', ...outcome.error })
        log.add(line)
        onLine(line)
      }
      return outcome
    },
    stats: () => {
      const duration = durations.summary()
      return {
        invocations: duration.count,
        errors,
        timeouts,
        workers: all.size,
        duration,
        metrics: log.metrics(),
        loggedBytes: log.bytes(),
      }
    },
    logLines: () => log.lines(),
    close: async () => {
      await Promise.all([...all].map((environment) => environment.end()))
    },
  }
}

const bundleFile = (folder: string, module: string): string => {
  for (const ending of ['.mjs', '.js', '.cjs']) {
    const file = join(folder, `${module}${ending}`)
    if (existsSync(file)) return file
  }
  throw new Error(`no ${module}.mjs, .js or .cjs in ${folder}`)
}
