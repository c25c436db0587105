import { createHash } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { BatchWriteCommand, DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import { createApiClient } from '#local/api-client.ts'
import { type LocalCloud, startLocalCloud } from '#local/cloud/start-local-cloud.ts'
import {
  customerIndex,
  relationshipAttributes,
  relationshipKey,
} from '#shared/contracts/items/relationship.ts'
import { NO_RELATIONSHIP, withVisit } from '#shared/domain/customers/relationship.ts'
import { hashId, type MerchantId, type UserId } from '#shared/domain/ids.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Monday, 10:00 in San Francisco. */
const STARTS_AT_MS = Date.UTC(2026, 0, 5, 18)
/** All are due in the hour from 12:00 on. */
const DUE_FROM_MS = STARTS_AT_MS + 2 * HOUR_MS
const DAYS = 7
const PUT_AT_ONCE = 25

/** Units by table, indexes included. */
export type Units = Readonly<Record<string, { readonly read: number; readonly write: number }>>

export type RevisitsMeasured = {
  readonly customers: number
  /** What planning anew for all of them took, and what raising, deciding and sending in the hour took. */
  readonly planning: Units
  readonly hour: Units
  /** How many were reached in each minute of the hour, and after it. */
  readonly perMinute: readonly number[]
  /** Every way in which it was not once for each, in words. */
  readonly differences: readonly string[]
}

type Item = Record<string, unknown>

/** A customer with a phone whose one visit was so that the reminder is due in the hour. */
const customerItems = (user: UserId, merchantId: MerchantId): Item[] => {
  const visitMs = DUE_FROM_MS - DAYS * DAY_MS
  const at = new Date(visitMs).toISOString()
  const known = withVisit(NO_RELATIONSHIP, {
    enterMs: visitMs,
    durationS: 600,
    timeZone: 'America/Los_Angeles',
  })
  const pk = `U#${user}`
  return [
    {
      pk,
      sk: 'PROFILE',
      kind: 'profile',
      user,
      version: 1,
      consents: { push: { granted: true, at, source: 'app' } },
      createdAt: at,
    },
    {
      pk,
      sk: 'DEVICE#phone',
      kind: 'device',
      deviceId: 'phone',
      platform: 'fcm',
      token: `fcm:${createHash('sha256').update(user).digest('hex')}`,
      enabled: true,
      updatedAt: at,
    },
    {
      ...relationshipKey(user, merchantId),
      kind: 'relationship',
      user,
      merchantId,
      version: 1,
      visits: 1,
      lastVisitAtMs: visitMs + MINUTE_MS,
      ...relationshipAttributes({ ...known, events: [], eventsSinceMs: 0 }),
      ...customerIndex(user, merchantId, false),
    },
  ]
}

const unitsBetween = (before: Units, after: Units): Units =>
  Object.fromEntries(
    Object.entries(after).map(([table, { read, write }]) => [
      table,
      { read: read - (before[table]?.read ?? 0), write: write - (before[table]?.write ?? 0) },
    ]),
  )

const openScene = async (cloud: LocalCloud): Promise<MerchantId> => {
  const api = createApiClient(cloud.url)
  const owner = await api.token('owner', ['merchant'])
  const merchant = await api.post<{ id: MerchantId }>('/v1/merchants', { name: 'Bench' }, owner)
  await api.post(
    `/v1/merchants/${merchant.id}/scenes`,
    {
      name: 'Come back',
      goal: 'visit',
      triggers: [{ type: 'due', plan: { kind: 'afterLastVisit', days: DAYS } }],
      message: { push: { title: '{{ merchant.name }}', body: 'A week has gone by' }, ttlS: 3600 },
    },
    owner,
  )
  return merchant.id
}

/**
 * Has so many customers of one merchant due in one hour, in a local cloud on the virtual clock, and looks whether each
 * was reminded once.
 *
 * @param onReached called minute by minute with how many were reached
 */
export const measureRevisits = async (
  customers: number,
  onReached: (count: number) => void = () => {},
): Promise<RevisitsMeasured> => {
  const cloud = await startLocalCloud({
    port: 0,
    clock: { kind: 'virtual', atMs: STARTS_AT_MS },
    dynamodb: 'dynoxide',
    proxy: 'meter',
  })
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const documents = DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint: cloud.endpoints.streams, region: 'us-east-1', credentials }),
  )
  const units = (): Units => structuredClone(cloud.stats().units ?? {})
  try {
    const merchantId = await openScene(cloud)
    const users = Array.from({ length: customers }, (_, index) => hashId('usr', `revisit ${index}`))
    const items = users.flatMap((user) => customerItems(user, merchantId))
    for (let start = 0; start < items.length; start += PUT_AT_ONCE) {
      const puts = items.slice(start, start + PUT_AT_ONCE).map((Item) => ({ PutRequest: { Item } }))
      await documents.send(new BatchWriteCommand({ RequestItems: { [cloud.tables.ledger]: puts } }))
    }
    const before = units()
    // The scene is new: its customers are planned for.
    await cloud.advanceTo(STARTS_AT_MS + 5 * MINUTE_MS)
    const planned = units()
    await cloud.advanceTo(DUE_FROM_MS - 1)
    const early = units()
    const perMinute: number[] = []
    let reached = 0
    for (let minute = 1; minute <= 62; minute += 1) {
      await cloud.advanceTo(DUE_FROM_MS + minute * MINUTE_MS)
      const now = cloud.phones.received().length
      perMinute.push(now - reached)
      reached = now
      onReached(reached)
    }
    const after = units()
    const raised = new Map<string, number>()
    for await (const { Items = [] } of paginateScan(
      { client: documents },
      { TableName: cloud.tables.ledger },
    )) {
      for (const { kind, triggerKind, user } of Items)
        if (kind === 'event' && triggerKind === 'due') raised.set(user, (raised.get(user) ?? 0) + 1)
    }
    const differences = users
      .filter((user) => raised.get(user) !== 1)
      .map((user) => `${user} was raised ${raised.get(user) ?? 0} times`)
    if (reached !== customers) differences.push(`${reached} of ${customers} were reached`)
    return {
      customers,
      planning: unitsBetween(before, planned),
      hour: unitsBetween(early, after),
      perMinute,
      differences,
    }
  } finally {
    documents.destroy()
    await cloud.close()
  }
}
