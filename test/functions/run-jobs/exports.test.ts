import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { SQSRecord } from 'aws-lambda'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { routes } from '#functions/merchant-api/routes.ts'
import { type ExportServices, exportMerchant } from '#functions/run-jobs/exports/export-merchant.ts'
import { handler } from '#functions/run-jobs/handler.ts'
import { createExportRecords } from '#shared/adapters/dynamodb/catalog/export-records.ts'
import { createEraseCustomer } from '#shared/adapters/dynamodb/customers/erase-customer.ts'
import { createCustomerRecords } from '#shared/adapters/dynamodb/ledger/customer-records.ts'
import { newExport } from '#shared/contracts/items/export.ts'
import { customerIndex, relationshipAttributes } from '#shared/contracts/items/relationship.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import type { JobId, MerchantId, UserId } from '#shared/domain/ids.ts'
import { newId, userIdOf } from '#shared/runtime/ids.ts'
import { aRelationship, DAY, HOUR, named } from '#test/support/builders.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { giveGrant } from '#test/support/grants.ts'
import { callApi, lambdaContext } from '#test/support/http-event.ts'
import {
  created,
  geofenceBody,
  newMerchant,
  offerBody,
  putMember,
  sceneBody,
  UNION_SQUARE,
} from '#test/support/merchants.ts'
import { sentTo, startPeer, takeAll } from '#test/support/peers.ts'
import { told } from '#test/support/told-by.ts'

const NOW = Date.UTC(2026, 10, 22, 10)
const tables = await createTables()
const sqs = await startPeer(takeAll)
afterAll(() => sqs.close())
Object.assign(process.env, {
  CATALOG_TABLE: tables.catalog,
  PRESENCE_TABLE: tables.presence,
  LEDGER_TABLE: tables.ledger,
  PLACE_INDEX: 'places',
  JOBS_QUEUE_URL: `${sqs.url}/123456789012/jobs`,
  AWS_ENDPOINT_URL_SQS: sqs.url,
})
const clock = setClock(NOW)

const M = '/v1/merchants/{merchantId}'
let merchants = 0
let merchantId: MerchantId
beforeEach(async () => {
  sqs.requests.length = 0
  clock.nowMs = NOW
  merchants += 1
  merchantId = (await newMerchant(merchantApi, 'owner', `Chain ${merchants}`)).id
})

const ask = (subject = 'owner') =>
  callApi(merchantApi, `POST ${M}/exports`, { subject, path: { merchantId } })
const get = (exportId: string, subject = 'owner', of: string = merchantId) =>
  callApi(merchantApi, `GET ${M}/exports/{exportId}`, { subject, path: { merchantId: of, exportId } })
const getPart = (exportId: string, part: number | string, subject = 'owner', of: string = merchantId) =>
  callApi(merchantApi, `GET ${M}/exports/{exportId}/parts/{part}`, {
    subject,
    path: { merchantId: of, exportId, part: String(part) },
  })

type Row = { readonly section: string; readonly data: Readonly<Record<string, unknown>> }

const readAll = async (exportId: string): Promise<Row[]> => {
  const { body } = await get(exportId)
  const rows: Row[] = []
  for (let part = 1; part <= body.parts; part += 1) {
    const { status, body: text, headers } = await getPart(exportId, part)
    expect([status, headers['content-type']]).toEqual([200, 'application/x-ndjson'])
    const lines = String(text).split('\n').slice(0, -1)
    rows.push(...lines.map((line) => JSON.parse(line) as Row))
  }
  expect(rows).toHaveLength(body.items)
  return rows
}

/** Works the queue off as Lambda does. */
const workOff = async (): Promise<void> => {
  for (let hops = 0; hops < 20; hops += 1) {
    const bodies = sentTo(sqs)
    sqs.requests.length = 0
    if (bodies.length === 0) return
    const Records = bodies.map((body, index) => ({
      messageId: `m-${index}`,
      body: JSON.stringify(body),
    })) as SQSRecord[]
    expect(await handler({ Records }, lambdaContext(300_000))).toEqual({ batchItemFailures: [] })
  }
  throw new Error('the job never ends')
}

const exported = async (subject = 'owner'): Promise<string> => {
  const { status, body } = await ask(subject)
  expect(status).toBe(202)
  await workOff()
  return body.exportId
}

const relate = (user: UserId, of: MerchantId = merchantId, acted = true) =>
  tables.client.send(
    new PutCommand({
      TableName: tables.ledger,
      Item: {
        pk: `U#${user}`,
        sk: `M#${of}`,
        kind: 'relationship',
        user,
        merchantId: of,
        visits: 0,
        version: 1,
        ...relationshipAttributes(aRelationship()),
        ...customerIndex(user, of, acted),
        ...(acted && { actedAt: new Date(NOW).toISOString() }),
      },
    }),
  )

/** Customers of the merchant, each with a grant. */
const populate = async (count: number): Promise<UserId[]> => {
  const path = { merchantId }
  const body = offerBody({ stock: 1000 })
  const { id: offerId } = await created(merchantApi, `POST ${M}/offers`, { subject: 'owner', path, body })
  const users = Array.from({ length: count }, (_, n) => named('usr', `${merchantId} ${n}`))
  for (const [n, user] of users.entries()) {
    await relate(user)
    const code = `${merchants}C${n}`.padStart(10, '0')
    await giveGrant(tables.client, tables.ledger, { user, merchantId, offerId, code, grantedAtMs: NOW })
  }
  return users
}

const records = createExportRecords(tables)
const eraseOnce = createEraseCustomer(tables, async () => {})
/** As the queue does: what met too many others comes again. */
const erase = async (user: UserId, nowMs: number, tries = 5): Promise<unknown> => {
  try {
    return await eraseOnce(user, nowMs)
  } catch (error) {
    if (!(error instanceof BusyError) || tries <= 1) throw error
    return await erase(user, nowMs, tries - 1)
  }
}

/** So little at a time that every run is cut, and that parts hold one customer or two. */
const services = (exports: Partial<typeof records> = {}): ExportServices => ({
  nowMs: () => clock.nowMs,
  exports: { ...records, ...exports },
  customers: createCustomerRecords(tables.client, tables.ledger),
  exportLimits: { pagesARun: 3, customersAPage: 4, partBytes: 1200 },
  queueJob: async () => {},
})

const runUntilDone = async (exportId: string, given: ExportServices): Promise<number> => {
  const message = { kind: 'export', merchantId, jobId: exportId as JobId } as const
  for (let runs = 1; runs < 200; runs += 1) {
    await exportMerchant(given, message).catch((error: unknown) => {
      if (!(error instanceof Error && error.message === 'crashed')) throw error
    })
    if ((await get(exportId)).body.state === 'done') return runs
  }
  throw new Error('the job never ends')
}

const usersIn = (rows: readonly Row[], section: string): string[] =>
  rows.filter((row) => row.section === section).map(({ data }) => String(data['userId']))

const tracesOf = async (user: UserId) => {
  const items = await Promise.all([tables.catalog, tables.presence, tables.ledger].map(tables.allOf))
  return told(items.flat()).filter(
    (item) => JSON.stringify(item).includes(user) && item['tombstone'] !== true,
  )
}

describe('an export', () => {
  test('holds all that the merchant has, each thing once, and nothing of anybody else', async () => {
    const { id: other } = await newMerchant(merchantApi, 'bert')
    const offers = new Map<string, string>()
    for (const [subject, id] of [
      ['owner', merchantId],
      ['bert', other],
    ] as const) {
      const call = { subject, path: { merchantId: id } }
      await created(merchantApi, `POST ${M}/stores`, { ...call, body: { name: 'One', ...UNION_SQUARE } })
      await created(merchantApi, `POST ${M}/regions`, { ...call, body: { name: 'City' } })
      for (const name of ['A', 'B', 'C'])
        await created(merchantApi, `POST ${M}/geofences`, { ...call, body: geofenceBody({ name }) })
      const offer = await created(merchantApi, `POST ${M}/offers`, { ...call, body: offerBody() })
      offers.set(id, offer.id)
      await created(merchantApi, `POST ${M}/scenes`, { ...call, body: sceneBody() })
    }
    const buyer = named('usr', 'buyer')
    const passerBy = named('usr', 'passer-by')
    await relate(buyer)
    await relate(buyer, other)
    await relate(passerBy, merchantId, false)
    for (const [id, code] of [
      [merchantId, 'AAAAAAAAAA'],
      [other, 'BBBBBBBBBB'],
    ] as const)
      await giveGrant(tables.client, tables.ledger, {
        user: buyer,
        merchantId: id,
        offerId: offers.get(id) ?? '',
        code,
        grantedAtMs: NOW,
      })

    const small = services()
    for (const run of [workOff, (exportId: string) => runUntilDone(exportId, small)]) {
      const { body } = await ask()
      await run(body.exportId)
      const rows = (await readAll(body.exportId)).filter(({ section }) => section !== 'audit')
      expect(rows.map(({ section }) => section)).toEqual([
        'merchant',
        'member',
        'region',
        'store',
        'geofence',
        'geofence',
        'geofence',
        'offer',
        'scene',
        'sceneRevision',
        'customer',
        'grant',
      ])
      const [customer, grant] = rows.slice(-2)
      expect(customer?.data).toMatchObject({ userId: buyer, visits: { count: 0 } })
      expect(grant?.data).toMatchObject({ userId: buyer, merchantId, state: 'reserved' })
      const text = JSON.stringify(rows)
      for (const foreign of [other, passerBy, 'BBBBBBBBBB', 'AAAAAAAAAA']) expect(text).not.toContain(foreign)
    }
  })

  test('tells how far it is, and can be read for a day from when it was done', async () => {
    const { status, body, headers } = await ask()
    expect(status).toBe(202)
    expect(headers['location']).toBe(`/v1/merchants/${merchantId}/exports/${body.exportId}`)
    const queued = {
      exportId: body.exportId,
      state: 'queued',
      createdAt: '2026-11-22T10:00:00.000Z',
      sections: { done: 0, all: 11 },
      items: 0,
      parts: 0,
    }
    expect(body).toEqual(queued)
    expect((await getPart(body.exportId, 1)).status).toBe(404)
    clock.advance(HOUR)
    await workOff()
    const { body: done } = await get(body.exportId)
    expect(done).toEqual({
      ...queued,
      state: 'done',
      finishedAt: '2026-11-22T11:00:00.000Z',
      expiresAt: '2026-11-23T11:00:00.000Z',
      sections: { done: 11, all: 11 },
      // The merchant, its owner, and two entries of the audit log.
      items: 4,
      parts: 1,
    })
    expect((await getPart(body.exportId, 2)).status).toBe(404)
    for (const part of ['0', '01', '-1', 'x']) expect((await getPart(body.exportId, part)).status).toBe(404)
    clock.advance(DAY - 1)
    expect((await getPart(body.exportId, 1)).status).toBe(200)
    clock.advance(1)
    const over = [await get(body.exportId), await getPart(body.exportId, 1)]
    expect(over.map(({ status: is, body: { code } }) => [is, code])).toEqual([
      [410, 'exportOver'],
      [410, 'exportOver'],
    ])
    const left = (await tables.allOf(tables.catalog)).filter(({ pk, kind }) => {
      return pk === `M#${merchantId}` && (kind === 'exportPart' || kind === 'exportPlace')
    })
    expect(left.map(({ ttl }) => ttl)).toEqual([(NOW + 2 * DAY) / 1000])
  })

  test('is for owners and auditors, and the audit log tells who asked and who read', async () => {
    for (const role of ['manager', 'auditor'] as const)
      await putMember(merchantApi, 'owner', merchantId, role, role)
    expect((await ask('manager')).status).toBe(403)
    const { body } = await ask('auditor')
    await workOff()
    const manager = [await get(body.exportId, 'manager'), await getPart(body.exportId, 1, 'manager')]
    expect(manager.map(({ status }) => status)).toEqual([403, 403])
    expect((await getPart(body.exportId, 1, 'auditor')).status).toBe(200)
    const { body: log } = await callApi(merchantApi, `GET ${M}/audit-log`, {
      subject: 'owner',
      path: { merchantId },
    })
    const entries = log.items.filter(({ action }: { action: string }) => action === 'export')
    const auditor = { user: userIdOf('auditor'), role: 'auditor', object: body.exportId }
    expect(entries.map(({ detail }: { detail?: string }) => detail).toSorted()).toEqual([
      'part 1 read',
      undefined,
    ])
    for (const entry of entries) expect(entry).toMatchObject(auditor)
  })

  test('gives no further part out when the time of who asked for it is over', async () => {
    const until = new Date(NOW + HOUR).toISOString()
    await callApi(merchantApi, `PUT ${M}/members/{userId}`, {
      subject: 'owner',
      path: { merchantId, userId: userIdOf('olaf') },
      body: { role: 'auditor', until },
    })
    const { body } = await ask('olaf')
    await workOff()
    expect((await getPart(body.exportId, 1, 'olaf')).status).toBe(200)
    clock.advance(HOUR)
    const late = [await get(body.exportId, 'olaf'), await getPart(body.exportId, 1, 'olaf')]
    expect(late.map(({ status }) => status)).toEqual([404, 404])
  })

  test('of another merchant is none', async () => {
    const exportId = await exported()
    const { id: theirs } = await newMerchant(merchantApi, 'other')
    const answers = [
      await get(exportId, 'other', theirs),
      await getPart(exportId, 1, 'other', theirs),
      await get(exportId, 'other'),
      await getPart(exportId, 1, 'other'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404])
  })

  test('is one at a time; whose message was lost is queued again, once a minute', async () => {
    const { body, headers } = await ask()
    sqs.requests.length = 0
    for (const queued of [0, 1, 1]) {
      const answers = await Promise.all([ask(), ask(), ask()])
      for (const { status, body: problem } of answers)
        expect([status, problem.code, problem.location]).toEqual([409, 'limitReached', headers['location']])
      expect(sentTo(sqs)).toHaveLength(queued)
      sqs.requests.length = 0
      clock.advance(60_000)
    }
    await ask()
    await workOff()
    expect((await get(body.exportId)).body.state).toBe('done')
    const both = await Promise.all([ask(), ask()])
    expect(both.map(({ status }) => status).toSorted()).toEqual([202, 409])
  })

  test('of which nothing comes for six hours has failed, and another may be asked for', async () => {
    const { body } = await ask()
    sqs.requests.length = 0
    clock.advance(6 * HOUR)
    expect((await ask()).status).toBe(409)
    sqs.requests.length = 0
    clock.advance(1)
    expect((await get(body.exportId)).body.state).toBe('failed')
    const { body: next, status } = await ask()
    expect(status).toBe(202)
    const message = { kind: 'export', merchantId, jobId: body.exportId as JobId } as const
    expect(await exportMerchant(services(), message)).toBe(0)
    await workOff()
    expect((await get(next.exportId)).body.state).toBe('done')
  })

  test('is asked for ten times a day at most', async () => {
    for (let asked = 0; asked < 10; asked += 1) await exported()
    const { status, body } = await ask()
    expect([status, body.code, body.detail]).toEqual([409, 'limitReached', '10 exports a day'])
    clock.advance(DAY)
    expect((await ask()).status).toBe(202)
  })

  test('of a merchant that is gone ends', async () => {
    const { body } = await ask()
    await callApi(merchantApi, `DELETE ${M}`, { subject: 'owner', path: { merchantId } })
    await workOff()
    const kinds = (await tables.allOf(tables.catalog))
      .filter(({ pk }) => pk === `M#${merchantId}`)
      .map(({ kind }) => kind)
    expect(kinds).not.toContain('exportPart')
    expect(body.state).toBe('queued')
  })

  test('has room for a line that is larger than an item', async () => {
    const job = newExport(merchantId, newId('job'), NOW)
    const author = { user: userIdOf('owner'), role: 'owner', requestId: 'r', atMs: NOW } as const
    await records.create(job, author)
    const numbers = Array.from({ length: 60_000 }, () => Math.random() * 180)
    await records.write(job, { parts: [[{ section: 'geofence', data: { numbers } }]], next: undefined }, NOW)
    const rows = await readAll(job.jobId)
    expect(rows).toEqual([{ section: 'geofence', data: { numbers } }])
    const pieces = (await tables.allOf(tables.catalog)).filter(
      ({ pk, kind }) => pk === `M#${merchantId}` && kind === 'exportPart',
    )
    expect(pieces.length).toBeGreaterThan(1)
  })

  test('that is cut, crashes or is delivered twice holds every line once', async () => {
    const users = await populate(40)
    const { body } = await ask()
    let calls = 0
    const crashing: ExportServices['exports']['write'] = async (...given) => {
      calls += 1
      if (calls % 5 === 2) throw new Error('crashed')
      const job = await records.write(...given)
      if (calls % 5 === 4) throw new Error('crashed')
      return job
    }
    const message = { kind: 'export', merchantId, jobId: body.exportId as JobId } as const
    const given = services({ write: crashing })
    await Promise.allSettled([1, 2, 3].map(() => exportMerchant(given, message)))
    expect(await runUntilDone(body.exportId, given)).toBeGreaterThan(2)
    const rows = await readAll(body.exportId)
    expect((await get(body.exportId)).body.parts).toBeGreaterThan(10)
    expect(usersIn(rows, 'customer').toSorted()).toEqual(users.toSorted())
    expect(usersIn(rows, 'grant').toSorted()).toEqual(users.toSorted())
    expect(rows.filter(({ section }) => section === 'merchant')).toHaveLength(1)
    const done = await get(body.exportId)
    const texts = await Promise.all(
      Array.from({ length: done.body.parts }, (_, index) => getPart(body.exportId, index + 1)),
    )
    const sizes = texts.map(({ body: text }) => String(text).length)
    const longest = Math.max(...rows.map((row) => JSON.stringify(row).length))
    expect(Math.max(...sizes)).toBeLessThan(1.5 * 1200 + longest)
    await exportMerchant(services(), message)
    expect((await get(body.exportId)).body).toEqual(done.body)
  })

  test('puts what is left on the queue again', async () => {
    await populate(12)
    const { body } = await ask()
    const queued: unknown[] = []
    const message = { kind: 'export', merchantId, jobId: body.exportId as JobId } as const
    const queueJob: ExportServices['queueJob'] = async (job) => void queued.push(job)
    const first = await exportMerchant({ ...services(), queueJob }, message)
    expect(first).toBeGreaterThan(0)
    expect(queued).toEqual([message])
    expect((await get(body.exportId)).body).toMatchObject({ state: 'running', items: first })
  })
})

describe('a merchant that is suspended', () => {
  test('keeps its data: its members read, change and export it as before', async () => {
    const call = { subject: 'owner', path: { merchantId } }
    await created(merchantApi, `POST ${M}/geofences`, { ...call, body: geofenceBody() })
    await created(merchantApi, `POST ${M}/offers`, { ...call, body: offerBody() })
    const body = sceneBody({ state: 'active' })
    const scene = await created(merchantApi, `POST ${M}/scenes`, { ...call, body })
    await putMember(merchantApi, 'owner', merchantId, 'quin', 'auditor')
    await relate(named('usr', 'regular'))
    const exportedBy = async (subject: string) =>
      (await readAll(await exported(subject))).filter(({ section }) => section !== 'audit')
    const before = await exportedBy('owner')
    const suspend = (suspended: boolean) =>
      callApi(merchantApi, 'PUT /v1/platform/merchants/{merchantId}/suspension', {
        subject: 'operator',
        scopes: ['operator'],
        path: { merchantId },
        body: { suspended, ...(suspended && { reason: 'spam' }) },
      })
    expect((await suspend(true)).status).toBe(200)
    expect(await exportedBy('owner')).toEqual(before)
    expect(await exportedBy('quin')).toEqual(before)
    const reads = Object.keys(routes).filter((key) =>
      /^GET \/v1\/merchants\/\{merchantId\}(\/[^{/]+)?$/.test(key),
    )
    expect(reads.length).toBeGreaterThan(8)
    for (const key of reads) expect([key, (await callApi(merchantApi, key, call)).status]).toEqual([key, 200])
    const of = { subject: 'owner', path: { merchantId, sceneId: scene.id } }
    const changed = await callApi(merchantApi, `PUT ${M}/scenes/{sceneId}`, {
      ...of,
      body: sceneBody({ state: 'active', name: 'Better' }),
    })
    expect([changed.status, changed.body.state]).toEqual([200, 'active'])
    await suspend(false)
    const state = await callApi(merchantApi, `GET ${M}/scenes/{sceneId}`, of)
    expect(state.body).toMatchObject({ state: 'active', name: 'Better' })
  })
})

describe('a customer who is erased', () => {
  test('before, while or after an export is made is in no item of it, and the others are, once', async () => {
    const users = await populate(24)
    const [before, during, written, after, ...others] = users
    if (!before || !during || !written || !after) throw new Error('too few')
    // What an index still tells of somebody who is gone.
    await erase(before, NOW)
    await relate(before)
    const { body } = await ask()
    let isErased = false
    const given = services({
      // Between reading and writing: of some the lines are in hand, of some they are written.
      write: async (job, step, ...rest) => {
        const lines = JSON.stringify(step.parts)
        if (!isErased && lines.includes(during)) {
          isErased = true
          await erase(during, NOW)
        }
        return await records.write(job, step, ...rest)
      },
    })
    await runUntilDone(body.exportId, given)
    expect(isErased).toBe(true)
    await erase(written, NOW)
    const rows = await readAll(body.exportId)
    const left = [after, ...others]
    expect(usersIn(rows, 'customer').toSorted()).toEqual(left.toSorted())
    expect(usersIn(rows, 'grant').toSorted()).toEqual(left.toSorted())
    // TTL may leave its parts lying when its time is over.
    clock.advance(3 * DAY)
    await erase(after, clock.nowMs)
    clock.nowMs = NOW
    expect(usersIn(await readAll(body.exportId), 'customer').toSorted()).toEqual(others.toSorted())
    for (const user of [during, written, after]) expect(await tracesOf(user)).toEqual([])
  })

  test.each([0, 1])('is in no rest of a part that TTL takes away, its piece %d first', async (gone) => {
    const [user] = await populate(1)
    if (!user) throw new Error('too few')
    const { body } = await ask()
    const job = await records.find(merchantId, body.exportId)
    if (!job) throw new Error('not asked for')
    const numbers = Array.from({ length: 60_000 }, () => Math.random() * 180)
    const lines = [
      { section: 'geofence', data: { numbers } },
      { section: 'customer', data: { userId: user }, user },
    ] as const
    await records.write(job, { parts: [lines], next: undefined }, NOW)
    const left = async () =>
      (await tables.allOf(tables.catalog)).filter(
        ({ pk, kind }) => pk === `M#${merchantId}` && kind === 'exportPart',
      )
    const pieces = await left()
    expect(pieces).toHaveLength(2)
    const Key = { pk: pieces[gone]?.['pk'], sk: pieces[gone]?.['sk'] }
    await tables.client.send(new DeleteCommand({ TableName: tables.catalog, Key }))
    await erase(user, NOW + 3 * DAY)
    expect(await left()).toEqual([])
    expect(await tracesOf(user)).toEqual([])
  })

  const SEED = Number(process.env['BECKON_SEED'] ?? Math.floor(Math.random() * 0x7fffffff))
  test(`leaves nothing however erasures and runs meet (seed ${SEED})`, async () => {
    const CUSTOMERS = 12
    const plans = fc.record({
      /** At which call of the export each customer is erased, all others when it is done; some never. */
      erasedAt: fc.array(fc.option(fc.integer({ min: 1, max: 100 }), { freq: 4 }), {
        minLength: CUSTOMERS,
        maxLength: CUSTOMERS,
      }),
      /** Does the export wait until an erasure has ended? */
      waits: fc.boolean(),
      pagesARun: fc.integer({ min: 1, max: 6 }),
      customersAPage: fc.integer({ min: 1, max: 8 }),
      partBytes: fc.integer({ min: 300, max: 9000 }),
    })
    await fc.assert(
      fc.asyncProperty(plans, async ({ erasedAt, waits, ...exportLimits }) => {
        merchants += 1
        merchantId = (await newMerchant(merchantApi, 'owner', `Chain ${merchants}`)).id
        const users = await populate(CUSTOMERS)
        const { body } = await ask()
        let calls = 0
        const going: Promise<unknown>[] = []
        const tick = async (): Promise<void> => {
          calls += 1
          const some = users.filter((_, n) => erasedAt[n] === calls)
          const all = Promise.all(some.map((user) => erase(user, NOW)))
          going.push(all)
          if (waits) await all
        }
        const ticking =
          <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
          async (...args: A): Promise<R> => {
            await tick()
            const done = await work(...args)
            await tick()
            return done
          }
        const { write, erasedAmong, readOfCustomer } = records
        const exports = {
          ...records,
          write: ticking(write),
          erasedAmong: ticking(erasedAmong),
          readOfCustomer: ticking(readOfCustomer),
        }
        await runUntilDone(body.exportId, { ...services(), exports, exportLimits })
        await Promise.all(going)
        const late = users.filter((_, n) => (erasedAt[n] ?? 0) > calls)
        await Promise.all(late.map((user) => erase(user, NOW)))
        const others = users.filter((_, n) => erasedAt[n] === null)
        const rows = await readAll(body.exportId)
        expect(usersIn(rows, 'customer').toSorted()).toEqual(others.toSorted())
        expect(usersIn(rows, 'grant').toSorted()).toEqual(others.toSorted())
        const catalog = told(await tables.allOf(tables.catalog)).map((item) => JSON.stringify(item))
        const erased = users.filter((_, n) => erasedAt[n] !== null)
        for (const user of erased) expect(catalog.filter((text) => text.includes(user))).toEqual([])
      }),
      { numRuns: 15, seed: SEED, endOnFailure: true },
    )
  }, 120_000)
})
