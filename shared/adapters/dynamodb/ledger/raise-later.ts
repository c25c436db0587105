import type { DueLater } from '#shared/adapters/dynamodb/ledger/due-store.ts'
import type { RaiseEvent } from '#shared/adapters/dynamodb/ledger/raise-event.ts'

export type Forget = (item: { pk: string; sk: string; dueSk: string }, signal?: AbortSignal) => Promise<void>

/** What the reminder was about, as an event that decides anew; a scene still speaks about it once. */
const eventOf = (later: DueLater) => {
  const { user, merchantId, sceneId, occasion, againMs, about, storeId, timeZone, correlationId } = later
  const common = {
    name: `${sceneId}#${occasion}#${new Date(againMs).toISOString()}`,
    user,
    merchantId,
    dueAtMs: againMs,
    ...(storeId === undefined ? {} : { storeId }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(correlationId === undefined ? {} : { correlationId }),
  }
  if (about.kind === 'restock')
    return { ...common, triggerKind: about.kind, sceneId, offerId: about.offerId, occasion }
  const { kind, ...plan } = about
  return { ...common, triggerKind: kind, occasions: [{ sceneId, occasion, ...plan }] }
}

/** Raises a reminder that waited for an open hour: once, and not for an erased customer. */
export const createRaiseLater =
  (table: string, raise: RaiseEvent, forget: Forget) =>
  async (later: DueLater, nowMs: number, signal?: AbortSignal): Promise<void> => {
    const { pk, sk, dueSk } = later
    const from = {
      Update: {
        TableName: table,
        Key: { pk, sk },
        ConditionExpression: 'dueSk = :seen',
        UpdateExpression: 'REMOVE duePk, dueSk',
        ExpressionAttributeValues: { ':seen': dueSk },
      },
    }
    const raised = await raise(from, eventOf(later), nowMs, signal)
    if (raised === 'erased') await forget({ pk, sk, dueSk }, signal)
  }
