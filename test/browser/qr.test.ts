import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { handler as customerApi } from '#functions/customer-api/handler.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { merchantId, tables } from '#test/functions/redemptions/world.ts'
import { httpEvent, lambdaContext } from '#test/support/http-event.ts'
import { created } from '#test/support/merchants.ts'

const CHROMIUM = '/usr/bin/chromium'
const PLAIN = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']

const qrCode = await created(merchantApi, 'POST /v1/merchants/{merchantId}/qr-codes', {
  subject: 'owner',
  path: { merchantId },
  body: {
    name: 'Window',
    action: { type: 'signUp' },
    caption: 'A coffee for <b>you</b>',
    placement: { label: 'Shop window', kind: 'offline' },
  },
})

const answer = async ({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> => {
  const [, code = '', end = ''] = /^\/q\/([^/]+)(\/scans)?$/.exec(url ?? '') ?? []
  const event = httpEvent(`${method} /q/{code}${end}`, { path: { code } })
  const { statusCode, headers, body } = await customerApi(event, lambdaContext())
  response.writeHead(statusCode ?? 500, headers as Record<string, string>).end(body)
}

const server = createServer((request, response) => void answer(request, response))
let origin = ''
let browser: Browser

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  origin = `http://127.0.0.1:${address.port}`
  if (existsSync(CHROMIUM)) browser = await chromium.launch({ executablePath: CHROMIUM, args: PLAIN })
})
afterAll(async () => {
  await browser?.close()
  server.close()
})

const scans = async () => (await tables.allOf(tables.ledger)).filter(({ kind }) => kind === 'scan').length

describe.skipIf(!existsSync(CHROMIUM))('the page of a QR code', () => {
  test('fits a phone, counts when its button is pressed, and leads to the app', async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 640 } })
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico'))
        complaints.push(message.text())
    })
    await page.goto(`${origin}/q/${qrCode.code}`)
    expect(await page.locator('h1').innerText()).toBe('A coffee for <b>you</b>')
    const button = await page.locator('button').boundingBox()
    expect(button && button.x + button.width).toBeLessThanOrEqual(360)
    expect(await scans()).toBe(0)

    await page.locator('button').click()
    await page.waitForSelector('a.go')
    expect(await page.locator('a.go').getAttribute('href')).toMatch(/^beckon:\/\/scan\/[\w-]{22}$/)
    expect(await scans()).toBe(1)
    expect(complaints).toEqual([])
  })
})
