import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { wasWritten } from '#shared/adapters/dynamodb/condition-failure.ts'
import type { CurrentScenes } from '#shared/adapters/dynamodb/ledger/current-scenes.ts'
import type { DueGrant } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import type { RaiseEvent } from '#shared/adapters/dynamodb/ledger/raise-event.ts'
import type { Forget } from '#shared/adapters/dynamodb/ledger/raise-later.ts'
import { dueKey } from '#shared/contracts/items/ledger.ts'
import { shardOf } from '#shared/domain/ids.ts'
import { MAX_RAISED } from '#shared/domain/scenes/next-occasions.ts'
import { offerEndings } from '#shared/domain/scenes/occasions.ts'

/** A grant that can still be redeemed. */
export type HeldGrant = DueGrant & { readonly held: NonNullable<DueGrant['held']> }

/**
 * Reminds of a coupon before it ends, and has the minute schedule look at it again: for the next reminder, or when its
 * time is over. One that was redeemed meanwhile leaves the index.
 *
 * @returns how many occasions were raised
 */
export const createRaiseEndings = (
  { client, table, dueShards }: { client: DynamoDBDocumentClient; table: string; dueShards: number },
  currentScenes: CurrentScenes,
  raise: RaiseEvent,
  forget: Forget,
) => {
  const moveOn = ({ pk, sk, dueSk }: HeldGrant, grantId: string, nextMs: number) => {
    const next = dueKey(nextMs, grantId, shardOf(grantId, dueShards))
    return {
      TableName: table,
      Key: { pk, sk },
      ConditionExpression: 'dueSk = :seen AND #state IN (:reserved, :confirmed)',
      UpdateExpression: 'SET duePk = :pk, dueSk = :sk',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: {
        ':seen': dueSk,
        ':reserved': 'reserved',
        ':confirmed': 'confirmed',
        ':pk': next.duePk,
        ':sk': next.dueSk,
      },
    }
  }

  return async (grant: HeldGrant, nowMs: number, signal?: AbortSignal): Promise<number> => {
    const { user, state, held, dueSk, timeZone } = grant
    if (state !== 'reserved' && state !== 'confirmed') {
      await forget(grant, signal)
      return 0
    }
    const { grantId, merchantId, validUntilMs } = held
    const { scenes } = await currentScenes(merchantId, nowMs, signal)
    const endings = offerEndings(scenes, grantId, validUntilMs)
    const seenMs = Date.parse(dueSk.split('#')[0] ?? '')
    const due = endings.filter(({ dueAtMs }) => dueAtMs >= seenMs && dueAtMs <= nowMs).slice(0, MAX_RAISED)
    const nextMs = endings.find(({ dueAtMs }) => dueAtMs > nowMs)?.dueAtMs ?? validUntilMs
    const from = moveOn(grant, grantId, nextMs)
    if (due.length === 0) {
      await wasWritten(client.send(new UpdateCommand(from), signal ? { abortSignal: signal } : {}))
      return 0
    }
    const event = {
      name: `ends#${grantId}#${new Date(seenMs).toISOString()}`,
      user,
      triggerKind: 'due' as const,
      merchantId,
      dueAtMs: nowMs,
      occasions: due.map(({ sceneId, plan, occasion, dueAtMs, staleAfterS }) => ({
        sceneId,
        plan,
        occasion,
        plannedAtMs: dueAtMs,
        staleAfterS,
      })),
      ...(timeZone !== undefined && { timeZone }),
    }
    const raised = await raise({ Update: from }, event, nowMs, signal)
    if (raised === 'erased') await forget(grant, signal)
    return raised === 'raised' ? due.length : 0
  }
}
