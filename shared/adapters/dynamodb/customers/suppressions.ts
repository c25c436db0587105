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

/** Who was written to by whom, at which number. */
export type Written = {
  readonly user: UserId
  readonly phoneHash: string
  readonly merchantId: MerchantId
}

export type Suppressions = {
  /** Which merchant wrote to the number last. */
  readonly lastWriter: (phoneHash: string, signal?: AbortSignal) => Promise<MerchantId | undefined>
  /** Which SMS had this code in its opt-out link. */
  readonly findByStopCode: (code: string, signal?: AbortSignal) => Promise<Written | undefined>
  /**
   * Lets this merchant, or nobody, write any more; not when the contrary was said later than `at`.
   *
   * @param at when it was said, RFC 3339 in UTC
   */
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
const writerSchema = z.object({ merchantId: id('mer').optional() })
const writtenSchema = z.object({ user: id('usr'), phoneHash: z.string(), merchantId: id('mer') })

/** So long a lifted word is remembered: longer than SNS, or who kept a notification, can bring an older one. */
const LIFTED_S = 3 * 86_400

/** Who wants no text messages from whom, in the Ledger; numbers stand there as hashes only. */
export const createSuppressions = ({ client, ledger }: CustomerTables): Suppressions => {
  const read = async (key: { pk: string; sk: string }, signal?: AbortSignal) => {
    const reads = [{ table: ledger, keys: [key], consistent: true }]
    const [[item] = []] = await batchGetAll(client, reads, retrying(signal))
    return item
  }

  /** Of two words the later one counts, of two at the same time the one that ends. */
  const write = async (
    item: { pk: string; sk: string; at: string; lifted?: true; ttl?: number },
    isLater: '<' | '<=',
    signal?: AbortSignal,
  ): Promise<void> => {
    const put: TransactItem = {
      Put: {
        TableName: ledger,
        Item: { ...item, kind: 'suppressed' },
        ConditionExpression: `attribute_not_exists(pk) OR #at ${isLater} :at`,
        ExpressionAttributeNames: { '#at': 'at' },
        ExpressionAttributeValues: { ':at': item.at },
      },
    }
    // A refusal means that the last word was another.
    await transact(client, [put], retrying(signal))
  }

  return {
    lastWriter: async (phoneHash, signal) => {
      const item = await read(writerKey(phoneHash), signal)
      return item && writerSchema.parse(item).merchantId
    },

    findByStopCode: async (code, signal) => {
      const item = await read(stopKey(code), signal)
      return item && writtenSchema.parse(item)
    },

    suppress: (phoneHash, sender, at, signal) =>
      write({ ...suppressedKey(phoneHash, sender), at }, '<=', signal),

    allow: async (phoneHash, merchantId, at, signal) => {
      const senders: Sender[] = merchantId === undefined ? ['everybody'] : [merchantId, 'everybody']
      const ttl = Math.floor(Date.parse(at) / 1000) + LIFTED_S
      for (const sender of senders) {
        await write({ ...suppressedKey(phoneHash, sender), at, lifted: true, ttl }, '<', signal)
      }
    },

    ownerOf: async (phoneHash, signal) => {
      const item = await read({ pk: `PHONE#${phoneHash}`, sk: 'OWNER' }, signal)
      return item && ownerSchema.parse(item).user
    },
  }
}
