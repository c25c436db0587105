/** What a worker is started with. */
export type WorkerStart = {
  clock: SharedArrayBuffer
  /** The bundle's file. */
  file: string
  exportName: string
  functionName: string
  functionArn: string
  memoryMb: number
}

export type ToWorker = { id: number; requestId: string; event: string; deadlineMs: number }

/** An error as Lambda reports it. */
export type FunctionError = { errorType: string; errorMessage: string; trace: string[] }

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'broken'; error: FunctionError }
  | { kind: 'done'; id: number; payload: string; durationMs: number; writes: number }
  | { kind: 'failed'; id: number; error: FunctionError; durationMs: number; writes: number }
