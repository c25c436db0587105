import { createHash } from 'node:crypto'
import { DeleteCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { handler as customerApi } from '#functions/customer-api/handler.ts'
import { triggersOfEvent } from '#functions/decide-offers/triggers-of.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { ledgerTrigger } from '#shared/contracts/items/ledger.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { storedIn } from '#test/functions/decide-offers/stored.ts'
import {
  clock,
  DAY,
  granted,
  MINUTE,
  merchantId,
  redeem,
  rotate,
  store,
  tables,
  tokenOf,
} from '#test/functions/redemptions/world.ts'
import { callApi, httpEvent, lambdaContext } from '#test/support/http-event.ts'
import { created, offerBody, sceneBody } from '#test/support/merchants.ts'
import { readQr } from '#test/support/read-qr.ts'

await rotate(clock.nowMs)
const stored = storedIn(tables)
const path = { merchantId }
const offer = await created(merchantApi, 'POST /v1/merchants/{merchantId}/offers', {
  subject: 'owner',
  path,
  body: offerBody(),
})
const scene = await created(merchantApi, 'POST /v1/merchants/{merchantId}/scenes', {
  subject: 'owner',
  path,
  body: sceneBody({ triggers: [{ type: 'enter' }, { type: 'event', eventType: 'qr_scan' }] }),
})
const bodyOf = (changes: Readonly<Record<string, unknown>> = {}) => ({
  name: 'Window',
  action: { type: 'coupon', sceneId: scene.id },
  caption: 'Scan for a free coffee',
  placement: { label: 'Shop window', kind: 'offline', storeId: store.id },
  ...changes,
})
const post = (body: unknown) =>
  callApi(merchantApi, 'POST /v1/merchants/{merchantId}/qr-codes', { subject: 'owner', path, body })
const newCode = async (changes?: Readonly<Record<string, unknown>>) => {
  const { status, body } = await post(bodyOf(changes))
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body
}
const ofCode = (routeEnd: string, qrCodeId: string, method = 'GET') =>
  callApi(merchantApi, `${method} /v1/merchants/{merchantId}/qr-codes/{qrCodeId}${routeEnd}`, {
    subject: 'owner',
    path: { merchantId, qrCodeId },
  })
const NOTHING = { scans: 0, claimedScans: 0, customers: 0, signUps: 0, claims: 0, redemptions: 0 }
const countsOf = async (qrCodeId: string) => (await ofCode('/counts', qrCodeId)).body
const look = (code: string, headers = {}) =>
  callApi(customerApi, 'GET /q/{code}', { path: { code }, headers })
const press = async (code: string) => {
  const { status, body } = await callApi(customerApi, 'POST /q/{code}/scans', { path: { code } })
  expect(status).toBe(200)
  return { html: body as string, scanId: /beckon:\/\/scan\/([\w-]{22})/.exec(body)?.[1] ?? '' }
}
const claim = (subject: string, body: unknown) =>
  callApi(customerApi, 'POST /v1/me/scans', { subject, scopes: ['customer'], body })
const eventsOf = async (subject: string) =>
  (await tables.allOf(tables.ledger)).filter(
    ({ pk, kind }) => pk === `U#${userIdOf(subject)}` && kind === 'event',
  )

describe('a QR code', () => {
  test('has one action, a placement and a code of its own', async () => {
    const [one, other] = [await newCode(), await newCode()]
    expect(one).toMatchObject(bodyOf())
    expect(one.code).toMatch(/^[0-9A-HJKMNP-TV-Z]{12}$/)
    expect(other.code).not.toBe(one.code)
  })

  test.each([
    [{ caption: undefined }, '/caption'],
    [{ caption: 'Free' }, '/caption'],
    [{ caption: 'Scan me now!' }, '/caption'],
    [{ caption: 'x'.repeat(121) }, '/caption'],
    [{ action: { type: 'survey', url: 'http://example.com' } }, '/action/url'],
    [{ action: { type: 'survey', url: 'javascript:alert(1)' } }, '/action/url'],
    [{ action: { type: 'productPage', url: `https://example.com/${'x'.repeat(500)}` } }, '/action/url'],
    [{ action: [{ type: 'signUp' }, { type: 'redeem' }] }, '/action'],
    [{ action: { type: 'signUp', url: 'https://example.com' } }, '/action/url'],
    [{ action: { type: 'pay', url: 'https://example.com' } }, '/action/offerId'],
    [{ placement: { label: 'x', kind: 'sky' } }, '/placement/kind'],
  ])('is refused with %j', async (changes, pointer) => {
    const { status, body } = await post(JSON.parse(JSON.stringify(bodyOf(changes))))
    expect([status, body.errors[0].pointer]).toEqual([400, pointer])
  })

  test('names only what is there, and keeps it there', async () => {
    const missing = 'off_01J0000000000000000000000A'
    const pay = { type: 'pay', url: 'https://pay.example.com/', offerId: missing }
    const { status, body } = await post(bodyOf({ action: pay }))
    expect([status, body.errors[0].pointer]).toEqual([422, '/action/offerId'])
    const one = await newCode({ action: { ...pay, offerId: offer.id } })
    const remove = () =>
      callApi(merchantApi, 'DELETE /v1/merchants/{merchantId}/offers/{offerId}', {
        subject: 'owner',
        path: { merchantId, offerId: offer.id },
      })
    expect((await remove()).body).toMatchObject({ code: 'inUse', heldBy: [{ type: 'qrCode', id: one.id }] })
    expect((await ofCode('', one.id, 'DELETE')).status).toBe(204)
  })

  test('gives a coupon by a scene that hears of scans, and by no other', async () => {
    const deaf = await created(merchantApi, 'POST /v1/merchants/{merchantId}/scenes', {
      subject: 'owner',
      path,
      body: sceneBody({ triggers: [{ type: 'enter' }, { type: 'event', eventType: 'purchase' }] }),
    })
    const one = await newCode()
    const replace = (action: unknown) =>
      callApi(merchantApi, 'PUT /v1/merchants/{merchantId}/qr-codes/{qrCodeId}', {
        subject: 'owner',
        path: { merchantId, qrCodeId: one.id },
        body: bodyOf({ action }),
      })
    for (const sceneId of [deaf.id, 'scn_01J0000000000000000000000A']) {
      const action = { type: 'coupon', sceneId }
      for (const { status, body } of [await post(bodyOf({ action })), await replace(action)])
        expect([status, body.errors[0].pointer]).toEqual([422, '/action/sceneId'])
    }
    expect((await replace({ type: 'coupon', sceneId: scene.id })).status).toBe(200)
  })

  test('is drawn with its caption, so that a phone reads it', async () => {
    const one = await newCode({ caption: 'A free coffee & cake <today>, for everybody who comes in' })
    const { status, headers, body } = await ofCode('/image', one.id)
    expect([status, headers['content-type']]).toEqual([200, 'image/svg+xml'])
    const size = Number(/viewBox="0 0 (\d+) /.exec(body)?.[1])
    const modules = Array.from({ length: size }, () => Array.from({ length: size }, () => false))
    for (const [, x, y] of body.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
      const row = modules[Number(y)]
      if (row) row[Number(x)] = true
    }
    expect(readQr(modules)).toBe(`https://api.example.com/q/${one.code}`)
    // Four modules on each side stay white.
    const margin = [0, 1, 2, 3, size - 4, size - 3, size - 2, size - 1]
    expect(margin.some((index) => modules[index]?.includes(true) || modules.some((row) => row[index]))).toBe(
      false,
    )
    const lines = [...body.matchAll(/<tspan[^>]*>([^<]*)</g)].map(([, line]) => line)
    expect(lines.join(' ')).toBe('A free coffee &#38; cake &#60;today&#62;, for everybody who comes in')
  })

  test('keeps what is printed when it is changed, and leads nowhere when it is gone', async () => {
    const one = await newCode()
    const { body } = await callApi(merchantApi, 'PUT /v1/merchants/{merchantId}/qr-codes/{qrCodeId}', {
      subject: 'owner',
      path: { merchantId, qrCodeId: one.id },
      body: bodyOf({ caption: 'Scan for free cake' }),
    })
    expect([body.code, body.revision]).toEqual([one.code, 2])
    expect((await look(one.code)).body).toContain('Scan for free cake')
    await ofCode('', one.id, 'DELETE')
    const gone = await customerApi(httpEvent('GET /q/{code}', { path: { code: one.code } }), lambdaContext())
    const never = await customerApi(httpEvent('GET /q/{code}', { path: { code: 'none' } }), lambdaContext())
    expect([gone.statusCode, gone.headers?.['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
    expect(never.body).toBe(gone.body)
    expect(gone.body).toContain('<title>This code is not in use any more.</title>')
  })
})

describe('the page of a QR code', () => {
  test('says what it is for, with one button and no script', async () => {
    const one = await newCode({ caption: 'A coffee for <b>you</b>' })
    const { status, headers, body } = await look(one.code)
    expect(status).toBe(200)
    expect(body).toContain('A coffee for &#60;b&#62;you&#60;/b&#62;')
    expect(body).toContain('Blue Door')
    expect(body.match(/<button>/g)).toHaveLength(1)
    expect(body).not.toMatch(/<script|onclick|src=/i)
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(body).toContain('<html lang="en">')
    const german = (await look(one.code, { 'accept-language': 'de-AT,de;q=0.9' })).body
    expect(german).toContain('Holen')
    expect(german).toContain('<html lang="de">')
  })

  test('is found by a code typed in lower case', async () => {
    const one = await newCode()
    expect((await look(one.code.toLowerCase())).status).toBe(200)
    expect((await claim('lois', { code: one.code.toLowerCase(), scanId: 'C'.repeat(22) })).status).toBe(200)
  })

  test('counts who presses the button, not who looks at the link', async () => {
    const one = await newCode()
    for (let visit = 0; visit < 3; visit += 1) await look(one.code)
    expect(await countsOf(one.id)).toEqual(NOTHING)
    await Promise.all(Array.from({ length: 20 }, () => press(one.code)))
    expect(await countsOf(one.id)).toEqual({ ...NOTHING, scans: 20 })
  })

  test.each([
    [{ type: 'productPage', url: 'https://example.com/p?a=1&b=2' }, 'https://example.com/p?a=1&#38;b=2'],
    [{ type: 'survey', url: 'https://example.com/s' }, 'https://example.com/s'],
    [
      { type: 'pay', url: 'https://pay.example.com/x?shop=1', offerId: offer.id },
      `shop=1&#38;offerId=${offer.id}`,
    ],
  ])('leads to exactly what %j says', async (action, link) => {
    const { html } = await press((await newCode({ action })).code)
    expect(html).toContain(link)
    expect(html.match(/class="go"/g)).toHaveLength(1)
  })
})

describe('a scan', () => {
  test('of the web becomes the customer’s own when it signs in, as one event at the time of the scan', async () => {
    const one = await newCode()
    const scannedAt = new Date(clock.nowMs).toISOString()
    const { scanId } = await press(one.code)
    clock.advance(5 * MINUTE)
    const first = await claim('dora', { scanId })
    expect([first.status, first.body]).toEqual([
      200,
      { qrCodeId: one.id, merchantId, action: one.action, caption: one.caption },
    ])
    const all = await Promise.all(Array.from({ length: 10 }, () => claim('dora', { scanId })))
    expect(all.map(({ body }) => body)).toEqual(all.map(() => first.body))
    const events = await eventsOf('dora')
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      type: 'qr_scan',
      at: scannedAt,
      merchantId,
      storeId: store.id,
      properties: { qrCodeId: one.id, placement: 'Shop window' },
    })
    const triggers = triggersOfEvent(ledgerTrigger.parse(events[0]))
    expect(triggers.map(({ type }) => type)).toEqual(['event'])
    expect(await countsOf(one.id)).toEqual({
      ...NOTHING,
      scans: 1,
      claimedScans: 1,
      customers: 1,
      signUps: 1,
    })
    const relationship = (await tables.allOf(tables.ledger)).find(
      ({ pk, sk }) => pk === `U#${userIdOf('dora')}` && sk === `M#${merchantId}`,
    )
    expect(relationship?.['actedAt']).toBeDefined()
  })

  test('is nobody else’s afterwards', async () => {
    const one = await newCode()
    const { scanId } = await press(one.code)
    const answers = await Promise.all(['eve', 'finn', 'gina'].map((subject) => claim(subject, { scanId })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 404, 404])
    expect(await countsOf(one.id)).toEqual({
      ...NOTHING,
      scans: 1,
      claimedScans: 1,
      customers: 1,
      signUps: 1,
    })
  })

  test('of the app counts once, however often it is sent', async () => {
    const one = await newCode()
    const body = { code: one.code, scanId: 'made-by-the-app-000001' }
    const answers = await Promise.all(Array.from({ length: 5 }, () => claim('hugo', body)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(await eventsOf('hugo')).toHaveLength(1)
    expect(await countsOf(one.id)).toEqual({
      ...NOTHING,
      scans: 1,
      claimedScans: 1,
      customers: 1,
      signUps: 1,
    })
  })

  test('that nobody made, or of another code, is not found', async () => {
    const [one, other] = [await newCode(), await newCode()]
    const { scanId } = await press(one.code)
    expect((await claim('ida', { scanId: 'A'.repeat(22) })).status).toBe(404)
    expect((await claim('ida', { scanId, code: other.code })).status).toBe(404)
    expect((await claim('ida', { scanId: 'B'.repeat(22), code: 'ZZZZZZZZZZZZ' })).status).toBe(404)
    expect(await eventsOf('ida')).toEqual([])
  })

  test('of the web is claimed for 30 days, also where its removal comes late', async () => {
    const one = await newCode()
    const [inTime, late] = [await press(one.code), await press(one.code)]
    clock.advance(30 * DAY - 1)
    expect((await claim('jim', { scanId: inTime.scanId })).status).toBe(200)
    clock.advance(1)
    expect((await claim('jim', { scanId: late.scanId })).status).toBe(404)
    expect(await eventsOf('jim')).toHaveLength(1)
  })

  test('of the app that is sent again when its claim is forgotten counts nothing more', async () => {
    const one = await newCode()
    const body = { code: one.code, scanId: 'sent-again-much-later1' }
    expect((await claim('kara', body)).status).toBe(200)
    const counted = await countsOf(one.id)
    clock.advance(3 * DAY)
    const scanKey = { pk: `SCAN#${createHash('sha256').update(body.scanId).digest('hex')}`, sk: 'SCAN' }
    expect((await stored.ledgerItem(scanKey.pk, scanKey.sk))?.['ttl']).toBeLessThan(clock.nowMs / 1000)
    for (const isRemoved of [false, true]) {
      if (isRemoved) await tables.client.send(new DeleteCommand({ TableName: tables.ledger, Key: scanKey }))
      const answers = await Promise.all([claim('kara', body), claim('kara', body)])
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
      expect(await eventsOf('kara')).toHaveLength(1)
      expect(await countsOf(one.id)).toEqual(counted)
    }
  })

  test('stays nobody else’s when its customer is erased, who can claim none from then on', async () => {
    const one = await newCode()
    const [own, free] = [await press(one.code), await press(one.code)]
    expect((await claim('lars', { scanId: own.scanId })).status).toBe(200)
    const erase = createEraseCustomer(tables, () => Promise.resolve())
    await erase(userIdOf('lars'), clock.nowMs)
    const [ownId, freeId, made] = [own.scanId, free.scanId, 'M'.repeat(22)]
    const { code } = one
    for (const body of [
      { scanId: ownId },
      { scanId: ownId, code },
      { scanId: freeId },
      { scanId: made, code },
    ])
      expect((await claim('lars', body)).status).toBe(410)
    for (const body of [{ scanId: ownId }, { scanId: ownId, code }])
      expect((await claim('mona', body)).status).toBe(404)
    expect(await eventsOf('lars')).toEqual([])
    // What the erased one was refused is still there for whoever made it.
    expect((await claim('mona', { scanId: freeId })).status).toBe(200)
    expect(await countsOf(one.id)).toMatchObject({ scans: 2, claimedScans: 2, customers: 2 })
  })

  test('names no customer in what is kept of it', async () => {
    const one = await newCode()
    const { scanId } = await press(one.code)
    await claim('jana', { scanId })
    const scans = (await tables.allOf(tables.ledger)).filter(({ kind }) => kind === 'scan')
    expect(JSON.stringify(scans)).not.toContain(userIdOf('jana'))
    expect(JSON.stringify(scans)).not.toContain(scanId)
  })
})

describe('the numbers of a placement', () => {
  let made = 0
  const scanned = async (subject: string, code: string) => {
    made += 1
    const scanId = `own-${String(made).padStart(18, '0')}`
    expect((await claim(subject, { code, scanId })).status).toBe(200)
  }
  const redeemed = async (subject: string) => {
    const { code } = await granted({ subject })
    expect((await redeem({ code })).status).toBe(200)
  }

  test('know a customer once, and as new only at the first of the merchant’s codes', async () => {
    const [one, other] = [await newCode(), await newCode()]
    await Promise.all([one, one, one, other].map(({ code }) => scanned('kim', code)))
    await scanned('lea', one.code)
    const [first, second] = [await countsOf(one.id), await countsOf(other.id)]
    expect(first).toMatchObject({ scans: 4, claimedScans: 4, customers: 2 })
    expect(second).toMatchObject({ scans: 1, claimedScans: 1, customers: 1 })
    expect(first.signUps + second.signUps).toBe(2)
  })

  test('hold the first claim and redemption after a scan, and no other', async () => {
    const one = await newCode()
    const before = await granted({ subject: 'mia' })
    expect((await redeem({ code: before.code })).status).toBe(200)
    await scanned('mia', one.code)
    expect(await countsOf(one.id)).toMatchObject({ signUps: 0, claims: 0, redemptions: 0 })
    const { grantId } = await granted({ subject: 'mia' })
    const token = await tokenOf(grantId, 'mia')
    expect(await countsOf(one.id)).toMatchObject({ claims: 1, redemptions: 0 })
    const answers = await Promise.all([redeem({ token }), redeem({ token }), redeem({ token })])
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    await tokenOf((await granted({ subject: 'mia' })).grantId, 'mia')
    await redeemed('mia')
    expect(await countsOf(one.id)).toMatchObject({ claims: 1, redemptions: 1 })
    await scanned('mia', one.code)
    await redeemed('mia')
    expect(await countsOf(one.id)).toMatchObject({ customers: 1, claims: 1, redemptions: 2 })
  })

  test('credit the latest scan, for seven days', async () => {
    const [one, other] = [await newCode(), await newCode()]
    await scanned('nele', one.code)
    clock.advance(MINUTE)
    await scanned('nele', other.code)
    clock.advance(7 * DAY)
    await redeemed('nele')
    expect(await countsOf(one.id)).toMatchObject({ redemptions: 0 })
    expect(await countsOf(other.id)).toMatchObject({ redemptions: 1 })
    await scanned('nele', one.code)
    clock.advance(7 * DAY + 1)
    await redeemed('nele')
    expect(await countsOf(one.id)).toMatchObject({ redemptions: 0 })
  })

  type Step = { readonly what: string; readonly who: number; readonly code: number }
  const aStep = fc.record({
    what: fc.constantFrom('press', 'claim', 'scan', 'askToken', 'redeem'),
    who: fc.integer({ min: 0, max: 2 }),
    code: fc.integer({ min: 0, max: 1 }),
  })

  test('are of acts of customers whom the merchant knows by them, and of nobody who only comes by (I9)', async () => {
    let runs = 0
    const play = async (steps: readonly Step[]) => {
      runs += 1
      const nameOf = (who: number) => `run ${runs} customer ${who}`
      const codes = [await newCode(), await newCode()]
      const facts = codes.map(() => ({ ...NOTHING, customers: new Set<string>() }))
      const acted = new Set<string>()
      const last = new Map<string, { readonly code: number; readonly outcomes: Set<string> }>()
      const credit = (name: string, outcome: 'claims' | 'redemptions') => {
        const scan = last.get(name)
        const own = scan && facts[scan.code]
        if (own && !scan.outcomes.has(outcome)) own[outcome] += 1
        scan?.outcomes.add(outcome)
      }
      for (const { what, who, code } of steps) {
        clock.advance(MINUTE)
        const name = nameOf(who)
        const [one, own] = [codes[code], facts[code]]
        if (one === undefined || own === undefined) throw new Error('no such code')
        if (what === 'press' || what === 'claim' || what === 'scan') own.scans += 1
        if (what === 'press') await press(one.code)
        if (what === 'claim') await claim(name, { scanId: (await press(one.code)).scanId })
        if (what === 'scan') await scanned(name, one.code)
        if (what === 'askToken') await tokenOf((await granted({ subject: name })).grantId, name)
        if (what === 'redeem') await redeemed(name)
        if (what === 'askToken') credit(name, 'claims')
        if (what === 'redeem') credit(name, 'redemptions')
        if (what === 'claim' || what === 'scan') {
          own.claimedScans += 1
          own.customers.add(name)
          if (!acted.has(name)) own.signUps += 1
          last.set(name, { code, outcomes: new Set() })
        }
        if (what !== 'press') acted.add(name)
      }
      for (const [index, one] of codes.entries()) {
        const own = facts[index]
        expect(await countsOf(one.id)).toEqual({ ...own, customers: own?.customers.size })
      }
      const known = await Promise.all(
        [0, 1, 2].map(async (who) => {
          const userId = userIdOf(nameOf(who))
          const call = { subject: 'owner', path: { merchantId, userId } }
          return (await callApi(merchantApi, 'GET /v1/merchants/{merchantId}/customers/{userId}', call))
            .status
        }),
      )
      // Who stands behind any of the numbers is known; who has done nothing is not, whatever the others do.
      expect(known).toEqual([0, 1, 2].map((who) => (acted.has(nameOf(who)) ? 200 : 404)))
    }
    await fc.assert(fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 8 }), play), { numRuns: 12 })
  })
})
