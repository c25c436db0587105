import { subscribe } from 'node:diagnostics_channel'
import { pathToFileURL } from 'node:url'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { CLOCK_HOOK, clockReader } from '#local/cloud/clock.ts'
import type { FromWorker, FunctionError, ToWorker, WorkerStart } from '#local/cloud/lambda/worker-protocol.ts'

/**
 * One execution environment of a function: loads the bundle once, then runs one event after another. Runs in a worker
 * thread whose environment variables are the function's own.
 */

const READS = /\.(GetItem|BatchGetItem|Query|Scan|TransactGetItems|Describe\w+|List\w+)$/

/**
 * Counts the requests that may have changed a table, so that streams are asked only when something could have
 * happened. Node itself tells of each outgoing request; the bundle is not touched.
 */
const countWrites = (): (() => number) => {
  let writes = 0
  const count = (target: unknown) => {
    if (typeof target === 'string' && target.startsWith('DynamoDB_') && !READS.test(target)) writes += 1
  }
  subscribe('http.client.request.start', (message) => count(targetOfRequest(message)))
  // A bundle that uses fetch.
  subscribe('undici:request:create', (message) => count(targetOfFetch(message)))
  return () => {
    const counted = writes
    writes = 0
    return counted
  }
}

const targetOfRequest = (message: unknown): unknown => {
  const { request } = message as { request?: { getHeader(name: string): unknown } }
  return request?.getHeader('x-amz-target')
}

/** fetch holds headers as a flat list: name, value, name, value. */
const targetOfFetch = (message: unknown): unknown => {
  const { request } = message as { request?: { headers: unknown } }
  const headers = Array.isArray(request?.headers) ? request.headers : []
  const at = headers.findIndex((item) => String(item).toLowerCase() === 'x-amz-target')
  return at < 0 ? undefined : String(headers[at + 1])
}

const asFunctionError = (error: unknown): FunctionError =>
  error instanceof Error
    ? {
        errorType: error.name,
        errorMessage: error.message,
        trace: (error.stack ?? '').split('\n').slice(0, 20),
      }
    : { errorType: 'Error', errorMessage: String(error), trace: [] }

type Handler = (event: unknown, context: object) => unknown

const loadHandler = async ({ file, exportName }: WorkerStart): Promise<Handler> => {
  const bundle: Record<string, unknown> = await import(pathToFileURL(file).href)
  const handler =
    bundle[exportName] ?? (bundle['default'] as Record<string, unknown> | undefined)?.[exportName]
  if (typeof handler !== 'function') throw new Error(`${exportName} is undefined or not exported`)
  return handler as Handler
}

const contextOf = (start: WorkerStart, { requestId, deadlineMs }: ToWorker): object => ({
  functionName: start.functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: start.functionArn,
  memoryLimitInMB: String(start.memoryMb),
  awsRequestId: requestId,
  logGroupName: `/aws/lambda/${start.functionName}`,
  logStreamName: 'local',
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
})

const run = async (port: MessagePort, start: WorkerStart): Promise<void> => {
  const post = (message: FromWorker) => port.postMessage(message)
  const takeWrites = countWrites()
  Reflect.set(globalThis, CLOCK_HOOK, clockReader(start.clock))
  let handler: Handler
  try {
    handler = await loadHandler(start)
  } catch (error) {
    post({ kind: 'broken', error: asFunctionError(error) })
    return
  }
  const invoke = async (invocation: ToWorker): Promise<void> => {
    const { id } = invocation
    const startedMs = performance.now()
    const spentMs = () => performance.now() - startedMs
    try {
      const result = await handler(JSON.parse(invocation.event), contextOf(start, invocation))
      const payload = JSON.stringify(result) ?? 'null'
      post({ kind: 'done', id, payload, durationMs: spentMs(), writes: takeWrites() })
    } catch (error) {
      post({ kind: 'failed', id, error: asFunctionError(error), durationMs: spentMs(), writes: takeWrites() })
    }
  }
  port.on('message', (invocation: ToWorker) => {
    void invoke(invocation)
  })
  post({ kind: 'ready' })
}

if (parentPort !== null) await run(parentPort, workerData as WorkerStart)
