import { setTimeout as wait } from 'node:timers/promises'
import type { PeerStore } from '../cloud/peer-store.ts'
import type { PeerRequest, PeerResponse } from './peer-http.ts'
import { createPhoneActions, type PhoneCall } from './phone-actions.ts'
import { type CallFacts, createPhoneFaults, type PhoneFault } from './phone-faults.ts'
import { createPhoneInbox, type UndeliveredMessage } from './phone-inbox.ts'
import type { ReceivedMessage } from './phone-message.ts'
import { createPhoneNumbers } from './phone-numbers.ts'
import { createPushEndpoints, parseEndpointArn } from './push-endpoints.ts'
import { answerOf, errorAnswerOf, parseQueryForm, type QueryForm, SnsError } from './sns-wire.ts'

const DEFAULT_MAX_MESSAGES = 200_000

/** Stands in for Amazon SNS's push and SMS, and for the phones behind it. */
export type PhoneGateway = {
  /** One call of the SNS query protocol. Never throws: what goes wrong is an answer (or `broken`). */
  handle(request: PeerRequest): Promise<PeerResponse>
  /** What reached a phone, oldest first. */
  received(): ReceivedMessage[]
  /** What SNS accepted and no phone got, with the reason. */
  undelivered(): UndeliveredMessage[]
  /** What stands on the screen of the phone with this push token or number. */
  screen(target: string): ReceivedMessage[]
  /** Calls `listener` for each message that reaches a phone; answers how to stop. */
  onReceived(listener: (message: ReceivedMessage) => void): () => void
  /** Scripts one more fault, behind those that still wait. */
  setFault(fault: PhoneFault): void
  clearFaults(): void
  /** How many scripted faults still wait for their call. */
  pendingFaults(): number
  /** The owner of the number answers STOP. */
  optOut(phoneNumber: string): void
  /** Breaks the connections that a `hang` holds. */
  close(): void
}

const BROKEN: PeerResponse = { status: 503, headers: {}, body: '', broken: true }
const MALFORMED: PeerResponse = {
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: '<PublishResponse><PublishResult><MessageId>half an ans',
}

/**
 * The phone gateway: SNS's wire protocol for Publish to phones, platform endpoints and opt-outs, with SNS's checks and
 * error codes (https://docs.aws.amazon.com/sns/latest/api/API_Operations.html), and a record of what phones received.
 * Two things are stricter or simpler than AWS: a structured message always needs its `default`, and a platform
 * application exists when its ARN is well formed, unless `applications` lists them.
 *
 * @param nowMs the local cloud's clock, virtual or not
 * @example
 * const gateway = createPhoneGateway({ store, nowMs: () => clock.nowMs() })
 * gateway.setFault({ kind: 'throttle', when: { channel: 'sms' }, times: 2 })
 * writePeerResponse(res, await gateway.handle({ method: 'POST', headers, body }))
 */
export const createPhoneGateway = ({
  store,
  nowMs,
  applications,
  maxMessages = DEFAULT_MAX_MESSAGES,
  confirmSubscription = () => undefined,
}: {
  store: PeerStore
  nowMs: () => number
  applications?: readonly string[]
  maxMessages?: number
  /** Answers ConfirmSubscription with the subscription's ARN; undefined for a token that nobody was given. */
  confirmSubscription?: (topicArn: string, token: string) => string | undefined
}): PhoneGateway => {
  const endpoints = createPushEndpoints(store, applications)
  const numbers = createPhoneNumbers(store)
  const inbox = createPhoneInbox(store, maxMessages)
  const faults = createPhoneFaults()
  const hanging = new Set<() => void>()

  const actions = createPhoneActions({ endpoints, numbers, inbox, confirmSubscription, nowMs })

  const perform = (call: PhoneCall): PeerResponse => {
    const action = Object.hasOwn(actions, call.form.action) ? actions[call.form.action] : undefined
    if (action === undefined) {
      throw new SnsError('InvalidAction', 400, `The phone gateway has no action ${call.form.action}`)
    }
    return answerOf(call.form.action, action(call))
  }

  const endpointOf = (form: QueryForm) =>
    endpoints.find(form.get('TargetArn') ?? form.get('TopicArn') ?? form.get('EndpointArn') ?? '')

  const factsOf = (form: QueryForm): CallFacts => {
    const endpoint = endpointOf(form)
    const phoneNumber = form.get('PhoneNumber') ?? form.get('phoneNumber')
    const application = /:app\/(APNS_SANDBOX|APNS|GCM)\//.exec(form.get('PlatformApplicationArn') ?? '')?.[1]
    const platform =
      endpoint === undefined ? application : parseEndpointArn('TargetArn', endpoint.arn).platform
    return {
      action: form.action,
      channel: phoneNumber === undefined ? 'push' : 'sms',
      platform:
        platform === 'APNS' || platform === 'APNS_SANDBOX' || platform === 'GCM' ? platform : undefined,
      token: endpoint?.token ?? form.get('Token'),
      phoneNumber,
    }
  }

  const disable = (form: QueryForm): void => {
    const endpoint = endpointOf(form)
    if (endpoint !== undefined) endpoints.update(endpoint.arn, new Map([['Enabled', 'false']]))
  }

  const hang = (forMs: number): Promise<PeerResponse> =>
    new Promise((resolve) => {
      const release = () => {
        clearTimeout(timer)
        hanging.delete(release)
        resolve(BROKEN)
      }
      const timer = setTimeout(release, forMs)
      hanging.add(release)
    })

  const fail = async (fault: PhoneFault, form: QueryForm): Promise<PeerResponse> => {
    const call = { form, drop: undefined }
    if ('taken' in fault && fault.taken && fault.kind !== 'disableEndpoint') perform(call)
    switch (fault.kind) {
      case 'throttle': {
        const code = fault.code ?? 'Throttling'
        return errorAnswerOf(new SnsError(code, code === 'Throttled' ? 429 : 400, 'Rate exceeded'))
      }
      case 'serverError':
        return errorAnswerOf(new SnsError('InternalError', fault.status ?? 500, 'Internal Error'))
      case 'hang':
        return hang(fault.forMs)
      case 'reset':
        return BROKEN
      case 'malformed':
        return MALFORMED
      case 'disableEndpoint': {
        if (!fault.taken) disable(form)
        const answer = perform({ form, drop: 'endpointDisabled' })
        disable(form)
        return answer
      }
      case 'optOut':
        numbers.optOut(form.get('PhoneNumber') ?? '')
        return perform(call)
      case 'lose':
        return perform({ form, drop: fault.reason ?? 'lost' })
      case 'refuse':
        return errorAnswerOf(new SnsError(fault.code, fault.status ?? 400, 'Refused'))
      case 'slow':
        await wait(fault.forMs, undefined, { ref: false })
        return perform(call)
      default:
        return fault satisfies never
    }
  }

  const handle = async (request: PeerRequest): Promise<PeerResponse> => {
    try {
      if (request.method !== 'POST') throw new SnsError('InvalidAction', 405, 'The gateway takes POST only.')
      const form = parseQueryForm(request.body)
      const fault = faults.take(factsOf(form))
      return fault === undefined ? perform({ form, drop: undefined }) : await fail(fault, form)
    } catch (error) {
      if (error instanceof SnsError) return errorAnswerOf(error)
      return errorAnswerOf(new SnsError('InternalError', 500, `The phone gateway failed: ${String(error)}`))
    }
  }

  return {
    handle,
    received: inbox.received,
    undelivered: inbox.undelivered,
    screen: inbox.screen,
    onReceived: inbox.onReceived,
    setFault: faults.add,
    clearFaults: faults.clear,
    pendingFaults: faults.pending,
    optOut: numbers.optOut,
    close: () => {
      for (const release of hanging) release()
    },
  }
}
