import * as z from 'zod'
import { type CustomerTables, hash, retrying } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import {
  type Sender,
  stopKey,
  suppressedKey,
  writerKey,
} from '#shared/adapters/dynamodb/customers/sms-recipients.ts'
import { batchGetAll, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'

/** Who was written to by whom. */
export type Written = { readonly phoneHash: string; readonly merchantId: MerchantId }

export type Suppressions = {
  /** Which merchant wrote to the number last. */
  readonly lastWriter: (phoneHash: string, signal?: AbortSignal) => Promise<MerchantId | undefined>
  /** Which SMS had this code in its opt-out link. */
  readonly findByStopCode: (code: string, signal?: AbortSignal) => Promise<Written | undefined>
  /** @param at when it was said, RFC 3339 in UTC */
  readonly suppress: (phoneHash: string, sender: Sender, at: string, signal?: AbortSignal) => Promise<void>
  /** Lets this merchant write again, and ends a word against everybody; not what was said later than `at`. */
  readonly allow: (
    phoneHash: string,
    merchantId: MerchantId | undefined,
    at: string,
    signal?: AbortSignal,
  ) => Promise<void>
  /** Whose number it is. */
  readonly ownerOf: (phoneHash: string, signal?: AbortSignal) => Promise<UserId | undefined>
}

export const phoneHashOf = (phoneNumber: string): string => hash(phoneNumber)

/** Forgets who wrote to a number, when it changes hands. */
export const forgetWriter = (ledger: string, phoneNumber: string): TransactItem => ({
  Delete: { TableName: ledger, Key: writerKey(hash(phoneNumber)) },
})

/** Forgets the opt-out link of an SMS. */
export const forgetStopCode = (ledger: string, code: string): TransactItem => ({
  Delete: { TableName: ledger, Key: stopKey(code) },
})

const ownerSchema = z.object({ user: id('usr') })
const writtenSchema = z.object({ phoneHash: z.string(), merchantId: id('mer') })

/** Who wants no text messages from whom, in the Ledger; numbers stand there as hashes only. */
export const createSuppressions = ({ client, ledger }: CustomerTables): Suppressions => {
  const read = async (key: { pk: string; sk: string }, signal?: AbortSignal) => {
    const reads = [{ table: ledger, keys: [key], consistent: true }]
    const [[item] = []] = await batchGetAll(client, reads, retrying(signal))
    return item
  }

  return {
    lastWriter: async (phoneHash, signal) => {
      const item = await read(writerKey(phoneHash), signal)
      return item && writtenSchema.parse(item).merchantId
    },

    findByStopCode: async (code, signal) => {
      const item = await read(stopKey(code), signal)
      return item && writtenSchema.parse(item)
    },

    suppress: async (phoneHash, sender, at, signal) => {
      const Item = { ...suppressedKey(phoneHash, sender), kind: 'suppressed', at }
      await transact(client, [{ Put: { TableName: ledger, Item } }], retrying(signal))
    },

    allow: async (phoneHash, merchantId, at, signal) => {
      const senders: Sender[] = merchantId === undefined ? ['everybody'] : [merchantId, 'everybody']
      for (const sender of senders) {
        const item: TransactItem = {
          Delete: {
            TableName: ledger,
            Key: suppressedKey(phoneHash, sender),
            ConditionExpression: 'attribute_not_exists(pk) OR #at < :at',
            ExpressionAttributeNames: { '#at': 'at' },
            ExpressionAttributeValues: { ':at': at },
          },
        }
        // A refusal means that the last word was another.
        await transact(client, [item], retrying(signal))
      }
    },

    ownerOf: async (phoneHash, signal) => {
      const item = await read({ pk: `PHONE#${phoneHash}`, sk: 'OWNER' }, signal)
      return item && ownerSchema.parse(item).user
    },
  }
}
