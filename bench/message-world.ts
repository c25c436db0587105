import { createHash } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import { type ApiClient, createApiClient } from '#local/api-client.ts'
import { type LocalCloud, startLocalCloud } from '#local/cloud/start-local-cloud.ts'
import type { ReceivedMessage } from '#local/peers/phone-message.ts'

export type Kind = 'fcm' | 'apns' | 'sms'
export type Customer = { readonly kind: Kind; readonly token: string; readonly phone: string }
export type MessageItem = {
  readonly messageId: string
  readonly state: string
  readonly channel: 'push' | 'sms'
  readonly createdAtMs: number
  readonly snsMessageId?: string
}

/** A local cloud with one merchant, whose scene speaks to whoever scans its QR code. */
export type MessageWorld = {
  readonly cloud: LocalCloud
  readonly addCustomers: (count: number, kindOf: (index: number) => Kind) => Promise<Customer[]>
  /** Grants a customer a message. */
  readonly scan: (customer: Customer) => Promise<void>
  readonly messages: () => Promise<MessageItem[]>
  readonly received: () => readonly ReceivedMessage[]
  readonly close: () => Promise<void>
}

const REQUESTS_AT_ONCE = 24

/** Runs `work` for all, some at once. */
export const forAll = async <T, R>(
  all: readonly T[],
  work: (one: T, index: number) => Promise<R>,
  atOnce = REQUESTS_AT_ONCE,
): Promise<R[]> => {
  const results: R[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < all.length; index = next++) {
      const one = all[index]
      if (one !== undefined) results[index] = await work(one, index)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return results
}

const register = async (api: ApiClient, merchantId: string, index: number, kind: Kind): Promise<Customer> => {
  const token = await api.token(`customer ${index}`, ['customer'])
  const consent = { granted: true, source: 'app' }
  if (kind === 'sms') {
    // 310 555 0000 and on: a numbering plan that takes 10,000 customers.
    const phone = `+1310${5_550_000 + index}`
    await api.put('/v1/me/phone-number', { number: phone }, token)
    await api.put(`/v1/me/consents/sms/${merchantId}`, consent, token)
    return { kind, token, phone }
  }
  const hex = createHash('sha256').update(`phone ${index}`).digest('hex')
  const phone = kind === 'apns' ? hex : `fcm:${hex}`
  await api.put('/v1/me/devices/phone', { platform: kind, token: phone }, token)
  await api.put('/v1/me/consents/push', consent, token)
  return { kind, token, phone }
}

/**
 * @param clock the wall's, to measure time, or a virtual one, to let time pass at once
 */
export const startMessageWorld = async (
  clock: 'wall' | 'virtual',
  maxWorkers: number,
): Promise<MessageWorld> => {
  const cloud = await startLocalCloud({
    port: 0,
    clock: clock === 'wall' ? { kind: 'wall' } : { kind: 'virtual', atMs: Date.UTC(2026, 0, 5, 20) },
    dynamodb: 'dynoxide',
    maxWorkers,
  })
  const api = createApiClient(cloud.url)
  const documents = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint: cloud.endpoints.streams,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
  )
  const owner = await api.token('owner', ['merchant'])
  const merchant = await api.post<{ id: string }>('/v1/merchants', { name: 'Bench' }, owner)
  await api.post(
    `/v1/merchants/${merchant.id}/scenes`,
    {
      name: 'scan',
      goal: 'visit',
      triggers: [{ type: 'event', eventType: 'qr_scan' }],
      message: {
        // The answer to an own act: neither the hour nor the caps of promotion keep it back.
        kind: 'service',
        push: { title: '{{ merchant.name }}', body: 'Come in' },
        sms: { body: '{{ merchant.name }}: come in' },
        ttlS: 3600,
      },
      limits: { coolDownS: 0, maxAgeS: 3600 },
    },
    owner,
  )
  let customers = 0
  return {
    cloud,
    addCustomers: (count, kindOf) => {
      const first = customers
      customers += count
      const indexes = Array.from({ length: count }, (_, index) => index)
      return forAll(indexes, (index) => register(api, merchant.id, first + index, kindOf(index)))
    },
    scan: async ({ token, phone }) => {
      const at = new Date(cloud.clock.nowMs()).toISOString()
      const event = {
        id: `scan-${phone.replace(/\W/g, '').slice(-24)}`,
        type: 'qr_scan',
        at,
        merchantId: merchant.id,
      }
      await api.post('/v1/events', { events: [event] }, token)
    },
    messages: async () => {
      const items: MessageItem[] = []
      const pages = paginateScan({ client: documents }, { TableName: cloud.tables.ledger })
      for await (const { Items = [] } of pages) {
        // Written by the functions of this very program.
        for (const item of Items) if (item['kind'] === 'message') items.push(item as MessageItem)
      }
      return items
    },
    received: () => cloud.phones.received(),
    close: async () => {
      documents.destroy()
      await cloud.close()
    },
  }
}
