import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createSmsRecipients } from '#shared/adapters/dynamodb/customers/sms-recipients.ts'
import { createSuppressions, phoneHashOf } from '#shared/adapters/dynamodb/customers/suppressions.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { CAFE, named, T0 } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi, httpEvent, lambdaContext } from '#test/support/http-event.ts'

const tables = await createTables()
const clock = setClock(T0)
Object.assign(process.env, {
  POWERTOOLS_LOG_LEVEL: 'SILENT',
  CATALOG_TABLE: tables.catalog,
  LEDGER_TABLE: tables.ledger,
  PRESENCE_TABLE: tables.presence,
  JOBS_QUEUE_URL: 'http://127.0.0.1:1/jobs',
  SMS_ANSWERS_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:answers',
})
const { handler } = await import('#functions/customer-api/handler.ts')
const customers = { client: tables.client, ledger: tables.ledger }
const recipients = createSmsRecipients(customers)
const suppressions = createSuppressions(customers)
const NUMBER = '+14155550171'
const CODE = 'ABCDEFGH0123'

beforeAll(async () => {
  const body = { phoneNumber: NUMBER }
  await callApi(handler, 'PUT /v1/me/phone-number', { subject: 'sam', body })
  const messageId = named('msg', 'one')
  const sms = { user: userIdOf('sam'), messageId, phoneNumber: NUMBER, merchantId: CAFE, stopCode: CODE }
  await recipients.noteWriter(sms, T0)
})

const call = async (method: string, code: string, headers: Record<string, string> = {}, rawBody = '') => {
  const event = httpEvent(`${method} /v1/stop/{code}`, { path: { code }, headers, rawBody })
  const { authorizer: _, ...requestContext } = event.requestContext
  const answer = await handler({ ...event, requestContext } as never, lambdaContext())
  return { status: answer.statusCode, type: answer.headers?.['content-type'], text: String(answer.body) }
}

describe('the opt-out link of an SMS', () => {
  it('asks first, in the reader’s language, and ends nothing by being looked at', async () => {
    const page = await call('GET', CODE, { 'accept-language': 'de-AT,de;q=0.9,en;q=0.8' })
    expect(page).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' })
    expect(page.text).toContain('Abmelden')
    expect(await recipients.isSuppressed(NUMBER, CAFE)).toBe(false)
  })

  it('ends the text messages of its merchant only', async () => {
    expect((await call('POST', CODE.toLowerCase())).text).toContain('no more text messages')
    expect(await recipients.isSuppressed(NUMBER, CAFE)).toBe(true)
    expect(await recipients.isSuppressed(NUMBER, named('mer', 'another'))).toBe(false)
    const me = await callApi(handler, 'GET /v1/me', { subject: 'sam' })
    expect(me.body.consents.sms[CAFE]).toMatchObject({ granted: false, source: 'sms' })
  })

  it('takes it back, for those who cannot answer START', async () => {
    clock.advance(1000)
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await call('POST', CODE, form, 'word=start')).text).toContain('again')
    expect(await recipients.isSuppressed(NUMBER, CAFE)).toBe(false)
    clock.advance(1000)
    await call('POST', CODE)
    expect(await recipients.isSuppressed(NUMBER, CAFE)).toBe(true)
  })

  it.each(['ABCDEFGH0124', 'nonsense', '../../etc'])(
    'that nobody was sent tells nothing: %s',
    async (code) => {
      const unknown = await call('POST', code)
      expect(unknown).toEqual(await call('POST', CODE))
      expect(unknown.text).toContain('If this link is yours')
    },
  )

  it('is not lifted by an older word', async () => {
    const phoneHash = phoneHashOf(NUMBER)
    await suppressions.allow(phoneHash, CAFE, new Date(clock.nowMs - 1).toISOString())
    expect(await recipients.isSuppressed(NUMBER, CAFE)).toBe(true)
    await suppressions.allow(phoneHash, CAFE, new Date(clock.nowMs + 1).toISOString())
    expect(await recipients.isSuppressed(NUMBER, CAFE)).toBe(false)
  })

  it('brings nothing back when the number is somebody else’s by now', async () => {
    const number = '+14155550172'
    const code = 'ABCDEFGH0125'
    await callApi(handler, 'PUT /v1/me/phone-number', { subject: 'former', body: { phoneNumber: number } })
    const messageId = named('msg', 'another')
    const former = {
      user: userIdOf('former'),
      messageId,
      phoneNumber: number,
      merchantId: CAFE,
      stopCode: code,
    }
    await recipients.noteWriter(former, clock.nowMs)
    await callApi(handler, 'PUT /v1/me/phone-number', { subject: 'latter', body: { phoneNumber: number } })
    const at = new Date(clock.nowMs).toISOString()
    await suppressions.suppress(phoneHashOf(number), CAFE, at)
    clock.advance(1000)
    await call('POST', code, {}, 'word=start')
    expect(await recipients.isSuppressed(number, CAFE)).toBe(true)
    // Who has no such number any more may still say that it wants nothing.
    await suppressions.allow(phoneHashOf(number), CAFE, new Date(clock.nowMs).toISOString())
    clock.advance(1000)
    await call('POST', code)
    expect(await recipients.isSuppressed(number, CAFE)).toBe(true)
  })
})

describe('words that come late or twice, as SNS delivers them', () => {
  let numbers = 1000
  const WORDS = { stop: 'suppress', start: 'allow' } as const

  it('leave the last one standing, in whatever order they come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(fc.constantFrom('stop', 'start'), { minLength: 1, maxLength: 4 })
          .chain((said) =>
            fc.tuple(
              fc.constant(said),
              fc.shuffledSubarray([...said.keys(), ...said.keys()], { minLength: said.length * 2 }),
            ),
          ),
        async ([said, order]) => {
          numbers += 1
          const number = `+1415666${String(numbers)}`
          for (const index of order) {
            const at = new Date(T0 + index).toISOString()
            await suppressions[WORDS[said[index] ?? 'stop']](phoneHashOf(number), CAFE, at)
          }
          expect(await recipients.isSuppressed(number, CAFE)).toBe(said.at(-1) === 'stop')
        },
      ),
      { numRuns: 60 },
    )
  })
})
