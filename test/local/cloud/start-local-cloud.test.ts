import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiClient } from '#local/api-client.ts'
import { type LocalCloud, startLocalCloud } from '#local/cloud/start-local-cloud.ts'
import { COFFEE } from '#local/demo/demo-data.ts'
import { loadDemo } from '#local/demo/load-demo.ts'

const START_MS = Date.UTC(2026, 0, 5, 18)
let cloud: LocalCloud

beforeAll(async () => {
  cloud = await startLocalCloud({
    port: 0,
    clock: { kind: 'virtual', atMs: START_MS },
    dynamodb: process.env['BECKON_DYNAMODB'] === 'local' ? 'local' : 'dynoxide',
    proxy: 'meter',
  })
})
afterAll(() => cloud.close())

describe('Beckon’s own templates', () => {
  test('run: tables, queues, functions, sources, schedule and routes', () => {
    expect(cloud.plan.functions.map(({ shortName }) => shortName).sort()).toEqual([
      'customer-api',
      'decide-offers',
      'match-pings',
      'merchant-api',
      'remind-revisits',
      'run-jobs',
      'send-messages',
    ])
    expect(cloud.plan.streamSources).toHaveLength(2)
    expect(cloud.plan.queueSources).toHaveLength(5)
    expect(cloud.plan.schedules).toHaveLength(1)
    expect(cloud.plan.routes.length).toBeGreaterThan(30)
    const open = cloud.plan.routes.filter(({ authorizer }) => authorizer === undefined)
    expect(open.map(({ routeKey }) => routeKey)).toEqual([
      'GET /openapi.json',
      'GET /docs',
      'GET /docs/{file}',
      'GET /q/{code}',
      'POST /q/{code}/scans',
      'POST /v1/sms-answers',
      'GET /v1/stop/{code}',
      'POST /v1/stop/{code}',
      '$default',
    ])
    expect(Object.values(cloud.queues)).toHaveLength(4)
  })

  test('carry a customer from the ping to the phone, and loading the demo twice changes nothing', async () => {
    const demo = await loadDemo(cloud)
    expect((await loadDemo(cloud)).merchantIds).toEqual(demo.merchantIds)
    const customer = createApiClient(cloud.url)
    const { lat, lon } = COFFEE.store
    const at = new Date(cloud.clock.nowMs()).toISOString()
    await customer.post('/v1/pings', { pings: [{ at, lat, lon, accuracyM: 10 }] }, demo.customerToken)
    const { invocations } = await cloud.drain()
    expect(invocations.map((run) => run.function)).toEqual([
      'decide-offers',
      // From the first queue of pushes to Apple's own.
      'send-messages',
      'send-messages',
    ])
    expect(cloud.phones.received()).toMatchObject([
      { channel: 'push', atMs: START_MS, title: 'Square Coffee' },
    ])
    expect(await customer.list('/v1/me/offers', demo.customerToken)).toMatchObject([{ state: 'reserved' }])
    expect(cloud.stats().units?.[cloud.tables.ledger]?.write).toBeGreaterThan(0)
  })

  test('leave a consent withdrawn when the demo is loaded again', async () => {
    const { customerToken, merchantIds } = await loadDemo(cloud)
    const api = createApiClient(cloud.url)
    const no = { granted: false, source: 'app' }
    await api.put('/v1/me/consents/push', no, customerToken)
    await api.put(`/v1/me/consents/sms/${merchantIds.books}`, no, customerToken)
    await loadDemo(cloud)
    expect(await api.get('/v1/me', customerToken)).toMatchObject({
      consents: {
        push: { granted: false },
        sms: { [merchantIds.books]: { granted: false }, [merchantIds.coffee]: { granted: true } },
      },
    })
  })
})
