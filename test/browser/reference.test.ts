import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createReadAsset } from '#functions/customer-api/reference/read-asset.ts'
import { routes } from '#functions/customer-api/routes.ts'
import { writeReferenceFiles } from '#scripts/openapi/reference-files.ts'
import { ALL_ROUTES } from '#scripts/openapi/routes.ts'
import { httpHandler } from '#shared/runtime/http/http-handler.ts'
import { httpEvent, lambdaContext } from '#test/support/http-event.ts'

const CHROMIUM = '/usr/bin/chromium'
const PLAIN = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']

const folder = mkdtempSync(join(tmpdir(), 'beckon-reference-'))
const readAsset = createReadAsset(pathToFileURL(`${folder}/`))
const handler = httpHandler({
  name: 'customer-api',
  routes: Object.fromEntries(Object.entries(routes).filter(([key]) => !key.includes('/v1/'))),
  services: async () => ({ readAsset }) as never,
})

const routeOf = (path: string) => {
  const [, file] = /^\/docs\/([^/]+)$/.exec(path) ?? []
  return file === undefined
    ? { key: `GET ${path}`, parameters: {} }
    : { key: 'GET /docs/{file}', parameters: { file } }
}

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { key, parameters } = routeOf(new URL(request.url ?? '/', 'http://localhost').pathname)
  const headers = { 'accept-encoding': String(request.headers['accept-encoding'] ?? '') }
  const {
    statusCode,
    headers: told,
    body,
  } = await handler(httpEvent(key, { path: parameters, headers }), lambdaContext())
  response.writeHead(statusCode ?? 500, told as Record<string, string>).end(Buffer.from(body ?? '', 'base64'))
}

const server = createServer((request, response) => void answer(request, response))
let origin = ''
let browser: Browser

beforeAll(async () => {
  await writeReferenceFiles(folder)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  origin = `http://127.0.0.1:${address.port}`
  if (existsSync(CHROMIUM)) browser = await chromium.launch({ executablePath: CHROMIUM, args: PLAIN })
})
afterAll(async () => {
  await browser?.close()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(!existsSync(CHROMIUM))('the reference page', () => {
  test('shows every operation, with its example, and asks nobody but the API itself', async () => {
    const page = await browser.newPage({ viewport: { width: 1200, height: 1000 } })
    const complaints: string[] = []
    const asked = new Set<string>()
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => asked.add(new URL(request.url()).origin))
    await page.goto(`${origin}/docs`)
    await page.waitForSelector('.opblock')
    expect(await page.locator('.opblock').count()).toBe(Object.keys(ALL_ROUTES).length)

    await page.locator('#operations-app-postPings .opblock-summary').click()
    await page.waitForSelector('#operations-app-postPings .opblock-body')
    const shown = await page.locator('#operations-app-postPings').innerText()
    expect(shown).toContain('"accuracyM": 12')
    expect(shown).toContain('nextPingS')
    await page.screenshot({ path: '.beckon/reference.png' })
    expect([...asked].filter((one) => one !== origin && one !== 'null')).toEqual([])
    expect(complaints).toEqual([])
  })
})
