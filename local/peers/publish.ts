import { randomUUID } from 'node:crypto'
import { smsParts } from '#shared/domain/messages/sms-parts.ts'
import type { Outgoing } from './phone-message.ts'
import { isE164, type PhoneNumbers } from './phone-numbers.ts'
import { type PushEndpoint, type PushEndpoints, parseEndpointArn } from './push-endpoints.ts'
import { readPushContent, selectProtocol } from './push-payload.ts'
import { readApnsCollapseId, readMessageAttributes, readSmsAttributes, readTtlS } from './sns-attributes.ts'
import { invalidParameter, missingParameter, type QueryForm, SnsError } from './sns-wire.ts'

const MAX_MESSAGE_BYTES = 262_144
const MAX_SMS_BYTES = 1_600
const MAX_SUBJECT_LENGTH = 100

/** Publishing to an endpoint whose phone is gone. */
export const endpointDisabled = (): SnsError => new SnsError('EndpointDisabled', 400, 'Endpoint is disabled')

type Target = { kind: 'endpoint'; endpoint: PushEndpoint } | { kind: 'phone'; phoneNumber: string }

const readMessage = (form: QueryForm, attributes: ReadonlyMap<string, string>): string => {
  const message = form.get('Message')
  if (message === undefined) throw missingParameter('message')
  if (message === '') throw invalidParameter('Empty message')
  const attributeBytes = [...attributes].reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  )
  if (Buffer.byteLength(message) + attributeBytes > MAX_MESSAGE_BYTES)
    throw invalidParameter('Message too long')
  return message
}

const readSubject = (form: QueryForm): string | undefined => {
  const subject = form.get('Subject')
  if (subject === undefined) return undefined
  if (subject.length > MAX_SUBJECT_LENGTH || !/^[!-~][ -~]*$/.test(subject)) throw invalidParameter('Subject')
  return subject
}

const readEndpoint = (endpoints: PushEndpoints, arn: string): PushEndpoint => {
  if (!arn.includes(':endpoint/')) {
    if (arn.split(':').length < 6) parseEndpointArn('TargetArn', arn)
    // Topics stay in infra (alarms); no function publishes to one.
    throw invalidParameter(`TopicArn Reason: the phone gateway has no topics: ${arn}`)
  }
  parseEndpointArn('TargetArn', arn)
  const endpoint = endpoints.find(arn)
  if (endpoint === undefined) {
    throw invalidParameter('TargetArn Reason: No endpoint found for the target arn specified')
  }
  return endpoint
}

const readTarget = (form: QueryForm, endpoints: PushEndpoints): Target => {
  const arns = [form.get('TargetArn'), form.get('TopicArn')].filter((arn) => arn !== undefined)
  const phoneNumber = form.get('PhoneNumber')
  if (arns.length + (phoneNumber === undefined ? 0 : 1) > 1) {
    throw invalidParameter('TargetArn Reason: only one of TopicArn, TargetArn and PhoneNumber can be given')
  }
  const [arn] = arns
  if (arn !== undefined) return { kind: 'endpoint', endpoint: readEndpoint(endpoints, arn) }
  if (phoneNumber === undefined) {
    throw invalidParameter('TopicArn or TargetArn Reason: no value for required parameter')
  }
  if (!isE164(phoneNumber)) {
    throw invalidParameter(`PhoneNumber Reason: ${phoneNumber} is not valid to publish to`)
  }
  return { kind: 'phone', phoneNumber }
}

const isStructured = (form: QueryForm): boolean => {
  const structure = form.get('MessageStructure')
  if (structure !== undefined && structure !== 'json') {
    throw invalidParameter(`MessageStructure Reason: Invalid value: ${structure}`)
  }
  return structure === 'json'
}

/**
 * Checks a Publish call as SNS does and says what is to be sent.
 *
 * @throws {SnsError} InvalidParameter, ParameterValueInvalid, ValidationError, EndpointDisabled
 */
export const readPublish = (form: QueryForm, endpoints: PushEndpoints, numbers: PhoneNumbers): Outgoing => {
  const attributes = readMessageAttributes(form)
  const target = readTarget(form, endpoints)
  const message = readMessage(form, attributes)
  const structured = isStructured(form)
  const subject = readSubject(form)
  const messageId = randomUUID()

  if (target.kind === 'endpoint') {
    const { endpoint } = target
    const { platform } = parseEndpointArn('TargetArn', endpoint.arn)
    const chosen = structured ? selectProtocol(message, platform) : { text: message, own: false }
    const content = readPushContent(platform, chosen, readApnsCollapseId(attributes))
    const ttlS = readTtlS(attributes, platform)
    if (!endpoint.enabled) throw endpointDisabled()
    return {
      channel: 'push',
      messageId,
      platform,
      endpointArn: endpoint.arn,
      token: endpoint.token,
      ...content,
      ...(ttlS === undefined ? {} : { ttlS }),
      ...(subject === undefined ? {} : { subject }),
      attributes: Object.fromEntries(attributes),
    }
  }

  const { text } = structured ? selectProtocol(message, 'sms') : { text: message }
  if (Buffer.byteLength(text) > MAX_SMS_BYTES) {
    throw invalidParameter(`Message Reason: an SMS has at most ${MAX_SMS_BYTES} bytes`)
  }
  const account = new Map(numbers.smsAttributes([]))
  const { senderId = account.get('DefaultSenderID'), smsType } = readSmsAttributes(attributes)
  return {
    channel: 'sms',
    messageId,
    phoneNumber: target.phoneNumber,
    text,
    ...smsParts(text),
    ...(senderId === undefined ? {} : { senderId }),
    smsType: smsType ?? (account.get('DefaultSMSType') === 'Transactional' ? 'Transactional' : 'Promotional'),
    attributes: Object.fromEntries(attributes),
  }
}
