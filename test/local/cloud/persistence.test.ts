import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createDynamodbClient } from '#local/cloud/engine/dynamodb-client.ts'
import {
  eventSource,
  everyMinute,
  type FixtureParts,
  httpApi,
  queue,
  readRecords,
  START_MS,
  tableWithStream,
  writeAssembly,
} from '#test/local/cloud/fixture-parts.ts'

const PROGRAM = fileURLToPath(new URL('./run-fixture.ts', import.meta.url))
const MINUTE = 60_000

/** Each posted order becomes an item, a message by its stream, and a record by the queue; a tick every minute. */
const PARTS: FixtureParts = {
  handlers: {
    Enter: `
      const { id, delayS } = JSON.parse(event.body)
      await dynamodb('PutItem', { TableName: process.env.ITEMS, Item: { pk: { S: id }, delayS: { N: String(delayS) } } })
      return { statusCode: 200 }`,
    Carry: `
      for (const { dynamodb: { NewImage } } of event.Records) {
        if (NewImage === undefined) continue
        await sqs('SendMessage', { QueueUrl: process.env.ORDERS, MessageBody: NewImage.pk.S, DelaySeconds: Number(NewImage.delayS.N) })
      }`,
    Finish: 'for (const { body } of event.Records) record(["order", body, clock()])',
    Tick: 'record(["tick", clock()])',
  },
  resources: {
    Items: tableWithStream(),
    Orders: queue(),
    Enter: {
      Type: 'AWS::Lambda::Function',
      Properties: { Environment: { Variables: { ITEMS: { Ref: 'Items' } } } },
    },
    Carry: {
      Type: 'AWS::Lambda::Function',
      Properties: { Environment: { Variables: { ORDERS: { Ref: 'Orders' } } } },
    },
    FromItems: eventSource({ table: 'Items' }, 'Carry', { BatchSize: 5 }),
    FromOrders: eventSource({ queue: 'Orders' }, 'Finish'),
    EveryMinute: everyMinute('Tick'),
    ...httpApi('Enter', { 'POST /orders': undefined }),
  },
}

type RunningProcess = {
  process: ChildProcess
  post(path: string, body: object): Promise<unknown>
  get(path: string): Promise<unknown>
  kill(): Promise<void>
}

const startProcess = async (folder: string, dataDir: string): Promise<RunningProcess> => {
  const child = spawn(process.execPath, [PROGRAM, folder, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const url = String(line).trim()
  const send = async (path: string, init: RequestInit) => {
    const response = await fetch(`${url}${path}`, init)
    const text = await response.text()
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  }
  return {
    process: child,
    post: (path, body) =>
      send(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    get: (path) => send(path, {}),
    kill: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Processes whose command line names this directory. */
const processesOf = (dataDir: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const file = `/proc/${pid}/cmdline`
      const line = existsSync(file) ? readQuietly(file) : ''
      return line.includes(dataDir) ? [line.replaceAll('\0', ' ')] : []
    })

const readQuietly = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // The process ended between listing and reading.
    return ''
  }
}

let assembly: { folder: string; log: string }
beforeAll(() => {
  assembly = writeAssembly(PARTS)
  return () => rmSync(assembly.folder, { recursive: true, force: true })
})

const newDataDir = () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'beckon-data-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  rmSync(assembly.log, { force: true })
  return dataDir
}

describe('a cloud with a data directory that is killed', () => {
  test('leaves no child, and goes on where it was', async () => {
    const dataDir = newDataDir()
    const first = await startProcess(assembly.folder, dataDir)
    await first.post('/orders', { id: 'one', delayS: 600 })
    await first.post('/_local/advance', { to: START_MS + 2 * MINUTE })
    await first.kill()
    await expect.poll(() => processesOf(dataDir), { timeout: 5_000 }).toEqual([])

    const second = await startProcess(assembly.folder, dataDir)
    expect(await second.get('/_local/clock')).toMatchObject({ kind: 'virtual', atMs: START_MS + 2 * MINUTE })
    await second.post('/_local/advance', { to: START_MS + 11 * MINUTE })
    await second.kill()
    const records = readRecords(assembly.log)
    expect(records.filter((record) => Array.isArray(record) && record[0] === 'order')).toEqual([
      ['order', 'one', START_MS + 10 * MINUTE],
    ])
    expect(records.filter((record) => Array.isArray(record) && record[0] === 'tick')).toEqual(
      Array.from({ length: 11 }, (_, at) => ['tick', START_MS + (at + 1) * MINUTE]),
    )
  })

  test('loses no order that it accepted, at whatever point it is killed', async () => {
    const dataDir = newDataDir()
    const accepted: string[] = []
    for (let round = 0; round < 4; round += 1) {
      const running = await startProcess(assembly.folder, dataDir)
      const work = (async () => {
        for (let order = 0; ; order += 1) {
          const id = `r${round}-${order}`
          await running.post('/orders', { id, delayS: order % 2 === 0 ? 0 : 30 })
          accepted.push(id)
          await running.post('/_local/drain', {})
        }
      })().catch(() => 'killed')
      const target = accepted.length + 3 + 4 * round
      await expect.poll(() => accepted.length, { timeout: 20_000, interval: 1 }).toBeGreaterThan(target)
      await running.kill()
      expect(await work).toBe('killed')
    }
    const last = await startProcess(assembly.folder, dataDir)
    await last.post('/_local/advance', { to: START_MS + 30 * MINUTE })
    await last.kill()
    const finished = new Set(
      readRecords(assembly.log).flatMap((record) =>
        Array.isArray(record) && record[0] === 'order' ? [record[1]] : [],
      ),
    )
    expect(accepted.filter((id) => !finished.has(id))).toEqual([])
    await expect.poll(() => processesOf(dataDir), { timeout: 5_000 }).toEqual([])
  })
})

test('createDynamodbClient gives up when nobody listens', async () => {
  const client = createDynamodbClient('http://127.0.0.1:9')
  onTestFinished(() => client.close())
  await expect(client.call('ListTables', {})).rejects.toThrow(/ECONNREFUSED/)
})
