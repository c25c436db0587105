import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { TracePing } from '#local/replay/read-pings.ts'
import type { TraceStore } from '#local/replay/read-stores.ts'
import { inventPings, inventStores, randomFrom } from '#test/local/end-to-end/traces.ts'
import { engine, startWorld } from '#test/local/end-to-end/world.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const SEED = Number(process.env['BECKON_SEED'] ?? 7)
const KILLS = 20
const START_MS = Date.parse('2026-03-09T16:00:00Z')

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const csv = (header: string, rows: readonly (readonly (string | number)[])[]) =>
  [header, ...rows.map((row) => row.join(','))].join('\n')

const writeTrace = (folder: string, stores: readonly TraceStore[], pings: readonly TracePing[]) => {
  const files = { stores: path.join(folder, 'stores.csv'), pings: path.join(folder, 'pings.csv') }
  writeFileSync(
    files.stores,
    csv(
      'id,brand,lat,lon',
      stores.map(({ id, brand, lat, lon }) => [id, brand, lat, lon]),
    ),
  )
  writeFileSync(
    files.pings,
    csv(
      'user_id,timestamp_utc,lat,lon',
      pings.map(({ user, atMs, lat, lon }) => [user, new Date(atMs).toISOString(), lat, lon]),
    ),
  )
  return files
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The replay's virtual time, or undefined while it does not answer. */
const timeAt = async (port: number): Promise<number | undefined> => {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/_local/clock`, {
      signal: AbortSignal.timeout(2000),
    })
    return response.ok ? ((await response.json()) as { atMs: number }).atMs : undefined
  } catch {
    return undefined
  }
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode)
    else child.once('exit', (code) => resolve(code))
  })

/** Processes whose command line names the folder. */
const processesOf = (folder: string): string[] =>
  execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder) && !line.includes('ps -eo'))

const untilGone = async (folder: string): Promise<string[]> => {
  for (let tries = 0; tries < 100 && processesOf(folder).length > 0; tries++) await wait(20)
  return processesOf(folder)
}

describe('a replay that is killed again and again', () => {
  it(`loses no grant's message, publishes no SMS twice and leaves no process, after ${KILLS} kills`, async (context) => {
    if (engine === 'local') {
      const reason = 'skipped: it starts the engine 21 times, which takes Java minutes'
      console.log(reason)
      return context.skip(reason)
    }
    console.log(`BECKON_SEED=${SEED}`)
    const random = randomFrom(SEED)
    const folder = mkdtempSync(path.join(tmpdir(), 'beckon-kill-'))
    folders.push(folder)
    const dataDir = path.join(folder, 'data')
    const files = writeTrace(folder, inventStores(random, 60), inventPings(random, 12, 600, START_MS))
    const start = async (port: number) =>
      spawn(
        process.execPath,
        [
          ...[
            'local/replay.ts',
            '--stores',
            files.stores,
            '--pings',
            files.pings,
            '--batch',
            '5',
            '--cool-down',
            '900',
          ],
          ...['--channel', 'mixed', '--data-dir', dataDir, '--port', String(port), '--dynamodb', engine],
        ],
        { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] },
      )
    const errors: string[] = []
    let kills = 0
    while (kills < KILLS) {
      const port = await freePort()
      const child = await start(port)
      child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString()))
      let time = await timeAt(port)
      // Every fifth time it dies while it starts or imports; else somewhere in the play.
      const earliest = kills % 5 === 0 ? 0 : START_MS
      while ((time === undefined || time < earliest) && child.exitCode === null) {
        await wait(10)
        time = await timeAt(port)
      }
      expect(child.exitCode, errors.slice(-20).join('')).toBeNull()
      await wait(random() * 900)
      child.kill('SIGKILL')
      await ended(child)
      kills += 1
      expect(await untilGone(dataDir)).toEqual([])
    }

    const last = await start(await freePort())
    last.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString()))
    expect(await ended(last), errors.slice(-20).join('')).toBe(0)
    expect(await untilGone(dataDir)).toEqual([])

    const world = await startWorld({ dataDir })
    try {
      const grants = await world.itemsOf('ledger', 'grant')
      const messages = new Map(
        (await world.itemsOf('ledger', 'message')).map((message) => [message['messageId'], message]),
      )
      const received = world.cloud.phones.received()
      const texts = received.filter((one) => one.channel === 'sms')
      expect(grants.length).toBeGreaterThan(15)
      const unsent = grants
        .map(({ messageId }) => messages.get(messageId))
        .filter((message) => message?.['state'] !== 'sent')
      // Only of a text message that a kill met on its way may nobody know whether it went out; a push is sent again.
      const untold = unsent.filter(
        (message) => message?.['state'] === 'unknown' && message['channel'] === 'sms',
      )
      expect(unsent.map((message) => message?.['state'])).toEqual(untold.map(() => 'unknown'))
      expect(untold.length).toBeLessThanOrEqual(KILLS)
      // The code makes the text of each SMS its own.
      expect(texts.length).toBeGreaterThan(5)
      expect(new Set(texts.map((text) => JSON.stringify([text.phoneNumber, text.text]))).size).toBe(
        texts.length,
      )
      const sent = [...messages.values()].filter(({ state }) => state === 'sent')
      const sentPushes = sent.filter(({ channel }) => channel === 'push').map(({ messageId }) => messageId)
      const pushed = new Set(received.map((one) => (one.channel === 'push' ? one.collapseKey : undefined)))
      expect(sentPushes.filter((messageId) => !pushed.has(String(messageId)))).toEqual([])
      expect(sent.filter(({ channel }) => channel === 'sms').length).toBeLessThanOrEqual(texts.length)
      console.log(
        `${grants.length} grants, ${texts.length} SMS and ${received.length - texts.length} pushes received`,
      )
    } finally {
      await world.close()
    }
  }, 600_000)
})
