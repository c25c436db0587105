import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { Worker } from 'node:worker_threads'
import type { FromWorker, FunctionError, ToWorker, WorkerStart } from '#local/cloud/lambda/worker-protocol.ts'

/** How one event went. */
export type Outcome = { durationMs: number; writes: number; requestId: string } & (
  | { ok: true; payload: string }
  | { ok: false; error: FunctionError }
)

export type ExecutionEnvironment = {
  /** Runs one event; one at a time. Never rejects. */
  run(event: string): Promise<Outcome>
  /** False after a time-out or a crash: it can run nothing more. */
  readonly alive: boolean
  end(): Promise<void>
}

type Options = {
  start: WorkerStart
  environment: Record<string, string>
  timeoutMs: number
  onLine: (line: string) => void
}

// Lambda gives the initialisation 10 s; a machine that also compiles and tests at that moment needs longer.
const INIT_LIMIT_MS = 60_000
const MAX_LINE = 16_384

/** Starts a worker thread for a function; its bundle loads with the first event. */
export const startExecutionEnvironment = ({
  start,
  environment,
  timeoutMs,
  onLine,
}: Options): ExecutionEnvironment => {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: start,
    env: environment,
    argv: [],
    execArgv: [],
    stdout: true,
    stderr: true,
  })
  worker.setMaxListeners(0)
  eachLine(worker.stdout, onLine)
  eachLine(worker.stderr, onLine)

  let alive = true
  let nextId = 0
  let settle: ((outcome: Outcome) => void) | undefined
  let current = { id: -1, requestId: '', startedMs: 0 }
  let timer: NodeJS.Timeout | undefined

  const finish = (outcome: Outcome) => {
    clearTimeout(timer)
    const report = settle
    settle = undefined
    report?.(outcome)
  }
  const crash = (error: FunctionError) => {
    alive = false
    const durationMs = current.startedMs === 0 ? 0 : performance.now() - current.startedMs
    // Nobody knows what it wrote before it was stopped.
    finish({ ok: false, error, durationMs, writes: 1, requestId: current.requestId })
    void worker.terminate()
  }
  let signalReady: () => void = () => {}
  const ready = new Promise<void>((resolve) => {
    signalReady = resolve
  })
  worker.on('message', (message: FromWorker) => {
    switch (message.kind) {
      case 'ready':
        signalReady()
        return
      case 'broken':
        crash(message.error)
        return
      case 'done':
      case 'failed': {
        if (message.id !== current.id) return
        const { durationMs, writes } = message
        const common = { durationMs, writes, requestId: current.requestId }
        if (message.kind === 'done') finish({ ok: true, payload: message.payload, ...common })
        else finish({ ok: false, error: message.error, ...common })
        return
      }
      default:
        message satisfies never
    }
  })
  worker.on('error', (error) => {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
    crash({ errorType: name, errorMessage: message, trace: (stack ?? '').split('\n').slice(0, 20) })
  })
  worker.on('exit', (code) => {
    crash({ errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with status ${code}`, trace: [] })
  })

  return {
    get alive() {
      return alive
    },
    run: (event) =>
      new Promise((resolve) => {
        const requestId = randomUUID()
        nextId += 1
        const id = nextId
        current = { id, requestId, startedMs: 0 }
        settle = resolve
        if (!alive) {
          crash({ errorType: 'Runtime.ExitError', errorMessage: 'the environment has ended', trace: [] })
          return
        }
        timer = setTimeout(
          () => crash({ errorType: 'Sandbox.Timedout', errorMessage: 'initialisation timed out', trace: [] }),
          INIT_LIMIT_MS,
        )
        void ready.then(() => {
          if (!alive || current.id !== id) return
          clearTimeout(timer)
          current.startedMs = performance.now()
          timer = setTimeout(
            () =>
              crash({
                errorType: 'Sandbox.Timedout',
                errorMessage: `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
                trace: [],
              }),
            timeoutMs,
          )
          worker.postMessage({ id, requestId, event, deadlineMs: Date.now() + timeoutMs } satisfies ToWorker)
        })
      }),
    end: async () => {
      alive = false
      clearTimeout(timer)
      await worker.terminate()
    },
  }
}

const eachLine = (output: Readable, onLine: (line: string) => void): void => {
  let rest = ''
  output.setEncoding('utf8')
  output.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = (lines.pop() ?? '').slice(0, MAX_LINE)
    for (const line of lines) if (line !== '') onLine(line.slice(0, MAX_LINE))
  })
}
