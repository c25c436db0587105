import * as z from 'zod'
import {
  type CustomerTables,
  deviceAsRead,
  deviceKey,
  type Erased,
  parseDevice,
  retrying,
  tokenKey,
  touchProfile,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { queryDevices } from '#shared/adapters/dynamodb/ledger/read-devices.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import {
  batchGetAll,
  type Item,
  type TransactItem,
  transact,
} from '#shared/adapters/dynamodb/transactions.ts'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import { profileKey } from '#shared/contracts/items/ledger.ts'
import { type Device, MAX_DEVICES } from '#shared/domain/customers/customer.ts'
import type { UserId } from '#shared/domain/ids.ts'

export type DeviceToRegister = Pick<Device, 'deviceId' | 'platform' | 'token' | 'locale'>

export type DeviceRecords = {
  /** Registers a phone's push token. A token that another customer or device had moves here, with its endpoint. */
  readonly register: (
    user: UserId,
    device: DeviceToRegister,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'saved' | 'full' | Erased>
  readonly find: (user: UserId, deviceId: string, signal?: AbortSignal) => Promise<Device | undefined>
  readonly remove: (user: UserId, device: Device, signal?: AbortSignal) => Promise<void>
}

const ownerSchema = z.object({ user: idSchema('usr'), deviceId: z.string() })
type Owner = z.output<typeof ownerSchema>
type Holder = Owner & { readonly device: Device }

const USER_NAME = { '#user': 'user' }

/** Phones over the Ledger: the device under its customer, and who owns which token. */
export const createDeviceRecords = ({ client, ledger }: CustomerTables): DeviceRecords => {
  const read = async (keys: readonly { pk: string; sk: string }[], signal?: AbortSignal) => {
    const [items = []] = await batchGetAll(
      client,
      [{ table: ledger, keys, consistent: true }],
      retrying(signal),
    )
    return items
  }

  const countDevices = async (user: UserId, signal?: AbortSignal): Promise<number> =>
    (await queryDevices(client, ledger, user, signal)).length

  const putDevice = (user: UserId, device: Device, before: Device | undefined): TransactItem => ({
    Put: {
      TableName: ledger,
      Item: { ...deviceKey(user, device.deviceId), kind: 'device', ...device },
      ...(before === undefined ? { ConditionExpression: 'attribute_not_exists(pk)' } : deviceAsRead(before)),
    },
  })

  const deleteDevice = (user: UserId, device: Device): TransactItem => ({
    Delete: { TableName: ledger, Key: deviceKey(user, device.deviceId), ...deviceAsRead(device) },
  })

  const takeToken = (user: UserId, device: Device, former: Owner | undefined): TransactItem => ({
    Put: {
      TableName: ledger,
      Item: {
        ...tokenKey(device.platform, device.token),
        kind: 'tokenOwner',
        user,
        deviceId: device.deviceId,
      },
      ...(former === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: '#user = :user AND deviceId = :device',
            ExpressionAttributeNames: USER_NAME,
            ExpressionAttributeValues: { ':user': former.user, ':device': former.deviceId },
          }),
    },
  })

  const freeToken = (user: UserId, device: Device): TransactItem => ({
    Delete: {
      TableName: ledger,
      Key: tokenKey(device.platform, device.token),
      ConditionExpression: 'attribute_not_exists(pk) OR (#user = :user AND deviceId = :device)',
      ExpressionAttributeNames: USER_NAME,
      ExpressionAttributeValues: { ':user': user, ':device': device.deviceId },
    },
  })

  /** Who holds the token now, with the device item that does; none when it is this very device. */
  const holderOf = async (
    owner: Owner | undefined,
    user: UserId,
    { deviceId, platform, token }: DeviceToRegister,
    signal?: AbortSignal,
  ): Promise<Holder | undefined> => {
    if (owner === undefined || (owner.user === user && owner.deviceId === deviceId)) return undefined
    const [item] = await read([deviceKey(owner.user, owner.deviceId)], signal)
    const device = item && parseDevice(item)
    return device?.platform === platform && device.token === token ? { ...owner, device } : undefined
  }

  const isFull = async (user: UserId, before: Device | undefined, signal?: AbortSignal): Promise<boolean> =>
    before === undefined && (await countDevices(user, signal)) >= MAX_DEVICES

  return {
    register: (user, wanted, nowMs, signal) =>
      optimistically(async (): Promise<'saved' | 'full' | Erased | 'again'> => {
        const [profile, beforeItem, ownerItem] = await read(
          [profileKey(user), deviceKey(user, wanted.deviceId), tokenKey(wanted.platform, wanted.token)],
          signal,
        )
        if (isTombstone(profile)) return 'erased'
        const before = beforeItem && parseDevice(beforeItem)
        if (await isFull(user, before, signal)) return 'full'
        const owner = ownerItem && ownerSchema.parse(ownerItem)
        const holder = await holderOf(owner, user, wanted, signal)
        const sameToken = before?.token === wanted.token && before.platform === wanted.platform
        // The endpoint of a phone that was out of reach is made out anew by the sender, which enables it.
        const known = sameToken ? before : holder?.device
        const endpointArn = known?.enabled === true ? known.endpointArn : undefined
        const updatedAt = new Date(nowMs).toISOString()
        const device = {
          ...wanted,
          enabled: true,
          updatedAt,
          ...(endpointArn !== undefined && { endpointArn }),
        }
        const outcome = await transact(
          client,
          [
            touchProfile(ledger, user, nowMs),
            putDevice(user, device, before),
            takeToken(user, device, owner),
            ...(before !== undefined && !sameToken ? [freeToken(user, before)] : []),
            ...(holder ? [deleteDevice(holder.user, holder.device)] : []),
          ],
          retrying(signal),
        )
        return outcome.kind === 'done' ? 'saved' : 'again'
      }, signal),

    find: async (user, deviceId, signal) => {
      const [item] = await read([deviceKey(user, deviceId)], signal)
      return item && parseDevice(item)
    },

    remove: async (user, device, signal) => {
      // A refusal means that the phone was registered anew, or moved, since it was read: then that is what counts.
      await transact(client, [deleteDevice(user, device), freeToken(user, device)], retrying(signal))
    },
  }
}

const isTombstone = (item: Item | undefined): boolean => item?.['tombstone'] === true
