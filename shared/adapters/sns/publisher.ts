import {
  CheckIfPhoneNumberIsOptedOutCommand,
  CreatePlatformEndpointCommand,
  DeleteEndpointCommand,
  GetEndpointAttributesCommand,
  PublishCommand,
  type PublishCommandInput,
  SetEndpointAttributesCommand,
  SNSClient,
} from '@aws-sdk/client-sns'
import { isBusy } from '#shared/adapters/aws-errors.ts'
import type { Device, PushPlatform } from '#shared/contracts/items/ledger.ts'
import { apnsPayload, fcmPayload, type PushMessage } from '#shared/domain/messages/push-payload.ts'

/** How a publish ended. */
export type Published =
  | { readonly kind: 'taken'; readonly snsMessageId: string; readonly endpointArn?: string }
  /** Surely not taken; the same may be tried again later. `isFault`: SNS refuses our rights or credentials. */
  | { readonly kind: 'notTaken'; readonly reason: string; readonly isFault: boolean }
  /**
   * Surely not taken, and never will be. `device` = only this phone is out of reach, `platform` = all phones of its kind
   * are, because there is no application for them.
   */
  | { readonly kind: 'refused'; readonly reason: string; readonly scope: 'device' | 'platform' | 'message' }
  /** Nobody can tell whether it was taken. */
  | { readonly kind: 'unclear'; readonly reason: string }

/** What carriers and laws tell apart: https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html. */
export type SmsType = 'Promotional' | 'Transactional'

export type Publisher = {
  readonly push: (device: Device, message: PushMessage, signal?: AbortSignal) => Promise<Published>
  readonly sms: (phoneNumber: string, body: string, type: SmsType, signal?: AbortSignal) => Promise<Published>
  /** Has the number opted out of the whole account? Where SNS does not tell, it has not: SNS itself then sends nothing. */
  readonly isOptedOut: (phoneNumber: string, signal?: AbortSignal) => Promise<boolean>
}

export type PublisherOptions = {
  readonly applications: Readonly<Partial<Record<PushPlatform, string>>>
  readonly smsSenderId?: string
  /** The number that SMS come from, where it is not for SNS to choose. */
  readonly smsOriginationNumber?: string
  readonly smsMaxPriceUsd: string
  /** How long SNS may take to answer; 8 s by default. */
  readonly timeoutMs?: number
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

const THROTTLES = new Set([
  'Throttled',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
])
/** The push service has told SNS that the endpoint's token is dead. */
const DISABLED = new Set(['EndpointDisabled', 'EndpointDisabledException'])

/** What we may not do, or what we are not any more: nobody's message is to blame, and all are refused alike. */
const FAULTS = new Set([
  'AuthorizationError',
  'AuthorizationErrorException',
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'InvalidClientTokenId',
  'InvalidSecurity',
  'InvalidSecurityException',
  'PlatformApplicationDisabled',
  'PlatformApplicationDisabledException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
])
/** The connection was never made. */
const NEVER_LEFT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const isFault = (name: string): boolean => FAULTS.has(name) || name.startsWith('KMS')

const isClientFault = (error: unknown): boolean =>
  error instanceof Error && '$fault' in error && error.$fault === 'client'

/** What an error of Publish says about the message. */
const classify = (error: unknown): Published => {
  const name = nameOf(error)
  if (THROTTLES.has(name)) return { kind: 'notTaken', reason: 'throttled', isFault: false }
  if (isFault(name)) return { kind: 'notTaken', reason: name, isFault: true }
  if (NEVER_LEFT.has(codeOf(error))) return { kind: 'notTaken', reason: codeOf(error), isFault: false }
  if (DISABLED.has(name)) return { kind: 'refused', reason: name, scope: 'device' }
  if (isClientFault(error) && !isBusy(error)) return { kind: 'refused', reason: name, scope: 'message' }
  return { kind: 'unclear', reason: name }
}

// Publish answers InvalidParameter for an endpoint that was deleted; other calls answer NotFound.
const isGone = (error: unknown): boolean =>
  nameOf(error).startsWith('NotFound') ||
  (error instanceof Error && error.message.includes('No endpoint found'))

/** No endpoint could be made, so nothing was published: because of the token, of us, or of the moment. */
const withoutEndpoint = (error: unknown): Published => {
  const name = nameOf(error)
  if (!isClientFault(error) || isBusy(error) || THROTTLES.has(name)) {
    return { kind: 'notTaken', reason: name, isFault: false }
  }
  const isToken =
    name.startsWith('InvalidParameter') && error instanceof Error && error.message.includes('Token')
  return isToken
    ? { kind: 'refused', reason: name, scope: 'device' }
    : { kind: 'notTaken', reason: name, isFault: true }
}

const arnInside = (error: unknown): string | undefined =>
  error instanceof Error ? /Endpoint (arn:\S+) already exists/.exec(error.message)?.[1] : undefined

const text = (value: string) => ({ DataType: 'String', StringValue: value })

// https://docs.aws.amazon.com/sns/latest/dg/sns-ttl.html and …/sns-send-custom-platform-specific-payloads-mobile-devices.html
const attributesOf = (platform: PushPlatform, { ttlS, collapseId }: PushMessage) => {
  if (platform === 'fcm') return { 'AWS.SNS.MOBILE.FCM.TTL': text(String(ttlS)) }
  // Only the time to live has a form of its own for the sandbox.
  const name = platform === 'apns' ? 'APNS' : 'APNS_SANDBOX'
  return {
    [`AWS.SNS.MOBILE.${name}.TTL`]: text(String(ttlS)),
    'AWS.SNS.MOBILE.APNS.PUSH_TYPE': text('alert'),
    'AWS.SNS.MOBILE.APNS.PRIORITY': text('10'),
    'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': text(collapseId),
  }
}

const payloadOf = (platform: PushPlatform, message: PushMessage): string => {
  const fallback = message.body
  switch (platform) {
    case 'apns':
      return JSON.stringify({ default: fallback, APNS: JSON.stringify(apnsPayload(message)) })
    case 'apns-sandbox':
      return JSON.stringify({ default: fallback, APNS_SANDBOX: JSON.stringify(apnsPayload(message)) })
    case 'fcm':
      return JSON.stringify({ default: fallback, GCM: JSON.stringify(fcmPayload(message)) })
    default:
      return platform satisfies never
  }
}

/**
 * Publishes through Amazon SNS. Publishing is never retried here: whether to try again is the message's decision,
 * because an SMS whose answer was lost may have been sent.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/mobile-platform-endpoint.html for the flow of an endpoint
 */
export const createPublisher = (options: PublisherOptions): Publisher => {
  const { timeoutMs = 8000 } = options
  const requestHandler = { connectionTimeout: 1000, requestTimeout: timeoutMs, throwOnRequestTimeout: true }
  const client = new SNSClient({ maxAttempts: 3, requestHandler })
  const once = new SNSClient({ maxAttempts: 1, requestHandler })
  const quick = new SNSClient({
    maxAttempts: 1,
    requestHandler: { ...requestHandler, requestTimeout: Math.min(1500, timeoutMs) },
  })

  const createEndpoint = async (
    application: string,
    token: string,
    signal?: AbortSignal,
  ): Promise<string> => {
    const command = new CreatePlatformEndpointCommand({ PlatformApplicationArn: application, Token: token })
    try {
      const created = await client.send(command, signal ? { abortSignal: signal } : {})
      return created.EndpointArn ?? ''
    } catch (error) {
      const existing = arnInside(error)
      if (existing === undefined) throw error
      return existing
    }
  }

  // create → read → set where it differs. What the app has registered counts, not what SNS remembers: a token that is
  // dead after all is reported by the push service again.
  const makeEndpoint = async (token: string, application: string, signal?: AbortSignal): Promise<string> => {
    const sendOptions = signal ? { abortSignal: signal } : {}
    const arn = await createEndpoint(application, token, signal)
    const read = new GetEndpointAttributesCommand({ EndpointArn: arn })
    const { Attributes = {} } = await client.send(read, sendOptions)
    if (Attributes['Token'] === token && Attributes['Enabled'] === 'true') return arn
    const wanted = { Token: token, Enabled: 'true' }
    await client.send(new SetEndpointAttributesCommand({ EndpointArn: arn, Attributes: wanted }), sendOptions)
    return arn
  }

  /** Deletes a dead endpoint, so that the phone gets a new one when its app registers again. */
  const deleteEndpoint = async (arn: string, signal?: AbortSignal): Promise<'deleted' | 'kept'> => {
    try {
      const command = new DeleteEndpointCommand({ EndpointArn: arn })
      await client.send(command, signal ? { abortSignal: signal } : {})
      return 'deleted'
    } catch (error) {
      // The phone is out of reach either way, and the reason that is recorded tells that its endpoint is still there.
      if (error instanceof Error) return 'kept'
      throw error
    }
  }

  const publish = async (input: PublishCommandInput, signal?: AbortSignal): Promise<Published | 'gone'> => {
    try {
      const command = new PublishCommand(input)
      const { MessageId } = await once.send(command, signal ? { abortSignal: signal } : {})
      return MessageId
        ? { kind: 'taken', snsMessageId: MessageId }
        : { kind: 'unclear', reason: 'malformedAnswer' }
    } catch (error) {
      return isGone(error) ? 'gone' : classify(error)
    }
  }

  const publishTo = async (
    endpointArn: string,
    { platform }: Device,
    message: PushMessage,
    signal?: AbortSignal,
  ): Promise<Published | 'gone'> => {
    const input = {
      TargetArn: endpointArn,
      MessageStructure: 'json',
      Message: payloadOf(platform, message),
      MessageAttributes: attributesOf(platform, message),
    }
    const published = await publish(input, signal)
    if (published === 'gone') return published
    if (published.kind === 'taken') return { ...published, endpointArn }
    if (published.kind !== 'refused' || published.scope !== 'device') return published
    const endpoint = await deleteEndpoint(endpointArn, signal)
    return { ...published, reason: `${published.reason}, endpoint ${endpoint}` }
  }

  const pushToNewEndpoint = async (
    device: Device,
    application: string,
    message: PushMessage,
    signal?: AbortSignal,
  ): Promise<Published> => {
    let endpointArn: string
    try {
      endpointArn = await makeEndpoint(device.token, application, signal)
    } catch (error) {
      return withoutEndpoint(error)
    }
    const published = await publishTo(endpointArn, device, message, signal)
    return published === 'gone' ? { kind: 'notTaken', reason: 'endpointGone', isFault: false } : published
  }

  return {
    push: async (device, message, signal) => {
      const application = options.applications[device.platform]
      if (application === undefined) return { kind: 'refused', reason: 'platformOff', scope: 'platform' }
      const known = device.endpointArn
      const published = known === undefined ? 'gone' : await publishTo(known, device, message, signal)
      return published === 'gone' ? pushToNewEndpoint(device, application, message, signal) : published
    },

    sms: async (phoneNumber, body, type, signal) => {
      const published = await publish(
        {
          PhoneNumber: phoneNumber,
          Message: body,
          MessageAttributes: {
            'AWS.SNS.SMS.SMSType': text(type),
            'AWS.SNS.SMS.MaxPrice': { DataType: 'Number', StringValue: options.smsMaxPriceUsd },
            ...(options.smsSenderId ? { 'AWS.SNS.SMS.SenderID': text(options.smsSenderId) } : {}),
            ...(options.smsOriginationNumber
              ? { 'AWS.MM.SMS.OriginationNumber': text(options.smsOriginationNumber) }
              : {}),
          },
        },
        signal,
      )
      return published === 'gone' ? { kind: 'refused', reason: 'gone', scope: 'message' } : published
    },

    isOptedOut: async (phoneNumber, signal) => {
      try {
        const command = new CheckIfPhoneNumberIsOptedOutCommand({ phoneNumber })
        const { isOptedOut = false } = await quick.send(command, signal ? { abortSignal: signal } : {})
        return isOptedOut
      } catch (error) {
        if (error instanceof Error) return false
        throw error
      }
    },
  }
}
