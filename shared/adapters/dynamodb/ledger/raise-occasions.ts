import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { wasWritten } from '#shared/adapters/dynamodb/condition-failure.ts'
import type { DueRelationship } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import type { Gifts } from '#shared/adapters/dynamodb/ledger/gifts.ts'
import type { ReadOccasions } from '#shared/adapters/dynamodb/ledger/plan-reader.ts'
import type { RaiseEvent } from '#shared/adapters/dynamodb/ledger/raise-event.ts'
import type { Forget } from '#shared/adapters/dynamodb/ledger/raise-later.ts'
import { asRead } from '#shared/adapters/dynamodb/ledger/relationship-writes.ts'
import { planAttributes } from '#shared/contracts/items/relationship.ts'
import type { OfferId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { nextStep, type Step, voidGifts } from '#shared/domain/scenes/next-occasions.ts'
import type { Occasion } from '#shared/domain/scenes/occasions.ts'

const raisedOf = ({ sceneId, plan, occasion, dueAtMs, staleAfterS }: Occasion) => ({
  sceneId,
  plan,
  occasion,
  plannedAtMs: dueAtMs,
  staleAfterS,
})

/**
 * Looks at a relationship whose plan is due: computes its occasions from what is known by now, raises those whose time
 * has come as one event, and moves the relationship to its next moment in the same transaction.
 *
 * @returns how many occasions were raised
 */
export const createRaiseOccasions = (
  { client, table, dueShards }: { client: DynamoDBDocumentClient; table: string; dueShards: number },
  readOccasions: ReadOccasions,
  gifts: Gifts,
  raise: RaiseEvent,
  forget: Forget,
) => {
  const moveOn = (
    { pk, sk, dueSk, user, merchantId, stored }: DueRelationship,
    step: Step,
    nowMs: number,
  ) => {
    const { condition, values } = asRead(stored)
    const {
      sets,
      removes,
      values: planned,
    } = planAttributes(user, merchantId, stored.plan, step, {
      nowMs,
      dueShards,
    })
    return {
      TableName: table,
      Key: { pk, sk },
      ConditionExpression: `${condition} AND dueSk = :seen`,
      UpdateExpression: `SET ${sets.join(', ')}${removes.length > 0 ? ` REMOVE ${removes.join(', ')}` : ''} ADD version :one`,
      ExpressionAttributeValues: { ...values, ...planned, ':seen': dueSk, ':one': 1 },
    }
  }

  /** Nothing was due: what was planned has become void, or only the next moment was to be found. */
  const moveOnly = async (due: DueRelationship, step: Step, nowMs: number, signal?: AbortSignal) => {
    await wasWritten(
      client.send(new UpdateCommand(moveOn(due, step, nowMs)), signal ? { abortSignal: signal } : {}),
    )
  }

  /** Before the relationship moves on: what a crash leaves is done again, and a gift is kept once. */
  const keepGifts = async (
    { user, merchantId }: DueRelationship,
    { gifts: wanted }: Step,
    offers: ReadonlyMap<OfferId, Offer>,
    signal?: AbortSignal,
  ): Promise<void> => {
    for (const { occasion, offerId } of wanted) {
      const offer = offers.get(offerId)
      if (offer) await gifts.reserve({ user, merchantId, occasion }, offer, dueShards, signal)
    }
  }

  return async (due: DueRelationship, nowMs: number, signal?: AbortSignal): Promise<number> => {
    const { user, merchantId, dueSk, stored } = due
    const { occasions, offers } = await readOccasions(user, merchantId, stored, nowMs, signal)
    const given = voidGifts(occasions, stored.plan.handled)
    for (const name of given.void) await gifts.release(user, name, nowMs, signal)
    const step = nextStep(occasions, { ...stored.plan, handled: given.handled }, nowMs)
    await keepGifts(due, step, offers, signal)
    if (step.due.length === 0) {
      await moveOnly(due, step, nowMs, signal)
      return 0
    }
    const { timeZone, correlationId } = stored.relationship
    const event = {
      // What one event has no room for comes in the next, which may be due at the same moment.
      name: `due#${merchantId}#${dueSk.split('#')[0]}#${stored.version}`,
      user,
      triggerKind: 'due' as const,
      merchantId,
      dueAtMs: nowMs,
      occasions: step.due.map(raisedOf),
      ...(timeZone !== undefined && { timeZone }),
      ...(correlationId !== undefined && { correlationId }),
    }
    const raised = await raise({ Update: moveOn(due, step, nowMs) }, event, nowMs, signal)
    // The erasure takes the relationship away; until then it stands in nobody's way.
    if (raised === 'erased') await forget(due, signal)
    return raised === 'raised' ? step.due.length : 0
  }
}
