import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addScene, openShop, smsCustomer, startWorld, type World } from '#test/local/end-to-end/world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world?.close())

const NUMBER = '+14155550161'

/** A merchant who writes at each scan, and what a customer with a number got since. */
const openScanShop = async (name: string) => {
  const shop = await openShop(world, name)
  await addScene(world, shop.merchantId, {
    triggers: [{ type: 'event', eventType: 'qr_scan' }],
    limits: { coolDownS: 0, maxAgeS: 300 },
    // The answer to an own act may come at any hour.
    message: { kind: 'service', sms: { body: '{{ merchant.name }}: thank you for your scan.' }, ttlS: 3600 },
  })
  return shop
}
let scans = 0
const scan = async (token: string, merchantId: string): Promise<number> => {
  const before = world.cloud.phones.received().length
  scans += 1
  const event = {
    id: `scan-${scans}`,
    type: 'qr_scan',
    at: new Date(world.cloud.clock.nowMs()).toISOString(),
    merchantId,
  }
  await world.api.post('/v1/events', { events: [event] }, token)
  await world.cloud.drain()
  const after = world.cloud.phones.received().length
  await world.pass(7 * 3600)
  return after - before
}
const consentTo = async (token: string, merchantId: string) => {
  const me = await world.api.get<{
    consents: { sms?: Record<string, { granted: boolean; source: string }> }
  }>('/v1/me', token)
  return me.consents.sms?.[merchantId]
}

describe('an answer to a text message', () => {
  it('STOP ends those of the merchant that wrote last, START begins them again', async () => {
    const [cafe, bakery] = [await openScanShop('Café'), await openScanShop('Bakery')]
    const ida = await smsCustomer(world, 'ida', cafe.merchantId, '61')
    await world.api.put(`/v1/me/consents/sms/${bakery.merchantId}`, { granted: true, source: 'app' }, ida)
    expect(await scan(ida, bakery.merchantId)).toBe(1)
    expect(await scan(ida, cafe.merchantId)).toBe(1)

    await world.cloud.answerSms(NUMBER, 'Thank you, lovely!')
    expect(await scan(ida, cafe.merchantId)).toBe(1)

    await world.cloud.answerSms(NUMBER, ' stop ')
    expect(await consentTo(ida, cafe.merchantId)).toMatchObject({ granted: false, source: 'sms' })
    expect(await scan(ida, cafe.merchantId)).toBe(0)
    expect(await scan(ida, bakery.merchantId)).toBe(1)
    // Consent in the app does not lift what was said by SMS.
    await world.api.put(`/v1/me/consents/sms/${cafe.merchantId}`, { granted: true, source: 'app' }, ida)
    expect(await scan(ida, cafe.merchantId)).toBe(0)
    expect(await world.itemsOf('ledger', 'message')).toContainEqual(
      expect.objectContaining({ merchantId: cafe.merchantId, state: 'failed', reason: 'optedOut' }),
    )
  })

  it('START takes it back, also when the consent had ended with it', async () => {
    const florist = await openScanShop('Florist')
    const jon = await smsCustomer(world, 'jon', florist.merchantId, '62')
    expect(await scan(jon, florist.merchantId)).toBe(1)
    await world.cloud.answerSms('+14155550162', '退订')
    expect(await scan(jon, florist.merchantId)).toBe(0)
    await world.pass(60)
    await world.cloud.answerSms('+14155550162', 'Start')
    expect(await consentTo(jon, florist.merchantId)).toMatchObject({ granted: true, source: 'sms' })
    expect(await scan(jon, florist.merchantId)).toBe(1)
  })

  it('STOP to nobody in particular ends them all', async () => {
    const kiosk = await openScanShop('Kiosk')
    await world.cloud.answerSms('+14155550163', 'STOP')
    const kim = await smsCustomer(world, 'kim', kiosk.merchantId, '63')
    expect(await scan(kim, kiosk.merchantId)).toBe(0)
    expect(await world.itemsOf('ledger', 'suppressed')).toContainEqual(expect.objectContaining({ sk: 'ALL' }))
  })

  it('is believed only with a signature of SNS', async () => {
    const [{ topicArn } = { topicArn: '' }] = world.cloud.plan.subscriptions
    const forged = {
      Type: 'Notification',
      MessageId: 'm',
      TopicArn: topicArn,
      Message: JSON.stringify({ originationNumber: NUMBER, messageBody: 'START' }),
      Timestamp: new Date(world.cloud.clock.nowMs()).toISOString(),
      SignatureVersion: '2',
      Signature: 'AAAA',
      SigningCertURL: `${world.cloud.endpoints.sns}/SimpleNotificationService-local.pem`,
    }
    const post = async (body: object) =>
      (
        await fetch(`${world.cloud.url}/v1/sms-answers`, {
          method: 'POST',
          headers: { 'content-type': 'text/plain' },
          body: JSON.stringify(body),
        })
      ).status
    expect(await post(forged)).toBe(403)
    expect(await post({ ...forged, SigningCertURL: 'https://evil.example/a.pem' })).toBe(403)
    expect(await post({ ...forged, TopicArn: 'arn:aws:sns:us-east-1:000000000000:other' })).toBe(403)
    expect(await post({})).toBe(400)
  })
})
