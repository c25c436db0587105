import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { createTables } from '#local/cloud/engine/create-tables.ts'
import { createDynamodbClient } from '#local/cloud/engine/dynamodb-client.ts'
import { startGuardedChild } from '#local/cloud/engine/guarded-child.ts'
import { type EngineChoice, startEngine } from '#local/cloud/engine/start-engine.ts'
import { openState } from '#local/cloud/state.ts'
import type { TablePlan } from '#local/cloud/template/cloud-plan.ts'

const start = async (choice: EngineChoice, dataDir?: string) => {
  const state = openState(undefined)
  const lines: string[] = []
  const engine = await startEngine({
    choice,
    dataDir,
    store: state.store('engine'),
    onProgress: (line) => lines.push(line),
  })
  onTestFinished(async () => {
    await engine.close()
    state.close()
  })
  return { engine, lines, pid: Number(state.store('engine').get('pid')) }
}
const table = (sortKey?: string): TablePlan => ({
  logicalId: 'Items',
  name: 'items',
  streamArn: '',
  hasStream: false,
  create: {
    TableName: 'items',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', ...(sortKey === undefined ? [] : [sortKey])].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      ...(sortKey === undefined ? [] : [{ AttributeName: sortKey, KeyType: 'RANGE' as const }]),
    ],
  },
})

describe('the DynamoDB engine', () => {
  test('keeps its tables in the data directory', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'beckon-engine-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    const first = await start('dynoxide', dataDir)
    const client = createDynamodbClient(first.engine.url)
    await createTables(client, [table()])
    await client.call('PutItem', { TableName: 'items', Item: { pk: { S: 'a' } } })
    client.close()
    await first.engine.close()
    expect(existsSync(`/proc/${first.pid}`)).toBe(false)

    const second = await start('dynoxide', dataDir)
    const again = createDynamodbClient(second.engine.url)
    onTestFinished(() => again.close())
    await createTables(again, [table()])
    expect(await again.call('GetItem', { TableName: 'items', Key: { pk: { S: 'a' } } })).toEqual({
      Item: { pk: { S: 'a' } },
    })
    await expect(createTables(again, [table('sk')])).rejects.toThrow(/table items .* other keys/)
  })

  test('can be one that runs already', async () => {
    const { engine } = await start(inject('dynamodbUrl'))
    expect(engine).toMatchObject({ kind: 'url', url: inject('dynamodbUrl') })
  })

  test('needs Java for Amazon’s own, and says so', async () => {
    const tools = mkdtempSync(join(tmpdir(), 'beckon-tools-'))
    const path = process.env['PATH']
    onTestFinished(() => {
      process.env['PATH'] = path
      rmSync(tools, { recursive: true })
    })
    for (const tool of ['sh', 'cat']) symlinkSync(join('/bin', tool), join(tools, tool))
    process.env['PATH'] = tools
    await expect(start('local')).rejects.toThrow(/needs Java 17 or newer on the PATH.*java/)
  })

  test('tells what is wrong in DynamoDB’s words', async () => {
    const client = createDynamodbClient(inject('dynamodbUrl'))
    onTestFinished(() => client.close())
    await expect(client.call('DescribeTable', { TableName: 'nowhere' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
  })
})

describe('a guarded child', () => {
  test('that ends by itself tells what it wrote', async () => {
    const child = await startGuardedChild('sh', ['-c', 'echo out; echo error >&2'])
    expect(await child.ended).toMatch(/error|out/)
    await child.stop()
  })

  test('that does not listen to a request to end is killed', async () => {
    const child = await startGuardedChild('sh', ['-c', 'trap "" TERM; while true; do sleep 1; done'])
    await child.stop()
    expect(existsSync(`/proc/${child.pid}`)).toBe(false)
  })
})

test('two servers cannot have one port', async () => {
  const { listenLocally, PortInUse } = await import('#local/cloud/http-server.ts')
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await expect(listenLocally(port, async () => ({ status: 200, headers: {}, body: '' }))).rejects.toThrow(
    PortInUse,
  )
})
