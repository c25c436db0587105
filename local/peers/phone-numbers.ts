import type { PeerStore } from '../cloud/peer-store.ts'
import { invalidParameter, missingParameter } from './sns-wire.ts'

const PAGE = 100
const KEY = 'optedOut/'
const SMS_KEY = 'smsAttribute/'
const SMS_ATTRIBUTES = [
  'MonthlySpendLimit',
  'DeliveryStatusIAMRole',
  'DeliveryStatusSuccessSamplingRate',
  'DefaultSenderID',
  'DefaultSMSType',
  'UsageReportS3Bucket',
]

/** Is it a number in E.164: a plus and up to 15 digits? */
export const isE164 = (text: string): boolean => /^\+[1-9]\d{1,14}$/.test(text)

/** Which phone numbers are opted out, and the account's SMS attributes. */
export type PhoneNumbers = {
  isOptedOut(phoneNumber: string | undefined): boolean
  optIn(phoneNumber: string | undefined): void
  /** The phone's owner answered STOP: from now on no SMS of the account arrives. */
  optOut(phoneNumber: string): void
  page(after: string | undefined): { phoneNumbers: string[]; next?: string }
  setSmsAttributes(attributes: ReadonlyMap<string, string>): void
  smsAttributes(names: readonly string[]): [string, string][]
}

const checkNumber = (phoneNumber: string | undefined): string => {
  if (phoneNumber === undefined) throw missingParameter('phoneNumber')
  if (!isE164(phoneNumber)) throw invalidParameter('PhoneNumber Reason: input incorrectly formatted')
  return phoneNumber
}

const checkSmsAttribute = (name: string, value: string): void => {
  if (!SMS_ATTRIBUTES.includes(name)) throw invalidParameter(`${name} is not a valid attribute`)
  if (name === 'DefaultSMSType' && value !== 'Promotional' && value !== 'Transactional') {
    throw invalidParameter('DefaultSMSType is invalid')
  }
  if (name === 'DefaultSenderID' && !/^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$/.test(value)) {
    throw invalidParameter('DefaultSenderID is not a valid attribute')
  }
  if (name === 'MonthlySpendLimit' && !/^\d{1,9}$/.test(value)) {
    throw invalidParameter('MonthlySpendLimit is not a valid attribute')
  }
}

export const createPhoneNumbers = (store: PeerStore): PhoneNumbers => ({
  isOptedOut: (phoneNumber) => store.get(KEY + checkNumber(phoneNumber)) !== undefined,
  optIn: (phoneNumber) => store.delete(KEY + checkNumber(phoneNumber)),
  optOut: (phoneNumber) => store.put(KEY + checkNumber(phoneNumber), 'true'),
  page: (after) => {
    const later = store
      .entries(KEY)
      .map(([key]) => key.slice(KEY.length))
      .filter((phoneNumber) => after === undefined || phoneNumber > after)
    const phoneNumbers = later.slice(0, PAGE)
    const last = phoneNumbers.at(-1)
    return later.length > PAGE && last !== undefined ? { phoneNumbers, next: last } : { phoneNumbers }
  },
  setSmsAttributes: (attributes) => {
    for (const [name, value] of attributes) checkSmsAttribute(name, value)
    for (const [name, value] of attributes) store.put(SMS_KEY + name, value)
  },
  smsAttributes: (names) => {
    const all = new Map<string, string>([
      ['MonthlySpendLimit', '1'],
      ...store.entries(SMS_KEY).map(([key, value]) => [key.slice(SMS_KEY.length), value] as const),
    ])
    return [...all].filter(([name]) => names.length === 0 || names.includes(name))
  },
})
