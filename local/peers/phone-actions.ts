import type { PhoneInbox, UndeliveredReason } from './phone-inbox.ts'
import type { PhoneNumbers } from './phone-numbers.ts'
import { readPublish } from './publish.ts'
import { endpointAttributes, type PushEndpoints } from './push-endpoints.ts'
import { invalidParameter, type QueryForm, type XmlElements, xmlMap } from './sns-wire.ts'

/** A call in work: `drop` says that a message shall not arrive, and why. */
export type PhoneCall = { readonly form: QueryForm; readonly drop: UndeliveredReason | undefined }
/** What an action does; answers the elements of its result, undefined where SNS has none. */
export type PhoneAction = (call: PhoneCall) => XmlElements | undefined

const pageOf = (list: XmlElements, name: string, next: string | undefined): XmlElements =>
  next === undefined ? list : { ...list, [name]: next }

/**
 * The actions of SNS that the phone gateway knows, by name, each as the API reference has it:
 * https://docs.aws.amazon.com/sns/latest/api/API_Operations.html
 */
export const createPhoneActions = ({
  endpoints,
  numbers,
  inbox,
  confirmSubscription,
  nowMs,
}: {
  endpoints: PushEndpoints
  numbers: PhoneNumbers
  inbox: PhoneInbox
  confirmSubscription: (topicArn: string, token: string) => string | undefined
  nowMs: () => number
}): Readonly<Record<string, PhoneAction>> => {
  const publish: PhoneAction = ({ form, drop }) => {
    const outgoing = readPublish(form, endpoints, numbers)
    const optedOut = outgoing.channel === 'sms' && numbers.isOptedOut(outgoing.phoneNumber)
    // SNS takes an SMS to an opted-out number and answers as always; only its delivery log tells.
    const reason = optedOut ? 'phoneNumberOptedOut' : drop
    if (reason === undefined) inbox.deliver(outgoing, nowMs())
    else inbox.drop(outgoing, nowMs(), reason)
    return { MessageId: outgoing.messageId }
  }

  return {
    Publish: publish,
    CreatePlatformEndpoint: ({ form }) => ({
      EndpointArn: endpoints.create(
        form.get('PlatformApplicationArn'),
        form.get('Token'),
        form.get('CustomUserData'),
        form.map('Attributes'),
      ),
    }),
    GetEndpointAttributes: ({ form }) => ({
      Attributes: xmlMap(endpointAttributes(endpoints.read(form.get('EndpointArn')))),
    }),
    SetEndpointAttributes: ({ form }) => {
      endpoints.update(form.get('EndpointArn'), form.map('Attributes'))
      return undefined
    },
    DeleteEndpoint: ({ form }) => {
      endpoints.delete(form.get('EndpointArn'))
      return undefined
    },
    ListEndpointsByPlatformApplication: ({ form }) => {
      const page = endpoints.page(form.get('PlatformApplicationArn'), form.get('NextToken'))
      const member = page.endpoints.map((endpoint) => ({
        EndpointArn: endpoint.arn,
        Attributes: xmlMap(endpointAttributes(endpoint)),
      }))
      return pageOf({ Endpoints: { member } }, 'NextToken', page.next)
    },
    CheckIfPhoneNumberIsOptedOut: ({ form }) => ({
      isOptedOut: String(numbers.isOptedOut(form.get('phoneNumber'))),
    }),
    OptInPhoneNumber: ({ form }) => {
      numbers.optIn(form.get('phoneNumber'))
      return {}
    },
    ListPhoneNumbersOptedOut: ({ form }) => {
      const page = numbers.page(form.get('nextToken'))
      return pageOf({ phoneNumbers: { member: page.phoneNumbers } }, 'nextToken', page.next)
    },
    ConfirmSubscription: ({ form }) => {
      const arn = confirmSubscription(form.get('TopicArn') ?? '', form.get('Token') ?? '')
      if (arn === undefined) throw invalidParameter('Token')
      return { SubscriptionArn: arn }
    },
    SetSMSAttributes: ({ form }) => {
      numbers.setSmsAttributes(form.map('attributes'))
      return {}
    },
    GetSMSAttributes: ({ form }) => ({
      attributes: xmlMap(numbers.smsAttributes(form.list('attributes'))),
    }),
  }
}
