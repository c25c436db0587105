import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { countWrites } from '#shared/adapters/dynamodb/ledger/counters.ts'
import { readExposures, replaceExposure } from '#shared/adapters/dynamodb/ledger/exposure-records.ts'
import { type CreditedVisit, creditVisits, spanOf } from '#shared/adapters/dynamodb/ledger/visit-credits.ts'
import {
  batchGetAll,
  type Item,
  type TransactItem,
  transact,
} from '#shared/adapters/dynamodb/transactions.ts'
import { dueKey, expiryOf, profileKey, userKey } from '#shared/contracts/items/ledger.ts'
import {
  customerIndex,
  parseRelationship,
  relationshipAttributes,
  relationshipKey,
} from '#shared/contracts/items/relationship.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import { type Relationship, withVisit } from '#shared/domain/customers/relationship.ts'
import { type MerchantId, shardOf, type UserId } from '#shared/domain/ids.ts'
import type { ClosedVisit } from '#shared/domain/presence/visit.ts'

export type VisitStore = {
  /**
   * Keeps settled visits: each once, however often it is told, with its part in the relationship.
   *
   * @param remindAfterDays for each merchant, after how many days without a visit it reminds, in rising order
   * @param isReachable whether the merchant had a channel to the customer, with consent
   */
  readonly recordVisits: (
    user: UserId,
    visits: readonly ClosedVisit[],
    remindAfterDays: (merchantId: MerchantId) => readonly number[],
    isReachable: (merchantId: MerchantId) => boolean,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<void>
}

const DAY_MS = 86_400_000
const MAX_ROUNDS = 10
/** One transaction holds 100 items: a visit changes a relationship, two exposures and four counters at most. */
const VISITS_PER_TRANSACTION = 12

const visitItem = (user: UserId, visit: CreditedVisit, nowMs: number) => ({
  pk: userKey(user),
  sk: `VISIT#${visit.visitId}`,
  kind: 'visit',
  user,
  ...visit,
  settledAtMs: nowMs,
  merchantPk: `M#${visit.merchantId}#VISIT#${shardOf(user, 4)}`,
  merchantSk: new Date(visit.enteredAtMs).toISOString(),
  ttl: expiryOf(nowMs),
})

const afterVisits = (before: Relationship, visits: readonly ClosedVisit[]): Relationship =>
  visits.reduce((so, visit) => withVisit(so, visitOf(visit)), before)

/** When the sweep looks at a relationship next, and for which reminders (days after the last visit). */
type Plan = { readonly duePk: string; readonly dueSk: string; readonly dueDays: readonly number[] }

/** Of a visit whose end nobody saw, as long as the customer was surely there counts. */
const visitOf = ({ enteredAtMs, lastInsideAtMs, exitedAtMs = lastInsideAtMs, timeZone }: ClosedVisit) => ({
  enterMs: enteredAtMs,
  durationS: Math.max(0, (exitedAtMs - enteredAtMs) / 1000),
  timeZone,
})

/** Visits and the relationships that they make, in the Ledger. */
export const createVisitStore = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
): VisitStore => {
  /** A visit that is told days late may have been due already: its plan stands where the sweep still comes by. */
  const planOf = (
    user: UserId,
    merchantId: MerchantId,
    lastVisitAtMs: number,
    days: readonly number[],
    nowMs: number,
  ): Plan | undefined => {
    const [first] = days
    if (first === undefined) return undefined
    const atMs = Math.max(nowMs, lastVisitAtMs + first * DAY_MS)
    return { ...dueKey(atMs, `${user}#${merchantId}`, shardOf(user, dueShards)), dueDays: days }
  }

  const relationshipUpdate = (
    user: UserId,
    merchantId: MerchantId,
    visits: readonly ClosedVisit[],
    known: Item | undefined,
    days: readonly number[],
    nowMs: number,
  ): TransactItem => {
    const last = visits.reduce((a, b) => (b.lastInsideAtMs > a.lastInsideAtMs ? b : a))
    const lastVisitAtMs = Math.max(last.lastInsideAtMs, Number(known?.['lastVisitAtMs'] ?? 0))
    const isNewer = last.lastInsideAtMs === lastVisitAtMs
    const plan = isNewer ? planOf(user, merchantId, lastVisitAtMs, days, nowMs) : undefined
    const stored = parseRelationship(known)
    const { known: next } = relationshipAttributes({
      ...stored.relationship,
      ...afterVisits(stored.relationship, visits),
    })
    const { merchantPk, merchantSk } = customerIndex(user, merchantId, stored.actedAt !== undefined)
    const sets = [
      'kind = :kind, #user = :user, merchantId = :merchantId, lastVisitAtMs = :last, #zone = :zone',
      '#known = :known, merchantPk = :mpk, merchantSk = :msk',
      ...(plan ? ['duePk = :duePk, dueSk = :dueSk, dueDays = :dueDays'] : []),
    ]
    // An older visit leaves the plan as it is; a newer one without a plan ends it.
    const remove = isNewer && plan === undefined ? ' REMOVE duePk, dueSk, dueDays' : ''
    return {
      Update: {
        TableName: table,
        Key: relationshipKey(user, merchantId),
        ConditionExpression: known ? 'version = :version' : 'attribute_not_exists(version)',
        UpdateExpression: `SET ${sets.join(', ')}${remove} ADD version :one, visits :count`,
        // TIMEZONE is a word that DynamoDB reserves.
        ExpressionAttributeNames: { '#user': 'user', '#zone': 'timeZone', '#known': 'known' },
        ExpressionAttributeValues: {
          ':kind': 'relationship',
          ':user': user,
          ':merchantId': merchantId,
          ':last': lastVisitAtMs,
          ':zone': isNewer ? last.timeZone : (known?.['timeZone'] ?? last.timeZone),
          ':one': 1,
          ':count': visits.length,
          ':known': next,
          ':mpk': merchantPk,
          ':msk': merchantSk,
          ...(known ? { ':version': Number(known['version'] ?? 0) } : {}),
          ...(plan ? { ':duePk': plan.duePk, ':dueSk': plan.dueSk, ':dueDays': plan.dueDays } : {}),
        },
      },
    }
  }

  const recordSome = async (
    user: UserId,
    all: readonly ClosedVisit[],
    remindAfterDays: (merchantId: MerchantId) => readonly number[],
    isReachable: (merchantId: MerchantId) => boolean,
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<void> => {
    let visits = all
    for (let round = 0; round < MAX_ROUNDS && visits.length > 0; round++) {
      const byMerchant = Map.groupBy(visits, ({ merchantId }) => merchantId)
      const merchantIds = [...byMerchant.keys()]
      const keys = merchantIds.map((merchantId) => relationshipKey(user, merchantId))
      const [known = []] = await batchGetAll(client, [{ table, keys, consistent: true }], {
        random: Math.random,
        signal,
      })
      const credited = await Promise.all(
        merchantIds.map(async (merchantId, index) => {
          const own = byMerchant.get(merchantId) ?? []
          const { relationship } = parseRelationship(known[index])
          const exposures = await readExposures(client, table, user, merchantId, spanOf(own), signal)
          return creditVisits(own, relationship, exposures, isReachable(merchantId))
        }),
      )
      const outcome = await transact(
        client,
        [
          {
            ConditionCheck: {
              TableName: table,
              Key: profileKey(user),
              ConditionExpression: 'attribute_not_exists(tombstone)',
            },
          },
          ...credited
            .flatMap((one) => one.visits)
            .map((visit) => ({
              Put: {
                TableName: table,
                Item: visitItem(user, visit, nowMs),
                ConditionExpression: 'attribute_not_exists(pk)',
              },
            })),
          ...merchantIds.map((merchantId, index) =>
            relationshipUpdate(
              user,
              merchantId,
              byMerchant.get(merchantId) ?? [],
              known[index],
              remindAfterDays(merchantId),
              nowMs,
            ),
          ),
          ...credited.flatMap(({ changed }) => changed.map((exposure) => replaceExposure(table, exposure))),
          ...countWrites(
            table,
            user,
            credited.flatMap(({ counted }) => counted),
          ),
        ],
        { random: Math.random, signal },
      )
      if (outcome.kind === 'done') return
      if (outcome.reasons[0] === 'ConditionalCheckFailed') return
      // Known already: the visit was told before. What is left is tried again over the relationships as they are now.
      const told = credited
        .flatMap((one) => one.visits)
        .filter((_, index) => outcome.reasons[index + 1] === 'ConditionalCheckFailed')
        .map(({ visitId }) => visitId)
      visits = visits.filter(({ visitId }) => !told.includes(visitId))
    }
    if (visits.length > 0) throw new BusyError('visits found no quiet moment')
  }

  return {
    recordVisits: async (user, visits, remindAfterDays, isReachable, nowMs, signal) => {
      for (let start = 0; start < visits.length; start += VISITS_PER_TRANSACTION) {
        await recordSome(
          user,
          visits.slice(start, start + VISITS_PER_TRANSACTION),
          remindAfterDays,
          isReachable,
          nowMs,
          signal,
        )
      }
    },
  }
}
