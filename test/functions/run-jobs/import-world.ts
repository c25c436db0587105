import type { SQSRecord } from 'aws-lambda'
import { expect } from 'vitest'
import { handler as merchantApi } from '#functions/merchant-api/handler.ts'
import { handler } from '#functions/run-jobs/handler.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import { setClock } from '#test/support/clock.ts'
import { createTables } from '#test/support/engine.ts'
import { callApi, type HttpCall, lambdaContext } from '#test/support/http-event.ts'
import { newMerchant } from '#test/support/merchants.ts'
import { sentTo, startPeer, takeAll } from '#test/support/peers.ts'

export const M = '/v1/merchants/{merchantId}'

/** The merchant API and run-jobs over tables of their own, with a queue that is worked off by hand. */
export const createImportWorld = async (nowMs: number) => {
  const tables = await createTables()
  const sqs = await startPeer(takeAll)
  Object.assign(process.env, {
    CATALOG_TABLE: tables.catalog,
    PRESENCE_TABLE: tables.presence,
    LEDGER_TABLE: tables.ledger,
    PLACE_INDEX: 'places',
    JOBS_QUEUE_URL: `${sqs.url}/123456789012/jobs`,
    AWS_ENDPOINT_URL_SQS: sqs.url,
  })
  const clock = setClock(nowMs)
  let chains = 0

  const newChain = async () => {
    sqs.requests.length = 0
    chains += 1
    return chainOf((await newMerchant(merchantApi, 'owner', `Chain ${chains}`)).id)
  }

  /** Works the queue off as Lambda does. */
  const workOff = async (): Promise<number> => {
    for (let hops = 0; hops < 20; hops += 1) {
      const bodies = sentTo(sqs)
      sqs.requests.length = 0
      if (bodies.length === 0) return hops
      const Records = bodies.map((body, index) => ({
        messageId: `m-${index}`,
        body: JSON.stringify(body),
      })) as SQSRecord[]
      expect(await handler({ Records }, lambdaContext(300_000))).toEqual({ batchItemFailures: [] })
    }
    throw new Error('the job never ends')
  }

  /** What the owner of a merchant asks for. */
  const chainOf = (merchantId: MerchantId) => {
    const call = (route: string, { path = {}, ...rest }: HttpCall = {}) =>
      callApi(merchantApi, route, { subject: 'owner', path: { merchantId, ...path }, ...rest })
    const post = (body: unknown) => call(`POST ${M}/imports`, { body })
    const get = async (jobId: string) => (await call(`GET ${M}/imports/{jobId}`, { path: { jobId } })).body
    const list = async (what: string) => {
      const items = []
      let cursor: string | undefined
      do {
        const query: Record<string, string> = { limit: '100', ...(cursor !== undefined && { cursor }) }
        const { body } = await call(`GET ${M}/${what}`, { query })
        items.push(...body.items)
        cursor = body.next
      } while (cursor !== undefined)
      return items
    }
    const runImport = async (body: unknown) => {
      const { status, body: job } = await post(body)
      expect([status, job.errors]).toEqual([202, undefined])
      await workOff()
      return await get(job.jobId)
    }
    /** The operator lets the merchant have more. */
    const raise = async (quotas: object) => {
      const route = 'PUT /v1/platform/merchants/{merchantId}/quotas'
      const given = { path: { merchantId }, scopes: ['operator'], subject: 'operator', body: quotas }
      expect((await callApi(merchantApi, route, given)).status).toBe(200)
    }
    return { merchantId, raise, call, post, get, list, runImport }
  }

  return { tables, sqs, clock, newChain, workOff }
}
export type Chain = Awaited<ReturnType<Awaited<ReturnType<typeof createImportWorld>>['newChain']>>
