import { GetCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import {
  type CustomerTables,
  type Erased,
  markActed,
  newProfileValues,
  PROFILE_NAMES,
  parseDevice,
  phoneKey,
  retrying,
  SET_NEW_PROFILE,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { forgetWriter } from '#shared/adapters/dynamodb/customers/suppressions.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { type Item, queryPage, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { consentSchema, preferencesSchema } from '#shared/contracts/http/me.ts'
import { countryOfNumber } from '#shared/contracts/http/phone-number.ts'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import { profileKey, userKey } from '#shared/contracts/items/ledger.ts'
import {
  type Consent,
  type Consents,
  type Device,
  MAX_DEVICES,
  type Preferences,
  type Profile,
  tombstone,
  withSmsConsent,
} from '#shared/domain/customers/customer.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'

export type ProfileRecords = {
  readonly find: (user: UserId, signal?: AbortSignal) => Promise<Profile | undefined | Erased>
  readonly listDevices: (user: UserId, signal?: AbortSignal) => Promise<Device[]>
  readonly savePushConsent: (
    user: UserId,
    consent: Consent,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'saved' | Erased>
  /** In place of what the customer asked for before. */
  readonly savePreferences: (
    user: UserId,
    preferences: Preferences,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'saved' | Erased>
  /** Granting is the customer's own act with the merchant: it is marked in the same transaction. */
  readonly saveSmsConsent: (
    user: UserId,
    merchantId: MerchantId,
    consent: Consent,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'saved' | 'full' | Erased>
  /** The number moves here from the customer who had it; `undefined` removes it. */
  readonly savePhoneNumber: (
    user: UserId,
    number: string | undefined,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'saved' | Erased>
  /** Puts the tombstone in the profile's place and frees the phone number. Safe to repeat. */
  readonly erase: (user: UserId, nowMs: number, signal?: AbortSignal) => Promise<void>
}

const profileSchema = z.object({
  user: idSchema('usr'),
  version: z.int(),
  createdAt: z.string(),
  phoneNumber: z.string().exactOptional(),
  preferences: preferencesSchema.default({}),
  consents: z
    .object({
      push: consentSchema.exactOptional(),
      sms: z.record(idSchema('mer'), consentSchema).exactOptional(),
    })
    .default({}),
})
const ownerSchema = z.object({ user: idSchema('usr') })

const parseProfileItem = (item: Item | undefined): Profile | undefined | Erased => {
  if (item === undefined) return undefined
  return item['tombstone'] === true ? 'erased' : profileSchema.parse(item)
}

/** Profiles over the Ledger. Every change is conditioned on the version that was read. */
export const createProfileRecords = ({ client, ledger }: CustomerTables): ProfileRecords => {
  const get = async (Key: { pk: string; sk: string }, signal?: AbortSignal): Promise<Item | undefined> => {
    const answer = await client.send(
      new GetCommand({ TableName: ledger, Key, ConsistentRead: true }),
      signal ? { abortSignal: signal } : {},
    )
    return answer.Item
  }

  const find: ProfileRecords['find'] = async (user, signal) =>
    parseProfileItem(await get(profileKey(user), signal))

  // A profile that nobody has written yet has no version; one that is a tombstone has none either, but a mark.
  const unchanged = (version: number | undefined) =>
    version === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'version = :read' }

  const update = (
    user: UserId,
    current: Profile | undefined,
    nowMs: number,
    change: { readonly set?: Readonly<Record<string, unknown>>; readonly remove?: string },
  ): TransactItem => {
    const sets = Object.entries(change.set ?? {})
    return {
      Update: {
        TableName: ledger,
        Key: profileKey(user),
        UpdateExpression: [
          [SET_NEW_PROFILE, ...sets.map(([name]) => `${name} = :set_${name}`)].join(', '),
          ...(change.remove === undefined ? [] : [`REMOVE ${change.remove}`]),
          'ADD version :one',
        ].join(' '),
        ...unchanged(current?.version),
        ExpressionAttributeNames: PROFILE_NAMES,
        ExpressionAttributeValues: {
          ...newProfileValues(user, nowMs),
          ...Object.fromEntries(sets.map(([name, value]) => [`:set_${name}`, value])),
          ':one': 1,
          ...(current && { ':read': current.version }),
        },
      },
    }
  }

  const saveConsents = (
    user: UserId,
    nowMs: number,
    next: (consents: Consents) => Consents | undefined,
    also: readonly TransactItem[],
    signal?: AbortSignal,
  ): Promise<'saved' | 'full' | Erased> =>
    optimistically(async (): Promise<'saved' | 'full' | Erased | 'again'> => {
      const current = await find(user, signal)
      if (current === 'erased') return 'erased'
      const consents = next(current?.consents ?? {})
      if (consents === undefined) return 'full'
      const items = [update(user, current, nowMs, { set: { consents } }), ...also]
      const outcome = await transact(client, items, retrying(signal))
      return outcome.kind === 'done' ? 'saved' : 'again'
    }, signal)

  const ownerOf = async (number: string, signal?: AbortSignal): Promise<UserId | undefined> => {
    const item = await get(phoneKey(number), signal)
    return item && ownerSchema.parse(item).user
  }

  const takeNumber = (number: string, user: UserId, former: UserId | undefined): TransactItem => ({
    Put: {
      TableName: ledger,
      Item: { ...phoneKey(number), kind: 'phoneOwner', user },
      ...(former === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: '#user = :former',
            ExpressionAttributeNames: { '#user': 'user' },
            ExpressionAttributeValues: { ':former': former },
          }),
    },
  })

  const loseNumber = (former: UserId, number: string): TransactItem => ({
    Update: {
      TableName: ledger,
      Key: profileKey(former),
      UpdateExpression: 'REMOVE phoneNumber, phoneCountry ADD version :one',
      ConditionExpression: 'phoneNumber = :number',
      ExpressionAttributeValues: { ':number': number, ':one': 1 },
    },
  })

  const freeNumber = (user: UserId, number: string): TransactItem => ({
    Delete: {
      TableName: ledger,
      Key: phoneKey(number),
      ConditionExpression: 'attribute_not_exists(pk) OR #user = :user',
      ExpressionAttributeNames: { '#user': 'user' },
      ExpressionAttributeValues: { ':user': user },
    },
  })

  const numberItems = async (
    user: UserId,
    before: string | undefined,
    number: string | undefined,
    signal?: AbortSignal,
  ): Promise<TransactItem[]> => {
    const free =
      before === undefined || before === number
        ? []
        : [freeNumber(user, before), forgetWriter(ledger, before)]
    if (number === undefined) return free
    const former = await ownerOf(number, signal)
    const lose = former === undefined || former === user ? [] : [loseNumber(former, number)]
    // Who wrote to the one who had the number is no business of the one who has it now.
    const forget = former === user ? [] : [forgetWriter(ledger, number)]
    return [...free, takeNumber(number, user, former), ...lose, ...forget]
  }

  return {
    find,

    listDevices: async (user, signal) => {
      const page = await queryPage(
        client,
        {
          TableName: ledger,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :device)',
          ExpressionAttributeValues: { ':pk': userKey(user), ':device': 'DEVICE#' },
          ConsistentRead: true,
          Limit: MAX_DEVICES,
        },
        { signal },
      )
      return page.items.map(parseDevice)
    },

    savePushConsent: async (user, consent, nowMs, signal) => {
      const saved = await saveConsents(
        user,
        nowMs,
        (consents) => ({ ...consents, push: consent }),
        [],
        signal,
      )
      return saved === 'erased' ? 'erased' : 'saved'
    },

    savePreferences: (user, preferences, nowMs, signal) =>
      optimistically(async (): Promise<'saved' | Erased | 'again'> => {
        const current = await find(user, signal)
        if (current === 'erased') return 'erased'
        const outcome = await transact(
          client,
          [update(user, current, nowMs, { set: { preferences, preferencesAtMs: nowMs } })],
          retrying(signal),
        )
        return outcome.kind === 'done' ? 'saved' : 'again'
      }, signal),

    saveSmsConsent: (user, merchantId, consent, nowMs, signal) =>
      saveConsents(
        user,
        nowMs,
        (consents) => withSmsConsent(consents, merchantId, consent),
        consent.granted ? [markActed(ledger, user, merchantId, nowMs)] : [],
        signal,
      ),

    savePhoneNumber: (user, number, nowMs, signal) =>
      optimistically(async (): Promise<'saved' | Erased | 'again'> => {
        const current = await find(user, signal)
        if (current === 'erased') return 'erased'
        if (number === undefined && current?.phoneNumber === undefined) return 'saved'
        const change =
          number === undefined
            ? { remove: 'phoneNumber, phoneCountry' }
            : { set: { phoneNumber: number, phoneCountry: countryOfNumber(number) } }
        const items = [
          update(user, current, nowMs, change),
          ...(await numberItems(user, current?.phoneNumber, number, signal)),
        ]
        const outcome = await transact(client, items, retrying(signal))
        return outcome.kind === 'done' ? 'saved' : 'again'
      }, signal),

    erase: (user, nowMs, signal) =>
      optimistically(async (): Promise<undefined | 'again'> => {
        const current = await find(user, signal)
        if (current === 'erased') return undefined
        const number = current?.phoneNumber
        const mark: TransactItem = {
          Put: {
            TableName: ledger,
            Item: { ...profileKey(user), ...tombstone(nowMs) },
            ...unchanged(current?.version),
            ...(current && { ExpressionAttributeValues: { ':read': current.version } }),
          },
        }
        const items =
          number === undefined ? [mark] : [mark, freeNumber(user, number), forgetWriter(ledger, number)]
        const outcome = await transact(client, items, retrying(signal))
        return outcome.kind === 'done' ? undefined : 'again'
      }, signal),
  }
}
