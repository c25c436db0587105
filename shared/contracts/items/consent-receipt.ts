import { consentReceiptSchema } from '#shared/contracts/http/me.ts'
import { type Item, userKey } from '#shared/contracts/items/ledger.ts'
import type { ConsentReceipt } from '#shared/domain/customers/customer.ts'
import type { MerchantId, ReceiptId, UserId } from '#shared/domain/ids.ts'

/** Receipts sort by when they were made: their ids do. */
export const consentReceiptKey = (user: UserId, receiptId: ReceiptId) => ({
  pk: userKey(user),
  sk: `CONSENT#${receiptId}`,
})

/** A receipt is kept as long as its customer: it proves what still holds, and what held when something was sent. */
export const consentReceiptItem = (user: UserId, receipt: ConsentReceipt): Item => ({
  ...consentReceiptKey(user, receipt.receiptId),
  kind: 'consentReceipt',
  user,
  ...receipt,
})

/** @throws {z.ZodError} when the item has another form */
export const parseConsentReceipt = ({
  pk: _pk,
  sk: _sk,
  kind: _kind,
  user: _user,
  ...item
}: Item): ConsentReceipt => {
  const { about, merchantId, ...consent } = consentReceiptSchema.parse(item)
  if (about !== 'sms') return { ...consent, about }
  return { ...consent, about, merchantId: merchantIdOf(merchantId) }
}

const merchantIdOf = (merchantId: MerchantId | undefined): MerchantId => {
  if (merchantId === undefined) throw new Error('a receipt about SMS without its merchant')
  return merchantId
}
