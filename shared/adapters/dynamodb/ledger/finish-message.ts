import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { countWrites } from '#shared/adapters/dynamodb/ledger/counters.ts'
import { markSent } from '#shared/adapters/dynamodb/ledger/exposure-records.ts'
import type { Ending } from '#shared/adapters/dynamodb/ledger/message-store.ts'
import { giveBackUnit, takeFromTally } from '#shared/adapters/dynamodb/ledger/stock-writes.ts'
import { wakeWaiters } from '#shared/adapters/dynamodb/ledger/wake-waiters.ts'
import { type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { endedCounts } from '#shared/contracts/items/counted-facts.ts'
import {
  messageKey,
  type ProfileFacts,
  profileKey,
  type StoredMessage,
  userKey,
} from '#shared/contracts/items/ledger.ts'
import { BusyError } from '#shared/domain/busy-error.ts'

type Ledger = {
  readonly client: DynamoDBDocumentClient
  readonly table: string
  readonly readProfile: (message: StoredMessage, signal?: AbortSignal) => Promise<ProfileFacts>
}

const MAX_ROUNDS = 20

const endUpdate = (table: string, message: StoredMessage, ending: Ending, nowMs: number): TransactItem => {
  const details = {
    ...('snsMessageId' in ending ? { snsMessageId: ending.snsMessageId } : {}),
    ...('reason' in ending ? { reason: ending.reason } : {}),
    endedAtMs: nowMs,
  }
  const names = Object.keys(details)
  return {
    Update: {
      TableName: table,
      Key: messageKey(message.user, message.messageId),
      ConditionExpression: '#state = :was AND leaseUntilMs = :lease',
      UpdateExpression: `SET #state = :state, ${names.map((name) => `${name} = :${name}`).join(', ')} REMOVE duePk, dueSk`,
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: {
        ':was': 'sending',
        ':lease': message.leaseUntilMs,
        ':state': ending.state,
        ...Object.fromEntries(Object.entries(details).map(([name, value]) => [`:${name}`, value])),
      },
    },
  }
}

const leaveCaps = (table: string, message: StoredMessage, profile: ProfileFacts): TransactItem => ({
  Update: {
    TableName: table,
    Key: profileKey(message.user),
    ConditionExpression: 'version = :read',
    // The attention that it held is free for another.
    UpdateExpression: `SET recentSends = :sends${
      profile.slot?.messageId === message.messageId ? ' REMOVE slot' : ''
    } ADD version :one`,
    ExpressionAttributeValues: {
      ':read': profile.version,
      ':sends': profile.recentSends.filter(({ messageId }) => messageId !== message.messageId),
      ':one': 1,
    },
  },
})

const releaseGrant = (table: string, { user, grantId }: StoredMessage): TransactItem => ({
  Update: {
    TableName: table,
    Key: { pk: userKey(user), sk: `GRANT#${grantId}` },
    ConditionExpression: '#state = :reserved',
    UpdateExpression: 'SET #state = :released, releasedBy = :by',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ':reserved': 'reserved', ':released': 'released', ':by': 'message' },
  },
})

const exposureOf = (
  table: string,
  { user, merchantId, grantId, createdAtMs }: StoredMessage,
  nowMs: number,
): TransactItem[] =>
  grantId === undefined ? [] : [markSent(table, { user, merchantId, grantId, atMs: createdAtMs }, nowMs)]

const unitOf = (table: string, { offerId, stockShard, listedCode }: StoredMessage): TransactItem[] =>
  offerId === undefined || stockShard === undefined
    ? []
    : [giveBackUnit(table, { offerId, stockShard, listedCode })]

/** What goes with a message's end, each on its own condition: what one that did not go out gives back, what one that did is noted on. */
type Held = 'caps' | 'grant' | 'unit' | 'exposure' | `tally ${number}`

const heldBy = (message: StoredMessage, ending: Ending): Held[] => {
  if (message.grantId === undefined) return []
  if (ending.state === 'sent' || ending.state === 'unknown') return ['exposure']
  const holdsStock = message.offerId !== undefined && message.stockShard !== undefined
  const tallies = message.tallies.map((_, index): Held => `tally ${index}`)
  return ['caps', 'grant', ...(holdsStock ? (['unit'] as const) : []), ...tallies]
}

/** What is left to give back after a refusal: caps are read again, the others are gone. */
const stillHeld = (held: readonly Held[], refused: readonly Held[]): Held[] => {
  // The grant was redeemed, or erased, before its message ended: then its unit is not ours to give back.
  if (refused.includes('grant') && held.includes('unit')) return held.filter((one) => one === 'caps')
  return held.filter((one) => one === 'caps' || !refused.includes(one))
}

/**
 * Records how a leased message ended, once, with its counter; a message that did not go out gives back what it held in
 * the same transaction.
 *
 * @throws {BusyError} when the tables do not answer, or the profile is written by others again and again
 */
export const finishMessage = async (
  { client, table, readProfile }: Ledger,
  message: StoredMessage,
  ending: Ending,
  nowMs: number,
  signal?: AbortSignal,
): Promise<void> => {
  let held = heldBy(message, ending)
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const profile = held.includes('caps') ? await readProfile(message, signal) : undefined
    const givenBack = held.flatMap((one): { held: Held; item: TransactItem }[] => {
      if (one === 'grant') return [{ held: one, item: releaseGrant(table, message) }]
      if (one === 'exposure') return exposureOf(table, message, nowMs).map((item) => ({ held: one, item }))
      if (one === 'unit') return unitOf(table, message).map((item) => ({ held: one, item }))
      if (one === 'caps')
        return profile && profile.version > 0 ? [{ held: one, item: leaveCaps(table, message, profile) }] : []
      const tally = message.tallies[Number(one.slice('tally '.length))]
      return tally === undefined ? [] : [{ held: one, item: takeFromTally(table, tally) }]
    })
    const woken =
      held.includes('unit') && message.offerId !== undefined
        ? await wakeWaiters(client, table, message.offerId, nowMs, signal)
        : []
    const outcome = await transact(
      client,
      [
        endUpdate(table, message, ending, nowMs),
        ...givenBack.map(({ item }) => item),
        ...countWrites(table, message.user, endedCounts({ ...message, state: ending.state })),
        ...woken,
      ],
      { random: Math.random, signal },
    )
    if (outcome.kind === 'done') return
    const isRefused = (index: number): boolean => outcome.reasons[index] === 'ConditionalCheckFailed'
    // Somebody else has ended it, or holds it by now.
    if (isRefused(0)) return
    const refused = givenBack.flatMap((one, index) => (isRefused(index + 1) ? [one.held] : []))
    held = stillHeld(held, refused)
  }
  throw new BusyError('a message found no quiet moment to end')
}
