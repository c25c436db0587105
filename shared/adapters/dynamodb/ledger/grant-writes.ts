import { NOT_ERASED } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import type { Facts } from '#shared/adapters/dynamodb/ledger/decision-store.ts'
import { takeGift } from '#shared/adapters/dynamodb/ledger/gifts.ts'
import { addToTally, moveUnit, takeCode } from '#shared/adapters/dynamodb/ledger/stock-writes.ts'
import type { TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import {
  codeKey,
  type Grant,
  grantItem,
  listedCodeKey,
  messageItem,
  sendOf,
  slotOf,
  withHeldOut,
  withSend,
} from '#shared/contracts/items/decision.ts'
import { expiryOf, profileKey } from '#shared/contracts/items/ledger.ts'
import type { OfferId, UserId } from '#shared/domain/ids.ts'
import type { Suppressed } from '#shared/domain/scenes/decide.ts'
import { occasionOf } from '#shared/domain/scenes/trigger.ts'

/** What may stand in the way of a grant when it is stored. */
export type Refusable =
  | 'profileChanged'
  | 'occasionUsed'
  | 'shardEmpty'
  | 'codeTaken'
  | 'tallyFull'
  | 'giftGone'

type GrantWrite = { readonly item: TransactItem; readonly refusal: Refusable }

const absent = { ConditionExpression: 'attribute_not_exists(pk)' }

type ProfileChange = { readonly grant?: Grant; readonly withheld?: Suppressed | undefined }

/** Caps and slot are checked on what was read, so they are spent only if the profile is still the same. */
const changeProfile = (
  table: string,
  user: UserId,
  { grant, withheld }: ProfileChange,
  { customer }: Facts,
  nowMs: number,
): TransactItem => {
  const slot = grant && slotOf(grant, nowMs)
  const set = {
    ...(grant && { recentSends: withSend(customer.recentSends, sendOf(grant, nowMs)) }),
    ...(slot && { slot }),
    ...(withheld?.withheld && { heldOut: withHeldOut(customer.heldOut ?? [], withheld, nowMs) }),
  }
  return {
    Update: {
      TableName: table,
      Key: profileKey(user),
      ConditionExpression: `version = :version AND ${NOT_ERASED}`,
      UpdateExpression: `SET ${Object.keys(set)
        .map((name) => `${name} = :${name}`)
        .join(', ')} ADD version :one`,
      ExpressionAttributeValues: {
        ':version': customer.version,
        ...Object.fromEntries(Object.entries(set).map(([name, value]) => [`:${name}`, value])),
        ':one': 1,
      },
    },
  }
}

/** Remembers what an experiment has kept from a customer: its scene waits after it as after a message. */
export const rememberHeldOut = (
  table: string,
  withheld: Suppressed,
  facts: Facts,
  nowMs: number,
): TransactItem => changeProfile(table, withheld.trigger.user, { withheld }, facts, nowMs)

const codeItem = ({ candidate, grantId, isListed }: Grant, code: string, nowMs: number) => ({
  ...(isListed ? listedCodeKey(candidate.scene.merchantId, code) : codeKey(code)),
  kind: 'code',
  user: candidate.trigger.user,
  grantId,
  merchantId: candidate.scene.merchantId,
  ttl: expiryOf(nowMs),
})

/** A unit that was put aside is reserved already: the gift becomes the grant's. */
const unitWrite = (
  table: string,
  { candidate: { scene, trigger }, isKept }: Grant,
  offerId: OfferId,
  shard: number,
): GrantWrite =>
  isKept
    ? {
        item: takeGift(table, trigger.user, { sceneId: scene.id, occasion: occasionOf(trigger) }),
        refusal: 'giftGone',
      }
    : { item: moveUnit(table, offerId, shard, { from: 'free', to: 'reserved' }), refusal: 'shardEmpty' }

/** A list's code leaves the stock's item; whoever had it before, and gave it back, has it no more. */
const listedWrites = (table: string, grant: Grant, nowMs: number): GrantWrite[] => {
  const { offer, code, stockShard, isKept, isListed } = grant
  if (!isListed || offer === undefined || code === undefined || stockShard === undefined) return []
  const unit = { offerId: offer.id, stockShard, listedCode: code }
  return [
    ...(isKept ? [unitWrite(table, grant, offer.id, stockShard)] : []),
    { item: takeCode(table, unit, isKept === true), refusal: 'codeTaken' },
    { item: { Put: { TableName: table, Item: codeItem(grant, code, nowMs) } }, refusal: 'codeTaken' },
  ]
}

/** Everything that a grant writes, in the order in which a refusal is to be told. */
export const grantWrites = (
  table: string,
  grant: Grant,
  withheld: Suppressed | undefined,
  facts: Facts,
  dueShards: number,
  nowMs: number,
): GrantWrite[] => {
  const { offer, code, stockShard, tallies } = grant
  const put = (Item: Record<string, unknown>): TransactItem => ({
    Put: { TableName: table, Item, ...absent },
  })
  return [
    {
      item: changeProfile(table, grant.candidate.trigger.user, { grant, withheld }, facts, nowMs),
      refusal: 'profileChanged',
    },
    { item: put(grantItem(grant, nowMs, dueShards)), refusal: 'occasionUsed' },
    {
      item: { Put: { TableName: table, Item: messageItem(grant, nowMs, dueShards) } },
      refusal: 'occasionUsed',
    },
    ...listedWrites(table, grant, nowMs),
    ...(offer === undefined || stockShard === undefined || grant.isListed
      ? []
      : [unitWrite(table, grant, offer.id, stockShard)]),
    ...(code === undefined || grant.isListed
      ? []
      : [{ item: put(codeItem(grant, code, nowMs)), refusal: 'codeTaken' } as const]),
    ...tallies.map((tally) => ({ item: addToTally(table, tally, nowMs), refusal: 'tallyFull' }) as const),
  ]
}
