import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { createForgetInExports } from '#shared/adapters/dynamodb/catalog/forget-in-exports.ts'
import { wasWritten } from '#shared/adapters/dynamodb/condition-failure.ts'
import {
  deviceAsRead,
  NOT_ERASED,
  parseDevice,
  retrying,
  tokenKey,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import {
  grantOwnerKey,
  parseGrant,
  type StoredGrant,
  shareKey,
} from '#shared/adapters/dynamodb/customers/grant-records.ts'
import {
  createProfileRecords,
  type ProfileTables,
} from '#shared/adapters/dynamodb/customers/profile-records.ts'
import { forgetStopCode } from '#shared/adapters/dynamodb/customers/suppressions.ts'
import { giveBackUnit, moveUnit } from '#shared/adapters/dynamodb/ledger/stock-writes.ts'
import { wakeWaiters } from '#shared/adapters/dynamodb/ledger/wake-waiters.ts'
import { type Item, queryPage, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import { codeKey, listedCodeKey } from '#shared/contracts/items/decision.ts'
import { giftSchema } from '#shared/contracts/items/gift.ts'
import { expiryOf, userKey } from '#shared/contracts/items/ledger.ts'
import { tombstone } from '#shared/domain/customers/customer.ts'
import type { OfferId, UserId } from '#shared/domain/ids.ts'

export type EraseCustomer = (
  user: UserId,
  nowMs: number,
  signal?: AbortSignal,
) => Promise<{ readonly removed: number }>

const PAGE = 50
const MAX_ROUNDS = 2000
const AT_ONCE = 10

/** What goes with an item, in one transaction; a `release` that is refused alone is left out. */
type Deletion = {
  readonly items: readonly TransactItem[]
  /** The unit that goes back with it. */
  readonly release?: { readonly offerId: OfferId; readonly item: TransactItem }
}

/**
 * Removes everything that is kept of a customer but the two tombstones. These come first: from then on nothing new is
 * written, so that the search ends. Stopped anywhere, it is simply done again.
 *
 * @param deleteEndpoint forgets a push endpoint; must not mind one that is gone
 */
export const createEraseCustomer = (
  { client, catalog, ledger, presence }: ProfileTables & { readonly catalog: string },
  deleteEndpoint: (endpointArn: string, signal?: AbortSignal) => Promise<void>,
): EraseCustomer => {
  const profiles = createProfileRecords({ client, ledger, presence })
  const forgetInExports = createForgetInExports({ client, catalog })

  const erasePresence = async (user: UserId, nowMs: number, signal?: AbortSignal): Promise<void> => {
    const mark = new PutCommand({
      TableName: presence,
      Item: { pk: userKey(user), ...tombstone(nowMs) },
      ConditionExpression: NOT_ERASED,
    })
    await wasWritten(client.send(mark, signal ? { abortSignal: signal } : {}))
  }

  const keyOf = (item: Item) => ({ pk: String(item['pk']), sk: String(item['sk']) })
  const deleteItem = (item: Item): TransactItem => ({ Delete: { TableName: ledger, Key: keyOf(item) } })

  const deleteOwned = (Key: Record<string, string>, user: UserId): TransactItem => ({
    Delete: {
      TableName: ledger,
      Key,
      // A token that moved meanwhile belongs to another customer; that stays.
      ConditionExpression: 'attribute_not_exists(pk) OR #user = :user',
      ExpressionAttributeNames: { '#user': 'user' },
      ExpressionAttributeValues: { ':user': user },
    },
  })

  /** A unit that was reserved for the customer goes back to the stock, exactly once: with the grant itself. */
  const releaseUnit = ({ state, offerId, stockShard, listedCode }: StoredGrant): Deletion['release'] =>
    state !== 'reserved' || offerId === undefined || stockShard === undefined
      ? undefined
      : { offerId, item: giveBackUnit(ledger, { offerId, stockShard, listedCode }) }

  const deleteInState = (item: Item, state: string): TransactItem => ({
    Delete: {
      TableName: ledger,
      Key: keyOf(item),
      ConditionExpression: '#state = :state',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':state': state },
    },
  })

  const grantDeletion = (item: Item): Deletion => {
    const grant = parseGrant(item)
    const release = releaseUnit(grant)
    return {
      ...(release && { release }),
      items: [
        deleteInState(item, grant.state),
        ...(grant.code === undefined || grant.listedCode !== undefined
          ? []
          : [deleteOwned(codeKey(grant.code), grant.user)]),
        deleteOwned(grantOwnerKey(grant.grantId), grant.user),
        ...(grant.shareCode === undefined ? [] : [deleteOwned(shareKey(grant.shareCode), grant.user)]),
      ],
    }
  }

  const giftDeletion = (gift: Item): Deletion => {
    const { state, offerId, stockShard } = giftSchema.parse(gift)
    const item = moveUnit(ledger, offerId, stockShard, { from: 'reserved', to: 'free' })
    return {
      ...(state === 'reserved' && { release: { offerId, item } }),
      items: [deleteInState(gift, state)],
    }
  }

  const deviceDeletion = async (user: UserId, item: Item, signal?: AbortSignal): Promise<Deletion> => {
    const device = parseDevice(item)
    // The endpoint first: once the item is gone nobody knows of it.
    if (device.endpointArn !== undefined) await deleteEndpoint(device.endpointArn, signal)
    const token = deleteOwned(tokenKey(device.platform, device.token), user)
    return { items: [{ Delete: { TableName: ledger, Key: keyOf(item), ...deviceAsRead(device) } }, token] }
  }

  /** With an SMS goes its opt-out link. */
  const messageDeletion = (item: Item): Deletion => {
    const code = item['stopCode']
    return { items: [deleteItem(item), ...(typeof code === 'string' ? [forgetStopCode(ledger, code)] : [])] }
  }

  /** A merchant's own code stays known as given, to nobody; it may have been given to another customer since. */
  const forgetListed = async (item: Item, signal?: AbortSignal): Promise<void> => {
    const { merchantId, grantId, listedCode, grantedAt } = parseGrant(item)
    if (listedCode === undefined) return
    const anonymous = {
      Put: {
        TableName: ledger,
        Item: {
          ...listedCodeKey(merchantId, listedCode),
          kind: 'code',
          merchantId,
          ttl: expiryOf(Date.parse(grantedAt)),
        },
        ConditionExpression: 'grantId = :grant',
        ExpressionAttributeValues: { ':grant': grantId },
      },
    }
    await transact(client, [anonymous], retrying(signal))
  }

  const deletionOf = (user: UserId, item: Item, signal?: AbortSignal): Promise<Deletion> | Deletion => {
    if (item['kind'] === 'grant') return grantDeletion(item)
    if (item['kind'] === 'gift') return giftDeletion(item)
    if (item['kind'] === 'device') return deviceDeletion(user, item, signal)
    if (item['kind'] === 'message') return messageDeletion(item)
    return { items: [deleteItem(item)] }
  }

  // A condition that failed means that the item changed meanwhile: the next round sees it as it is now. Stock that is
  // gone must not keep a customer's grant alive: then the grant goes without it.
  const removeItem = async (user: UserId, item: Item, nowMs: number, signal?: AbortSignal): Promise<void> => {
    if (item['kind'] === 'grant') await forgetListed(item, signal)
    // First: once the relationship is gone nobody knows of it. Who has not acted with a merchant is in none of its exports.
    if (item['kind'] === 'relationship' && item['actedAt'] !== undefined)
      await forgetInExports(idSchema('mer').parse(item['merchantId']), user, signal)
    const { items, release } = await deletionOf(user, item, signal)
    if (release === undefined) {
      await transact(client, items, retrying(signal))
      return
    }
    const woken = await wakeWaiters(client, ledger, release.offerId, nowMs, signal)
    const outcome = await transact(client, [...items, release.item, ...woken], retrying(signal))
    const onlyRelease =
      outcome.kind === 'refused' &&
      outcome.reasons.every((reason, index) => reason === undefined || index === items.length)
    if (onlyRelease) await transact(client, items, retrying(signal))
  }

  const remaining = async (user: UserId, signal?: AbortSignal): Promise<Item[]> => {
    const page = await queryPage(
      client,
      {
        TableName: ledger,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': userKey(user) },
        ConsistentRead: true,
        Limit: PAGE,
      },
      { signal },
    )
    return page.items.filter((item) => item['tombstone'] !== true)
  }

  const removeAll = async (
    user: UserId,
    items: readonly Item[],
    nowMs: number,
    signal?: AbortSignal,
  ): Promise<void> => {
    for (let start = 0; start < items.length; start += AT_ONCE) {
      const some = items.slice(start, start + AT_ONCE)
      await Promise.all(some.map((item) => removeItem(user, item, nowMs, signal)))
    }
  }

  return async (user, nowMs, signal) => {
    await profiles.erase(user, nowMs, signal)
    await erasePresence(user, nowMs, signal)
    let removed = 0
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const items = await remaining(user, signal)
      if (items.length === 0) {
        await profiles.noteErased(user, nowMs, signal)
        return { removed }
      }
      await removeAll(user, items, nowMs, signal)
      removed += items.length
    }
    throw new Error('a customer has more items than erasing looks for')
  }
}
