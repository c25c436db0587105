import { parseArgs } from 'node:util'
import * as z from 'zod'
import type { ClockSetting } from '#local/cloud/clock.ts'

export type StartOptions = {
  port: number
  dataDir?: string
  dynamodb: string
  clock: ClockSetting
  logs: boolean
}

export const START_USAGE = `Runs Beckon on this machine: npm start -- [options]

  --port N           port of the API on 127.0.0.1 (4000)
  --data-dir DIR     keep all state there between runs (else in memory)
  --dynamodb ENGINE  dynoxide (default), local (Amazon DynamoDB Local, needs Java 17), or the address of one that runs
  --clock TIME       a virtual clock that stands at this RFC 3339 time until it is moved (POST /_local/advance)
  --logs             show what the functions log
  --help             this text

Controls, on the same port: GET /_local/health, GET|POST /_local/clock, POST /_local/advance {"to": TIME},
POST /_local/drain, POST /_local/tokens {"sub": …, "scopes": […]}, GET /_local/phones,
POST /_local/sms-answers {"phoneNumber": …, "text": "STOP"}, GET /_local/stats
`

/** The command line cannot be understood; the message says why. */
export class UsageError extends Error {
  override name = 'UsageError'
}

const flags = z.object({
  port: z.coerce.number('--port takes a number').int().min(0).max(65_535).default(4000),
  'data-dir': z.string().min(1, '--data-dir takes a directory').optional(),
  dynamodb: z
    .string()
    .regex(/^(dynoxide|local|https?:\/\/\S+)$/, '--dynamodb takes dynoxide, local or an http address')
    .default('dynoxide'),
  clock: z.iso
    .datetime({ offset: true, error: '--clock takes an RFC 3339 time, e.g. 2026-01-05T09:00:00-08:00' })
    .optional(),
  logs: z.boolean().default(false),
  help: z.boolean().default(false),
})

/**
 * Reads the flags of `npm start`; `help` when they ask for it.
 *
 * @throws {UsageError} for an unknown flag or a malformed value
 * @example parseStartOptions(['--port', '4100']) // { port: 4100, dynamodb: 'dynoxide', clock: { kind: 'wall' }, … }
 */
export const parseStartOptions = (args: string[]): StartOptions | 'help' => {
  const parsed = flags.safeParse(readFlags(args))
  if (!parsed.success) throw new UsageError(parsed.error.issues.map(({ message }) => message).join('; '))
  const { port, dynamodb, clock, logs, help, 'data-dir': dataDir } = parsed.data
  if (help) return 'help'
  return {
    port,
    dynamodb,
    logs,
    clock: clock === undefined ? { kind: 'wall' } : { kind: 'virtual', atMs: Date.parse(clock) },
    ...(dataDir !== undefined && { dataDir }),
  }
}

const readFlags = (args: string[]): object => {
  try {
    return parseArgs({
      args,
      strict: true,
      allowPositionals: false,
      options: {
        port: { type: 'string' },
        'data-dir': { type: 'string' },
        dynamodb: { type: 'string' },
        clock: { type: 'string' },
        logs: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
