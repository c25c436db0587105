import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseStartOptions, UsageError } from '#local/demo/start-options.ts'

const PROGRAM = fileURLToPath(new URL('../../local/start.ts', import.meta.url))
const ENGINE = process.env['BECKON_DYNAMODB'] === 'local' ? 'local' : 'dynoxide'

type Started = {
  child: ChildProcess
  output(): string
  until(text: RegExp): Promise<string>
  ended: Promise<number>
}

const start = (...args: string[]): Started => {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const waiting = new Set<() => void>()
  const keep = (chunk: Buffer) => {
    output += chunk.toString()
    for (const look of waiting) look()
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = once(child, 'close').then(([code]) => Number(code))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const until = (text: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = text.exec(output)
        if (found === null) return
        waiting.delete(look)
        resolve(found[1] ?? found[0])
      }
      waiting.add(look)
      look()
      void ended.then(() => reject(new Error(`it ended: ${output}`)))
    })
  return { child, output: () => output, until, ended }
}

describe('npm start', () => {
  test('brings Beckon up with its demo, shows what the phone receives, and stops on Ctrl-C', async () => {
    // At noon: at night the law of the place keeps the demo's promotion silent.
    const first = start('--port', '0', '--dynamodb', ENGINE, '--clock', '2026-01-05T20:00:00Z')
    const url = await first.until(/ready: (http:\S+)/)
    const ping = await first.until(/^(curl.*\/v1\/pings.*)\n/m)
    const shell = spawn('sh', ['-c', ping], { stdio: 'ignore' })
    expect(await once(shell, 'close')).toEqual([0, null])
    await first.until(/push to APNS .*Square Coffee/)

    const second = start('--port', new URL(url).port, '--dynamodb', ENGINE)
    expect(await second.ended).toBe(1)
    expect(second.output()).toMatch(/port \d+ is in use/)

    first.child.kill('SIGINT')
    expect(await first.ended).toBe(0)
  })

  test.each([
    ['an unknown flag', ['--colour', 'red'], /--colour/],
    ['a word that is no flag', ['now'], /now/],
    ['a port that is none', ['--port', 'seventy'], /--port takes a number/],
    ['an engine that it does not know', ['--dynamodb', 'oracle'], /--dynamodb takes dynoxide, local or/],
    ['a time that is none', ['--clock', 'tomorrow'], /--clock takes an RFC 3339 time/],
    ['an empty directory name', ['--data-dir', ''], /--data-dir takes a directory/],
  ])('refuses %s', (_name, args, message) => {
    expect(() => parseStartOptions(args)).toThrow(UsageError)
    expect(() => parseStartOptions(args)).toThrow(message)
  })

  test('knows its flags', () => {
    expect(parseStartOptions([])).toEqual({
      port: 4000,
      dynamodb: 'dynoxide',
      clock: { kind: 'wall' },
      logs: false,
    })
    expect(parseStartOptions(['--help'])).toBe('help')
    expect(
      parseStartOptions([
        '--port',
        '4100',
        '--data-dir',
        'd',
        '--dynamodb',
        'http://127.0.0.1:8000',
        '--clock',
        '2026-01-05T09:00:00-08:00',
      ]),
    ).toEqual({
      port: 4100,
      dataDir: 'd',
      dynamodb: 'http://127.0.0.1:8000',
      clock: { kind: 'virtual', atMs: Date.UTC(2026, 0, 5, 17) },
      logs: false,
    })
  })
})
