import {
  type CustomerTables,
  hash,
  phoneKey,
  retrying,
} from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { batchGetAll, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { messageKey } from '#shared/contracts/items/ledger.ts'
import type { MerchantId, MessageId, UserId } from '#shared/domain/ids.ts'

/** Whom a phone number wants no text messages from. */
export type Sender = MerchantId | 'everybody'

/** The SMS that is about to go out. */
export type OutgoingSms = {
  readonly user: UserId
  readonly messageId: MessageId
  readonly phoneNumber: string
  readonly merchantId: MerchantId
  /** The code of its opt-out link, where it has one. */
  readonly stopCode?: string
}

export type SmsRecipients = {
  /** Does the number want nothing from this merchant, or from anybody? */
  readonly isSuppressed: (
    phoneNumber: string,
    merchantId: MerchantId,
    signal?: AbortSignal,
  ) => Promise<boolean>
  /**
   * Notes, before an SMS leaves, whose it is, so that an answer is understood. False when the number is not the
   * customer's any more.
   */
  readonly noteWriter: (sms: OutgoingSms, nowMs: number, signal?: AbortSignal) => Promise<boolean>
  /** Takes the note back after the SMS surely did not leave: an answer is meant for somebody else, and nobody knows whom. */
  readonly dropWriter: (sms: OutgoingSms, signal?: AbortSignal) => Promise<void>
}

const DAY_S = 86_400
/** An answer to an older SMS is taken for a word against everybody. Shorter than messages are kept: erasing finds links by them. */
const WRITER_S = 365 * DAY_S

export const writerKey = (phoneHash: string) => ({ pk: `PHONE#${phoneHash}`, sk: 'WRITER' })
export const stopKey = (code: string) => ({ pk: `STOP#${code}`, sk: 'SMS' })
export const suppressedKey = (phoneHash: string, sender: Sender) => ({
  pk: `SUPPRESSED#${phoneHash}`,
  sk: sender === 'everybody' ? 'ALL' : `M#${sender}`,
})

/** What is to be known of a number before an SMS leaves. Numbers stand in the Ledger as hashes only. */
export const createSmsRecipients = ({ client, ledger }: CustomerTables): SmsRecipients => ({
  isSuppressed: async (phoneNumber, merchantId, signal) => {
    const phoneHash = hash(phoneNumber)
    const keys = [suppressedKey(phoneHash, merchantId), suppressedKey(phoneHash, 'everybody')]
    const [items = []] = await batchGetAll(
      client,
      [{ table: ledger, keys, consistent: true }],
      retrying(signal),
    )
    // One that was lifted stands there for a while, so that a word which comes late is known to be older.
    return items.some((item) => item !== undefined && item['lifted'] !== true)
  },

  noteWriter: async ({ user, messageId, phoneNumber, merchantId, stopCode }, nowMs, signal) => {
    const phoneHash = hash(phoneNumber)
    const note = { phoneHash, merchantId, ttl: Math.floor(nowMs / 1000) + WRITER_S }
    // Erasing finds the link by its message.
    const rememberCode: TransactItem = {
      Update: {
        TableName: ledger,
        Key: messageKey(user, messageId),
        UpdateExpression: 'SET stopCode = :code',
        ExpressionAttributeValues: { ':code': stopCode },
      },
    }
    const put = (item: object) => ({ Put: { TableName: ledger, Item: { ...item, ...note } } })
    const outcome = await transact(
      client,
      [
        {
          ConditionCheck: {
            TableName: ledger,
            Key: phoneKey(phoneNumber),
            ConditionExpression: '#user = :user',
            ExpressionAttributeNames: { '#user': 'user' },
            ExpressionAttributeValues: { ':user': user },
          },
        },
        put({ ...writerKey(phoneHash), kind: 'phoneWriter' }),
        ...(stopCode === undefined
          ? []
          : [put({ ...stopKey(stopCode), kind: 'stopCode', user }), rememberCode]),
      ],
      retrying(signal),
    )
    return outcome.kind === 'done'
  },

  dropWriter: async ({ phoneNumber, merchantId }, signal) => {
    const forget: TransactItem = {
      Update: {
        TableName: ledger,
        Key: writerKey(hash(phoneNumber)),
        ConditionExpression: 'merchantId = :merchant',
        UpdateExpression: 'REMOVE merchantId',
        ExpressionAttributeValues: { ':merchant': merchantId },
      },
    }
    // A refusal means that another has written since.
    await transact(client, [forget], retrying(signal))
  },
})
