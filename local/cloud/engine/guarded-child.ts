import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

export type GuardedChild = {
  pid: number
  /** Settles when the process has ended; tells what it wrote last. */
  ended: Promise<string>
  stop(): Promise<void>
}

// The shell starts the program, tells its process id and then waits for the end of its own standard input, a pipe from
// this process. However this process ends, `kill -9` too, the pipe closes and the shell kills the program. The shell lets
// go of the output, so that the output ends when the program does. A background job gets no input of its own.
const GUARD = '"$@" </dev/null & child=$!; echo "$child"; exec >/dev/null 2>&1; cat; kill -9 "$child"'
const MAX_OUTPUT = 4_000
const STOP_LIMIT_MS = 3_000

/**
 * Starts a program that cannot outlive this process.
 *
 * The program gets a session of its own, so that Ctrl-C in a terminal reaches this process alone, which then stops it.
 */
export const startGuardedChild = async (
  command: string,
  args: readonly string[],
  cwd?: string,
): Promise<GuardedChild> => {
  const shell = spawn('sh', ['-c', GUARD, 'sh', command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    ...(cwd !== undefined && { cwd }),
  })
  shell.stdin.on('error', () => shell.stdin.destroy())
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-MAX_OUTPUT)
  }
  shell.stderr.on('data', keep)
  const pid = await new Promise<number>((resolve, reject) => {
    shell.once('error', reject)
    shell.stdout.once('data', (chunk: Buffer) => {
      resolve(Number.parseInt(chunk.toString(), 10))
    })
    shell.once('exit', () => reject(new Error(`could not start ${command}: ${output}`)))
  })
  shell.stdout.on('data', keep)
  const ended = Promise.all([once(shell.stdout, 'close'), once(shell.stderr, 'close')]).then(() => output)
  return {
    pid,
    ended,
    stop: async () => {
      kill(pid, 'SIGTERM')
      const inTime = await Promise.race([ended.then(() => true), wait(STOP_LIMIT_MS, false, { ref: false })])
      if (!inTime) kill(pid, 'SIGKILL')
      const gone = shell.exitCode === null ? once(shell, 'exit') : undefined
      shell.stdin.end()
      await gone
    },
  }
}

const kill = (pid: number, signal: NodeJS.Signals) => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/**
 * Waits until a process of an earlier run, whose parent was killed, is gone as well. Process ids are used again, so it
 * must still be the same program.
 *
 * @throws {Error} after 5 s
 */
export const waitUntilGone = async (pid: number, program: RegExp): Promise<void> => {
  for (let tries = 0; tries < 100; tries += 1) {
    if (!program.test(commandLineOf(pid))) return
    await wait(50)
  }
  throw new Error(`process ${pid} of an earlier run still uses the data directory`)
}

const commandLineOf = (pid: number): string => {
  const file = `/proc/${pid}/cmdline`
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
