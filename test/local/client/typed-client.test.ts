import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { writeClient } from '#scripts/openapi/client.ts'
import { ALL_ROUTES } from '#scripts/openapi/routes.ts'
import { CLIENT_FILE } from '#test/local/client/typed-client.ts'

const TSC = join(import.meta.dirname, '../../../node_modules/.bin/tsc')

beforeAll(() => writeClient(CLIENT_FILE))

describe('the client that is generated from the document', () => {
  test('has every operation', () => {
    const client = readFileSync(CLIENT_FILE, 'utf8')
    const missing = Object.values(ALL_ROUTES)
      .map(({ document }) => document.operationId)
      .filter((name) => !client.includes(` ${name}: (`))
    expect(missing).toEqual([])
  })

  test('is sound by its types, and so is what the end-to-end tests do with it', () => {
    const { status, stdout } = spawnSync(TSC, ['--noEmit', '-p', import.meta.dirname], { encoding: 'utf8' })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })
})
