import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { handler as customerApi } from '#functions/customer-api/handler.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { handler } from '#functions/run-jobs/handler.ts'
import { createSmsRecipients } from '#shared/adapters/dynamodb/customers/sms-recipients.ts'
import { createSuppressions, phoneHashOf } from '#shared/adapters/dynamodb/customers/suppressions.ts'
import { stopCodeOf } from '#shared/domain/messages/stop-code.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { CAFE, named } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { giveGrant } from '#test/support/grants.ts'
import { callApi, lambdaContext } from '#test/support/http-event.ts'
import { created, newMerchant, offerBody } from '#test/support/merchants.ts'
import { type PeerRequest, sentTo, startPeer, takeAll } from '#test/support/peers.ts'
import { sqsRecord } from '#test/support/sqs-record.ts'

const tables = await createTables()
const sqs = await startPeer(takeAll)
const xml = (text: string) => `<?xml version="1.0"?>${text}`
const answerSns = ({ body }: PeerRequest) => {
  const arn = new URLSearchParams(body).get('EndpointArn') ?? ''
  const headers = { 'content-type': 'text/xml' }
  if (arn.includes('broken')) return { status: 500, body: xml('<ErrorResponse/>'), headers }
  if (!arn.includes('gone')) {
    return {
      status: 200,
      body: xml('<DeleteEndpointResponse><ResponseMetadata/></DeleteEndpointResponse>'),
      headers,
    }
  }
  const error =
    '<Error><Type>Sender</Type><Code>NotFound</Code><Message>Endpoint does not exist</Message></Error>'
  return { status: 404, body: xml(`<ErrorResponse>${error}</ErrorResponse>`), headers }
}
const sns = await startPeer(answerSns)
afterAll(async () => {
  await sqs.close()
  await sns.close()
})
afterEach(() => {
  sqs.requests.length = 0
  sns.requests.length = 0
})
process.env['CATALOG_TABLE'] = tables.catalog
process.env['PRESENCE_TABLE'] = tables.presence
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
process.env['JOBS_QUEUE_URL'] = `${sqs.url}/123456789012/jobs`
process.env['SMS_ANSWERS_TOPIC_ARN'] = 'arn:aws:sns:us-east-1:123456789012:answers'
process.env['AWS_ENDPOINT_URL_SQS'] = sqs.url
process.env['AWS_ENDPOINT_URL_SNS'] = sns.url
const clock = setClock(Date.UTC(2026, 10, 22, 10))

const { id: merchantId } = await newMerchant(merchantApi, 'owner')

const record = (body: unknown, messageId?: string) => sqsRecord('jobs', body, messageId)
const run = (...Records: SQSRecord[]) => {
  const event: SQSEvent = { Records }
  return handler(event, lambdaContext())
}
const erasure = (subject: string) => ({
  kind: 'erasure',
  user: userIdOf(subject),
  jobId: 'job_01J0000000000000000000000A',
  requestedAt: new Date(clock.nowMs).toISOString(),
})
const mentions = async (subject: string) => {
  const everything = await Promise.all([tables.catalog, tables.presence, tables.ledger].map(tables.allOf))
  return everything.flat().filter((item) => JSON.stringify(item).includes(userIdOf(subject)))
}
const put = (TableName: string, Item: Record<string, unknown>) =>
  tables.client.send(new PutCommand({ TableName, Item }))
const stockOf = async (offerId: string) =>
  (
    await tables.client.send(
      new GetCommand({ TableName: tables.ledger, Key: { pk: `OFFER#${offerId}#0`, sk: 'STOCK' } }),
    )
  ).Item

/** A customer with everything that a customer can have. */
const full = async (subject: string, endpointArn: string) => {
  const user = userIdOf(subject)
  const offer = await created(merchantApi, 'POST /v1/merchants/{merchantId}/offers', {
    subject: 'owner',
    path: { merchantId },
    body: offerBody(),
  })
  await callApi(customerApi, 'PUT /v1/me/devices/{deviceId}', {
    subject,
    path: { deviceId: 'phone' },
    body: { platform: 'fcm', token: `token-${subject}` },
  })
  const deviceKey = { pk: `U#${user}`, sk: 'DEVICE#phone' }
  const device = await tables.client.send(new GetCommand({ TableName: tables.ledger, Key: deviceKey }))
  await put(tables.ledger, { ...device.Item, endpointArn })
  await callApi(customerApi, 'PUT /v1/me/phone-number', { subject, body: { phoneNumber: '+14155550199' } })
  await callApi(customerApi, 'PUT /v1/me/consents/sms/{merchantId}', {
    subject,
    path: { merchantId },
    body: { granted: true, source: 'app' },
  })
  const grant = { user, merchantId, offerId: offer.id, grantedAtMs: clock.nowMs }
  const body = 'ABCDEFGH'
  await giveGrant(tables.client, tables.ledger, { ...grant, code: `${body}${subject.length}0` })
  await giveGrant(tables.client, tables.ledger, { ...grant, code: `${body}${subject.length}1` })
  await callApi(merchantApi, 'POST /v1/merchants/{merchantId}/redemptions', {
    subject: 'owner',
    path: { merchantId },
    body: { code: `${body}${subject.length}0` },
  })
  await Promise.all(
    Array.from({ length: 120 }, (_, n) =>
      put(tables.ledger, { pk: `U#${user}`, sk: `TRACE#${n}`, kind: 'trace', user }),
    ),
  )
  await put(tables.presence, { pk: `U#${user}`, kind: 'presence', user, version: 1 })
  return { user, offerId: offer.id as string }
}

describe('erasing a customer', () => {
  test('leaves nothing but two tombstones that tell nothing', async () => {
    const { user, offerId } = await full('gina', 'arn:gina')
    expect(await stockOf(offerId)).toMatchObject({ free: 8, reserved: 1, confirmed: 1 })
    const { body } = await callApi(customerApi, 'DELETE /v1/me', { subject: 'gina' })
    const [job] = sentTo(sqs)
    expect(await run(record(job))).toEqual({ batchItemFailures: [] })

    const tombstone = {
      kind: 'tombstone',
      tombstone: true,
      erasedAt: new Date(clock.nowMs).toISOString(),
      ttl: clock.nowMs / 1000 + 35 * 86_400,
    }
    expect(await mentions('gina')).toEqual([
      { pk: `U#${user}`, ...tombstone },
      { pk: `U#${user}`, sk: 'PROFILE', ...tombstone, doneAt: tombstone.erasedAt },
    ])
    expect(body.jobId).toMatch(/^job_/)
    expect(await stockOf(offerId)).toMatchObject({ free: 9, reserved: 0, confirmed: 1 })
    expect(sns.requests.map(({ body: sent }) => new URLSearchParams(sent).get('EndpointArn'))).toEqual([
      'arn:gina',
    ])
  })

  test('forgets who wrote to the number, and the links in what was written; an opt-out stays, as a hash', async () => {
    const { user } = await full('writtento', 'arn:written')
    const phoneNumber = '+14155550199'
    const messageId = named('msg', 'written')
    const stopCode = stopCodeOf('a secret')
    await put(tables.ledger, {
      pk: `U#${user}`,
      sk: `MESSAGE#${messageId}`,
      kind: 'message',
      user,
      messageId,
    })
    const customers = { client: tables.client, ledger: tables.ledger }
    const sms = { user, messageId, phoneNumber, merchantId: CAFE, stopCode }
    expect(await createSmsRecipients(customers).noteWriter(sms, clock.nowMs)).toBe(true)
    const suppressions = createSuppressions(customers)
    const phoneHash = phoneHashOf(phoneNumber)
    await suppressions.suppress(phoneHash, CAFE, new Date(clock.nowMs).toISOString())
    await run(record(erasure('writtento')))
    const left = (await tables.allOf(tables.ledger)).filter((item) =>
      JSON.stringify(item).includes(phoneHash),
    )
    expect(left).toEqual([
      { pk: `SUPPRESSED#${phoneHash}`, sk: `M#${CAFE}`, kind: 'suppressed', at: expect.any(String) },
    ])
  })

  test('again does nothing more', async () => {
    const { offerId } = await full('hans', 'arn:hans')
    await run(record(erasure('hans')))
    const after = await mentions('hans')
    clock.advance(60_000)
    expect(await run(record(erasure('hans')))).toEqual({ batchItemFailures: [] })
    expect(await mentions('hans')).toEqual(after)
    expect(await stockOf(offerId)).toMatchObject({ free: 9, reserved: 0, confirmed: 1 })
    expect(sns.requests).toHaveLength(1)
  })

  test('of whom nothing is known leaves the tombstones', async () => {
    expect(await run(record(erasure('nobody')))).toEqual({ batchItemFailures: [] })
    expect(await mentions('nobody')).toHaveLength(2)
  })

  test('does not mind an endpoint that is gone', async () => {
    await full('irene', 'arn:gone')
    expect(await run(record(erasure('irene')))).toEqual({ batchItemFailures: [] })
    expect(await mentions('irene')).toHaveLength(2)
  })

  test('leaves a grant whose stock is gone no longer than others', async () => {
    const { offerId } = await full('jakob', 'arn:jakob')
    await put(tables.ledger, { ...(await stockOf(offerId)), reserved: 0 })
    expect(await run(record(erasure('jakob')))).toEqual({ batchItemFailures: [] })
    expect(await mentions('jakob')).toHaveLength(2)
  })

  test('that SNS holds up is delivered again, alone, and goes on where it was', async () => {
    await full('klaus', 'arn:broken')
    const answer = await run(record(erasure('klaus'), 'm-klaus'), record(erasure('lena'), 'm-lena'))
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-klaus' }] })
    const device = (await mentions('klaus')).find((item) => item['kind'] === 'device')
    expect(device).toBeDefined()
    await put(tables.ledger, { ...device, endpointArn: 'arn:mended' })
    expect(await run(record(erasure('klaus'), 'm-klaus'))).toEqual({ batchItemFailures: [] })
    expect(await mentions('klaus')).toHaveLength(2)
  })

  test('leaves alone the token that went on to another customer', async () => {
    await full('mona', 'arn:mona')
    await callApi(customerApi, 'PUT /v1/me/devices/{deviceId}', {
      subject: 'noah',
      path: { deviceId: 'phone' },
      body: { platform: 'fcm', token: 'token-mona' },
    })
    await run(record(erasure('mona')))
    expect(sns.requests).toEqual([])
    const kinds = (await mentions('noah')).map((item) => item['kind']).toSorted()
    expect(kinds).toEqual(['device', 'profile', 'tokenOwner'])
  })
})

describe('jobs', () => {
  test('forget endpoints', async () => {
    const job = {
      kind: 'endpoints',
      jobId: 'job_01J0000000000000000000000A',
      endpointArns: ['arn:1', 'arn:gone'],
    }
    expect(await run(record(job))).toEqual({ batchItemFailures: [] })
    expect(sns.requests).toHaveLength(2)
  })

  test.each([['not json'], [{ kind: 'dance' }], [{ ...erasure('x'), user: 'x' }]])(
    'that nobody understands go back, to end in the dead-letter queue: %o',
    async (body) => {
      expect(await run(record(body))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-1' }] })
    },
  )
})
