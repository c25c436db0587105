import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { notErased } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { countWrites } from '#shared/adapters/dynamodb/ledger/counters.ts'
import { readExposures, replaceExposure } from '#shared/adapters/dynamodb/ledger/exposure-records.ts'
import { type CreditedVisit, creditVisits, spanOf } from '#shared/adapters/dynamodb/ledger/visit-credits.ts'
import {
  batchGetAll,
  type Item,
  type TransactItem,
  transact,
} from '#shared/adapters/dynamodb/transactions.ts'
import { expiryOf } from '#shared/contracts/items/ledger.ts'
import {
  customerIndex,
  parseRelationship,
  planAttributes,
  relationshipAttributes,
  relationshipKey,
  withChain,
} from '#shared/contracts/items/relationship.ts'
import { visitIndex, visitKey } from '#shared/contracts/items/visit.ts'
import { BusyError } from '#shared/domain/busy-error.ts'
import { type Relationship, withVisit } from '#shared/domain/customers/relationship.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { ClosedVisit } from '#shared/domain/presence/visit.ts'
import type { KnownRelationship } from '#shared/domain/scenes/facts.ts'
import { firstMomentMs } from '#shared/domain/scenes/next-occasions.ts'
import { occasionsOf } from '#shared/domain/scenes/occasions.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

/** From what the occasions of a customer follow, beside the relationship itself. */
export type VisitPlans = {
  readonly scenesOf: (merchantId: MerchantId) => readonly Scene[]
  /** 'MM-DD'. */
  readonly birthday?: string
}

export type VisitStore = {
  /**
   * Keeps settled visits: each once, however often it is told, with its part in the relationship.
   *
   * @param plans what the next occasions follow from
   * @param isReachable whether the merchant had a channel to the customer, with consent
   */
  readonly recordVisits: (
    user: UserId,
    visits: readonly ClosedVisit[],
    plans: VisitPlans,
    isReachable: (merchantId: MerchantId) => boolean,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<void>
}

const MAX_ROUNDS = 10
/** One transaction holds 100 items: a visit changes a relationship, two exposures and four counters at most. */
const VISITS_PER_TRANSACTION = 12

const visitItem = (user: UserId, visit: CreditedVisit, nowMs: number) => ({
  ...visitKey(user, visit.visitId),
  kind: 'visit',
  user,
  ...visit,
  settledAtMs: nowMs,
  ...visitIndex(user, visit.visitId, visit.enteredAtMs),
  ttl: expiryOf(nowMs),
})

/** Visits in the order in which they began. */
const afterVisits = (before: KnownRelationship, visits: readonly CreditedVisit[]): KnownRelationship => {
  const known = visits.reduce<Relationship>((so, visit) => withVisit(so, visitOf(visit)), before)
  return withChain({ ...before, ...known }, visits.at(-1)?.correlationId)
}

/** Of a visit whose end nobody saw, as long as the customer was surely there counts. */
const visitOf = ({
  enteredAtMs,
  lastInsideAtMs,
  exitedAtMs = lastInsideAtMs,
  timeZone,
  storeId,
}: ClosedVisit) => ({
  enterMs: enteredAtMs,
  durationS: Math.max(0, (exitedAtMs - enteredAtMs) / 1000),
  timeZone,
  storeId,
})

/** Visits and the relationships that they make, in the Ledger. */
export const createVisitStore = (
  client: DynamoDBDocumentClient,
  table: string,
  dueShards: number,
): VisitStore => {
  const relationshipUpdate = (
    user: UserId,
    merchantId: MerchantId,
    visits: readonly CreditedVisit[],
    known: Item | undefined,
    { scenesOf, birthday }: VisitPlans,
    nowMs: number,
  ): TransactItem => {
    const last = visits.reduce((a, b) => (b.lastInsideAtMs > a.lastInsideAtMs ? b : a))
    const lastInsideAtMs = Math.max(last.lastInsideAtMs, Number(known?.['lastVisitAtMs'] ?? 0))
    const isNewer = last.lastInsideAtMs === lastInsideAtMs
    const stored = parseRelationship(known)
    const relationship = afterVisits(stored.relationship, visits)
    const planned = {
      user,
      merchantId,
      relationship,
      lastInsideAtMs,
      ...(birthday !== undefined && { birthday }),
    }
    const occasions = occasionsOf(planned, scenesOf(merchantId), nowMs)
    const nextMs = firstMomentMs(occasions, stored.plan, nowMs)
    const plan = planAttributes(user, merchantId, stored.plan, { nextMs }, { nowMs, dueShards })
    const { known: next } = relationshipAttributes(relationship)
    const { merchantPk, merchantSk } = customerIndex(user, merchantId, stored.actedAt !== undefined)
    const sets = [
      'kind = :kind, #user = :user, merchantId = :merchantId, lastVisitAtMs = :last, #zone = :zone',
      '#known = :known, merchantPk = :mpk, merchantSk = :msk',
      ...plan.sets,
    ]
    const remove = plan.removes.length > 0 ? ` REMOVE ${plan.removes.join(', ')}` : ''
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
          ':last': lastInsideAtMs,
          ':zone': isNewer ? last.timeZone : (known?.['timeZone'] ?? last.timeZone),
          ':one': 1,
          ':count': visits.length,
          ':known': next,
          ':mpk': merchantPk,
          ':msk': merchantSk,
          ...(known ? { ':version': Number(known['version'] ?? 0) } : {}),
          ...plan.values,
        },
      },
    }
  }

  const recordSome = async (
    user: UserId,
    all: readonly ClosedVisit[],
    plans: VisitPlans,
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
          notErased(table, user),
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
            relationshipUpdate(user, merchantId, credited[index]?.visits ?? [], known[index], plans, nowMs),
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
    recordVisits: async (user, visits, plans, isReachable, nowMs, signal) => {
      for (let start = 0; start < visits.length; start += VISITS_PER_TRANSACTION) {
        await recordSome(
          user,
          visits.slice(start, start + VISITS_PER_TRANSACTION),
          plans,
          isReachable,
          nowMs,
          signal,
        )
      }
    },
  }
}
