import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, describe, expect, test } from 'vitest'
import { handler as customerApi } from '#functions/customer-api/handler.ts'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { handler } from '#functions/run-jobs/handler.ts'
import { counterKey } from '#shared/contracts/items/counter.ts'
import type { MerchantId, SceneId } from '#shared/domain/ids.ts'
import { utcDay } from '#shared/domain/loop/count.ts'
import { DEFAULT_TRUST, exceedsTrust } from '#shared/domain/merchants/trust.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { aProfileItem, DAY, named } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi, lambdaContext } from '#test/support/http-event.ts'
import { created, newMerchant, sceneBody } from '#test/support/merchants.ts'
import { sentTo, startPeer, takeAll } from '#test/support/peers.ts'
import { sqsRecord } from '#test/support/sqs-record.ts'

const tables = await createTables()
const sqs = await startPeer(takeAll)
afterAll(() => sqs.close())
process.env['CATALOG_TABLE'] = tables.catalog
process.env['PRESENCE_TABLE'] = tables.presence
process.env['LEDGER_TABLE'] = tables.ledger
process.env['PLACE_INDEX'] = 'places'
process.env['JOBS_QUEUE_URL'] = `${sqs.url}/123456789012/jobs`
process.env['SMS_ANSWERS_TOPIC_ARN'] = 'arn:aws:sns:us-east-1:123456789012:answers'
process.env['AWS_ENDPOINT_URL_SQS'] = sqs.url
const clock = setClock(Date.UTC(2026, 10, 22, 10))
const M = '/v1/merchants/{merchantId}'

/** Does the jobs that were queued since. */
const runQueued = async () => {
  const jobs = sentTo(sqs)
  sqs.requests.length = 0
  for (const job of jobs) {
    const answer = await handler({ Records: [sqsRecord('jobs', job)] }, lambdaContext())
    expect(answer.batchItemFailures).toEqual([])
  }
  return jobs.length
}

const newScene = async (trust?: object) => {
  const { id: merchantId }: { id: MerchantId } = await newMerchant(merchantApi, 'owner')
  const owner = { subject: 'owner', path: { merchantId } }
  if (trust) await callApi(merchantApi, `PUT ${M}`, { ...owner, body: { name: 'Blue Door', trust } })
  const { id: sceneId }: { id: SceneId } = await created(merchantApi, `POST ${M}/scenes`, {
    ...owner,
    body: sceneBody(),
  })
  return { merchantId, sceneId }
}
type Made = Awaited<ReturnType<typeof newScene>>

const readScene = async (path: Made) =>
  (await callApi(merchantApi, `GET ${M}/scenes/{sceneId}`, { subject: 'owner', path })).body

/** The scene's message has reached them. */
const sendTo = async (subjects: readonly string[], { merchantId, sceneId }: Made) => {
  for (const subject of subjects) {
    const user = userIdOf(subject)
    const send = { atMs: clock.nowMs, merchantId, sceneId, messageId: named('msg', `${sceneId} ${subject}`) }
    await tables.client.send(
      new PutCommand({ TableName: tables.ledger, Item: { ...aProfileItem(user), recentSends: [send] } }),
    )
  }
}
const countSent = (sceneId: SceneId, sent: number) =>
  tables.client.send(
    new UpdateCommand({
      TableName: tables.ledger,
      Key: counterKey(
        { of: 'scene', sceneId, day: utcDay(clock.nowMs), storeId: undefined, arm: 'treated' },
        userIdOf('anybody'),
      ),
      UpdateExpression: 'SET kind = :kind ADD sent :sent',
      ExpressionAttributeValues: { ':kind': 'count', ':sent': sent },
    }),
  )
const countsOf = async (sceneId: SceneId, name: string) =>
  (await tables.allOf(tables.ledger))
    .filter(({ pk }) => String(pk).startsWith(`SCENE#${sceneId}#`))
    .reduce((sum, item) => sum + Number(item[name] ?? 0), 0)

const mute = (subject: string, { merchantId }: Made) =>
  callApi(customerApi, 'PUT /v1/me/preferences', { subject, body: { mutedMerchants: [merchantId] } })
const complain = (subject: string, { merchantId }: Made) =>
  callApi(customerApi, 'POST /v1/events', {
    subject,
    body: {
      events: [
        {
          id: `${subject}-complaint`,
          type: 'complaint',
          at: new Date(clock.nowMs).toISOString(),
          merchantId,
        },
      ],
    },
  })
const stopSms = (subject: string, { merchantId }: Made) =>
  callApi(customerApi, 'PUT /v1/me/consents/sms/{merchantId}', {
    subject,
    path: { merchantId },
    body: { granted: false, source: 'app' },
  })

describe('a scene that turns customers away', () => {
  test('is paused above its merchant’s limit, and says so', async () => {
    const scene = await newScene()
    await sendTo(['ann', 'bob', 'cleo'], scene)
    await countSent(scene.sceneId, 100)
    for (const [turn, subject] of [
      [mute, 'ann'],
      [complain, 'bob'],
    ] as const) {
      expect((await turn(subject, scene)).status).toBe(200)
      expect(await runQueued()).toBe(1)
      expect((await readScene(scene)).state).toBe('active')
    }
    // The third of a hundred.
    expect((await stopSms('cleo', scene)).status).toBe(200)
    await runQueued()
    expect(await readScene(scene)).toMatchObject({
      state: 'paused',
      revision: 2,
      autoPause: { at: new Date(clock.nowMs).toISOString(), maxTurnedAwayPercent: 2 },
    })
    const names = ['muted', 'complained', 'stopped']
    expect(await Promise.all(names.map((name) => countsOf(scene.sceneId, name)))).toEqual([1, 1, 1])
  })

  test('is counted once for each message, however often its reader turns away', async () => {
    const scene = await newScene()
    await sendTo(['dan'], scene)
    for (let round = 0; round < 3; round++) {
      await mute('dan', scene)
      await callApi(customerApi, 'PUT /v1/me/preferences', { subject: 'dan', body: {} })
      await complain('dan', scene)
    }
    expect(await runQueued()).toBe(1)
    expect(await countsOf(scene.sceneId, 'muted')).toBe(1)
    expect(await countsOf(scene.sceneId, 'complained')).toBe(0)
  })

  test('is not blamed where it wrote to nobody', async () => {
    const scene = await newScene()
    await mute('eve', scene)
    expect(await runQueued()).toBe(0)
  })

  test('may have another limit; activated again it starts anew the next day', async () => {
    const scene = await newScene({ maxTurnedAwayPercent: 10, minSends: 20 })
    const everybody = ['f1', 'f2', 'f3', 'f4', 'f5']
    await sendTo(everybody, scene)
    await countSent(scene.sceneId, 20)
    const states: string[] = []
    for (const subject of everybody.slice(0, 3)) {
      await mute(subject, scene)
      await runQueued()
      states.push((await readScene(scene)).state)
    }
    expect(states).toEqual(['active', 'active', 'paused'])
    const { body } = await callApi(merchantApi, `PUT ${M}/scenes/{sceneId}`, {
      subject: 'owner',
      path: scene,
      body: sceneBody(),
    })
    expect(body).toMatchObject({ state: 'active', autoPause: { maxTurnedAwayPercent: 10 } })
    clock.nowMs += DAY
    await mute('f4', scene)
    await runQueued()
    expect((await readScene(scene)).state).toBe('active')
  })
})

describe('a scene that brings nobody in', () => {
  const newQuiet = async (sent: number, settings: object = { pauseWithoutVisits: { minSends: 100 } }) => {
    const scene = await newScene()
    const { status } = await callApi(merchantApi, `PUT ${M}`, {
      subject: 'owner',
      path: { merchantId: scene.merchantId },
      body: { name: 'Blue Door', ...settings },
    })
    expect(status).toBe(200)
    await countSent(scene.sceneId, sent)
    return scene
  }
  const review = async ({ merchantId, sceneId }: Made) => {
    const job = { kind: 'trust', jobId: named('job', sceneId), merchantId, sceneId }
    const answer = await handler({ Records: [sqsRecord('jobs', job)] }, lambdaContext())
    expect(answer.batchItemFailures).toEqual([])
  }
  const count = (sceneId: SceneId, name: string, arm: 'treated' | 'holdout') =>
    tables.client.send(
      new UpdateCommand({
        TableName: tables.ledger,
        Key: counterKey(
          { of: 'scene', sceneId, day: utcDay(clock.nowMs), storeId: undefined, arm },
          userIdOf('somebody'),
        ),
        UpdateExpression: 'SET kind = :kind ADD #name :one',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':kind': 'count', ':one': 1 },
      }),
    )

  test('is paused the day after, where its merchant asked for it, and says so', async () => {
    const scene = await newQuiet(100)
    await count(scene.sceneId, 'visited', 'holdout')
    await review(scene)
    // Who was told today may still come.
    expect((await readScene(scene)).state).toBe('active')
    clock.nowMs += DAY
    await review(scene)
    expect(await readScene(scene)).toMatchObject({
      state: 'paused',
      revision: 2,
      autoPause: { at: new Date(clock.nowMs).toISOString(), withoutVisitsAfter: 100 },
    })
  })

  test('goes on after a single visit, with fewer messages, or where nobody asked', async () => {
    const visited = await newQuiet(100)
    await count(visited.sceneId, 'visited', 'treated')
    const others = [visited, await newQuiet(99), await newQuiet(500, {})]
    clock.nowMs += DAY
    for (const scene of others) {
      await review(scene)
      expect((await readScene(scene)).state).toBe('active')
    }
  })
})

test('a few messages say nothing', () => {
  expect(exceedsTrust(99, 99, DEFAULT_TRUST)).toBe(false)
  expect(exceedsTrust(200, 4, DEFAULT_TRUST)).toBe(false)
  expect(exceedsTrust(200, 5, DEFAULT_TRUST)).toBe(true)
})
