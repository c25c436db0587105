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
import { queryDevices } from '#shared/adapters/dynamodb/ledger/read-devices.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import {
  getItem,
  type Item,
  queryPage,
  type TransactItem,
  transact,
} from '#shared/adapters/dynamodb/transactions.ts'
import { consentsSchema, preferencesSchema } from '#shared/contracts/http/me.ts'
import { countryOfNumber } from '#shared/contracts/http/phone-number.ts'
import { idSchema } from '#shared/contracts/http/primitives.ts'
import {
  consentReceiptItem,
  consentReceiptKey,
  parseConsentReceipt,
} from '#shared/contracts/items/consent-receipt.ts'
import { profileKey, userKey } from '#shared/contracts/items/ledger.ts'
import { renewedPresence, withdrawnPresence } from '#shared/contracts/items/presence.ts'
import { customerReplanItem } from '#shared/contracts/items/replan.ts'
import {
  type Consent,
  type ConsentReceipt,
  type ConsentSubject,
  type Consents,
  type Device,
  type Preferences,
  type Profile,
  tombstone,
  withConsent,
} from '#shared/domain/customers/customer.ts'
import type { ReceiptId, UserId } from '#shared/domain/ids.ts'

/** Profiles stand in the Ledger; the choice about positions reaches into Presence. */
export type ProfileTables = CustomerTables & { readonly presence: string }

/** A choice that is to get its receipt. */
export type NewConsent = Consent & { readonly receiptId: ReceiptId }

export type ProfileRecords = {
  readonly find: (user: UserId, signal?: AbortSignal) => Promise<Profile | undefined | Erased>
  readonly listDevices: (user: UserId, signal?: AbortSignal) => Promise<Device[]>
  /**
   * In place of what the customer asked for before, which `permit` sees first and may refuse by throwing; another birthday
   * has the visit plans computed anew.
   */
  readonly savePreferences: (
    user: UserId,
    preferences: Preferences,
    nowMs: number,
    permit: (before: Preferences) => void,
    signal?: AbortSignal,
  ) => Promise<'saved' | Erased>
  /**
   * Keeps a choice and its receipt, with all that follows at once, in one transaction: granting SMS is the customer's own
   * act with the merchant; without consent to positions presence goes, and nothing takes its place.
   */
  readonly saveConsent: (
    user: UserId,
    subject: ConsentSubject,
    consent: NewConsent,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'saved' | 'full' | Erased>
  /** The latest first. */
  readonly listReceipts: (
    user: UserId,
    page: { readonly limit: number; readonly after: ReceiptId | undefined },
    signal?: AbortSignal,
  ) => Promise<{ readonly items: readonly ConsentReceipt[]; readonly next?: ReceiptId }>
  /** The number moves here from the customer who had it; `undefined` removes it. */
  readonly savePhoneNumber: (
    user: UserId,
    number: string | undefined,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<'saved' | Erased>
  /** When erasing began, and when all was gone; undefined for a customer who was not erased. */
  readonly findErasure: (user: UserId, signal?: AbortSignal) => Promise<Erasure | undefined>
  /** Notes on the tombstone that all is gone. Safe to repeat: the first time counts. */
  readonly noteErased: (user: UserId, nowMs: number, signal?: AbortSignal) => Promise<void>
  /** Puts the tombstone in the profile's place and frees the phone number. Safe to repeat. */
  readonly erase: (user: UserId, nowMs: number, signal?: AbortSignal) => Promise<void>
}

const profileSchema = z.object({
  user: idSchema('usr'),
  version: z.int(),
  createdAt: z.string(),
  phoneNumber: z.string().exactOptional(),
  preferences: preferencesSchema.default({}),
  consents: consentsSchema.default({}),
})
const erasureSchema = z.object({ erasedAt: z.string(), doneAt: z.string().exactOptional() })
export type Erasure = z.output<typeof erasureSchema>
const ownerSchema = z.object({ user: idSchema('usr') })

const parseProfileItem = (item: Item | undefined): Profile | undefined | Erased => {
  if (item === undefined) return undefined
  return item['tombstone'] === true ? 'erased' : profileSchema.parse(item)
}

/** Profiles over the Ledger. Every change is conditioned on the version that was read. */
export const createProfileRecords = ({ client, ledger, presence }: ProfileTables): ProfileRecords => {
  const get = (Key: { pk: string; sk: string }, signal?: AbortSignal): Promise<Item | undefined> =>
    getItem(client, ledger, Key, signal)

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

  type Choice = { readonly before: Consents; readonly consent: Consent }

  /** What a choice changes at once, beside the profile. */
  const effectsOf = (
    user: UserId,
    subject: ConsentSubject,
    { before, consent }: Choice,
    nowMs: number,
  ): TransactItem[] => {
    switch (subject.about) {
      case 'push':
        return []
      case 'sms':
        return consent.granted ? [markActed(ledger, user, subject.merchantId, nowMs)] : []
      case 'location': {
        if (!consent.granted) return [{ Put: { TableName: presence, Item: withdrawnPresence(user, nowMs) } }]
        // Only in place of that mark: what is known of a customer who never withdrew stays.
        const wasWithdrawn = before.location?.granted === false
        return wasWithdrawn ? [{ Put: { TableName: presence, Item: renewedPresence(user, nowMs) } }] : []
      }
      default:
        return subject satisfies never
    }
  }

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

    listDevices: async (user, signal) => (await queryDevices(client, ledger, user, signal)).map(parseDevice),

    savePreferences: (user, preferences, nowMs, permit, signal) =>
      optimistically(async (): Promise<'saved' | Erased | 'again'> => {
        const current = await find(user, signal)
        if (current === 'erased') return 'erased'
        permit(current?.preferences ?? {})
        const outcome = await transact(
          client,
          [
            update(user, current, nowMs, { set: { preferences, preferencesAtMs: nowMs } }),
            ...(preferences.birthday === current?.preferences.birthday
              ? []
              : [{ Put: { TableName: ledger, Item: customerReplanItem(user, nowMs) } }]),
          ],
          retrying(signal),
        )
        return outcome.kind === 'done' ? 'saved' : 'again'
      }, signal),

    saveConsent: (user, subject, consent, nowMs, signal) =>
      optimistically(async (): Promise<'saved' | 'full' | Erased | 'again'> => {
        const current = await find(user, signal)
        if (current === 'erased') return 'erased'
        const before = current?.consents ?? {}
        const consents = withConsent(before, subject, consent)
        if (consents === undefined) return 'full'
        const items = [
          update(user, current, nowMs, { set: { consents } }),
          { Put: { TableName: ledger, Item: consentReceiptItem(user, { ...consent, ...subject }) } },
          ...effectsOf(user, subject, { before, consent }, nowMs),
        ]
        const outcome = await transact(client, items, retrying(signal))
        return outcome.kind === 'done' ? 'saved' : 'again'
      }, signal),

    listReceipts: async (user, { limit, after }, signal) => {
      const page = await queryPage(
        client,
        {
          TableName: ledger,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :receipt)',
          ExpressionAttributeValues: { ':pk': userKey(user), ':receipt': 'CONSENT#' },
          ...(after !== undefined && { ExclusiveStartKey: consentReceiptKey(user, after) }),
          ScanIndexForward: false,
          ConsistentRead: true,
          Limit: limit,
        },
        { signal },
      )
      const items = page.items.map(parseConsentReceipt)
      const last = items.at(-1)
      return { items, ...(page.next && last && { next: last.receiptId }) }
    },

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

    findErasure: async (user, signal) => {
      const item = await get(profileKey(user), signal)
      return item?.['tombstone'] === true ? erasureSchema.parse(item) : undefined
    },

    noteErased: async (user, nowMs, signal) => {
      const done: TransactItem = {
        Update: {
          TableName: ledger,
          Key: profileKey(user),
          UpdateExpression: 'SET doneAt = :now',
          ConditionExpression: 'tombstone = :yes AND attribute_not_exists(doneAt)',
          ExpressionAttributeValues: { ':now': new Date(nowMs).toISOString(), ':yes': true },
        },
      }
      // A refusal means that it was noted before, or that TTL has removed the tombstone.
      await transact(client, [done], retrying(signal))
    },

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
