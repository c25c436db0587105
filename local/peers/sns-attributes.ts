import { invalidParameter, type QueryForm, SnsError } from './sns-wire.ts'

const MAX_NAME_BYTES = 256
const invalidValue = (text: string): SnsError => new SnsError('ParameterValueInvalid', 400, text)

const checkName = (name: string): void => {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw invalidValue('Length of message attribute name must be less than 256 bytes.')
  }
  if (name.startsWith('.')) {
    throw invalidValue("Invalid message attribute name starting with character '.' was found.")
  }
  if (name.endsWith('.')) {
    throw invalidValue("Invalid message attribute name ending with character '.' was found.")
  }
  if (name.includes('..')) throw invalidValue("Message attribute name can not have successive '.' character.")
  const odd = /[^A-Za-z0-9_.-]/.exec(name)?.[0]
  if (odd !== undefined || name === '') {
    throw invalidValue(
      `Invalid non-alphanumeric character '#x${(odd ?? ' ').charCodeAt(0).toString(16).toUpperCase()}' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.`,
    )
  }
}

const readValue = (name: string, fields: ReadonlyMap<string, string>): string => {
  const type = fields.get('Value.DataType') ?? ''
  const base = type.split('.')[0] ?? ''
  if (base === '') {
    throw new SnsError(
      'ValidationError',
      400,
      `1 validation error detected: Value null at 'messageAttributes.${name}.member.dataType' failed to satisfy constraint: Member must not be null`,
    )
  }
  if (!['String', 'Number', 'Binary'].includes(base)) {
    throw invalidValue(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    )
  }
  const value = fields.get(base === 'Binary' ? 'Value.BinaryValue' : 'Value.StringValue') ?? ''
  if (value === '') {
    throw invalidValue(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${type}'.`,
    )
  }
  if (base === 'Number' && !Number.isFinite(Number(value))) {
    throw invalidValue(
      `Could not cast message attribute '${name}' value to number: it must be a number for message attribute type 'Number'.`,
    )
  }
  return value
}

/**
 * `MessageAttributes.entry.N.Name`, `.Value.DataType`, `.Value.StringValue` as a map of values.
 *
 * @throws {SnsError} ParameterValueInvalid, ValidationError or InvalidParameter as SNS does
 */
export const readMessageAttributes = (form: QueryForm): Map<string, string> => {
  const attributes = new Map<string, string>()
  for (const fields of form.entries('MessageAttributes')) {
    const name = fields.get('Name') ?? ''
    checkName(name)
    if (attributes.has(name)) throw invalidValue(`Message attribute name '${name}' already exists.`)
    attributes.set(name, readValue(name, fields))
  }
  return attributes
}

/** SNS keeps a push for four weeks at most; FCM's limit is the same. */
const MAX_TTL_S = 2_419_200

/** The value of `AWS.SNS.MOBILE.<platform>.TTL` in seconds, when there is one. */
export const readTtlS = (attributes: ReadonlyMap<string, string>, platform: string): number | undefined => {
  for (const [name, value] of attributes) {
    if (!/^AWS\.SNS\.MOBILE\.[A-Z_]+\.TTL$/.test(name)) continue
    if (!/^\d{1,8}$/.test(value) || Number(value) > MAX_TTL_S) {
      throw invalidParameter(
        `Message attribute ${name} Reason: must be a number of seconds up to ${MAX_TTL_S}`,
      )
    }
  }
  // SNS writes FCM's attribute both ways; its platform is still called GCM.
  const names = platform === 'GCM' ? ['FCM', 'GCM'] : [platform]
  const own = names
    .map((name) => attributes.get(`AWS.SNS.MOBILE.${name}.TTL`))
    .find((ttl) => ttl !== undefined)
  return own === undefined ? undefined : Number(own)
}

const APNS_PUSH_TYPES = ['alert', 'background', 'complication', 'fileprovider', 'location', 'mdm', 'voip']
const MAX_COLLAPSE_ID_BYTES = 64

/** Checks the APNs headers that SNS sends on (they have the prefix APNS in the sandbox, too), returns the collapse id. */
export const readApnsCollapseId = (attributes: ReadonlyMap<string, string>): string | undefined => {
  const of = (name: string) => attributes.get(`AWS.SNS.MOBILE.APNS.${name}`)
  const priority = of('PRIORITY')
  if (priority !== undefined && !/^([1-9]|10)$/.test(priority)) {
    throw invalidParameter('Message attribute AWS.SNS.MOBILE.APNS.PRIORITY Reason: must be from 1 to 10')
  }
  const pushType = of('PUSH_TYPE')
  if (pushType !== undefined && !APNS_PUSH_TYPES.includes(pushType)) {
    throw invalidParameter(`Message attribute AWS.SNS.MOBILE.APNS.PUSH_TYPE Reason: unknown type ${pushType}`)
  }
  const collapseId = of('COLLAPSE_ID')
  if (collapseId !== undefined && Buffer.byteLength(collapseId) > MAX_COLLAPSE_ID_BYTES) {
    throw invalidParameter(
      `Message attribute AWS.SNS.MOBILE.APNS.COLLAPSE_ID Reason: must be at most ${MAX_COLLAPSE_ID_BYTES} bytes`,
    )
  }
  return collapseId
}

/** The attributes that steer an SMS, checked; https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html. */
export const readSmsAttributes = (
  attributes: ReadonlyMap<string, string>,
): { senderId?: string; smsType?: 'Promotional' | 'Transactional' } => {
  const of = (name: string) => attributes.get(`AWS.SNS.SMS.${name}`) ?? attributes.get(`AWS.MM.SMS.${name}`)
  const senderId = of('SenderID')
  if (senderId !== undefined && !/^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$/.test(senderId)) {
    throw invalidParameter('SenderID Reason: must be 1-11 alphanumeric characters with at least one letter')
  }
  const smsType = of('SMSType')
  if (smsType !== undefined && smsType !== 'Promotional' && smsType !== 'Transactional') {
    throw invalidParameter('SMSType Reason: must be Promotional or Transactional')
  }
  const maxPrice = of('MaxPrice')
  if (maxPrice !== undefined && !(Number(maxPrice) > 0)) {
    throw invalidParameter('MaxPrice Reason: must be a positive amount in USD')
  }
  const origination = of('OriginationNumber')
  if (origination !== undefined && !/^\+?\d{5,14}$/.test(origination)) {
    throw invalidParameter('OriginationNumber Reason: must be 5 to 14 digits')
  }
  return {
    ...(senderId === undefined ? {} : { senderId }),
    ...(smsType === undefined ? {} : { smsType }),
  }
}
