import type { CallFacts, Input } from '#test/simulation/world/calls.ts'
import type { Faults } from '#test/simulation/world/faults.ts'
import type { Timeline } from '#test/simulation/world/timeline.ts'

/** A message that SNS has taken, and whether a phone got it. */
export type Taken = {
  readonly atMs: number
  readonly channel: 'push' | 'sms'
  /** The device's token, or the number. */
  readonly to: string
  readonly collapseId?: string
  readonly text: string
  /** What the function that published it was working on. */
  readonly by: string
}

export type Phones = {
  readonly execute: (command: string, input: Input, facts: CallFacts) => unknown
  readonly taken: readonly Taken[]
  readonly calm: () => void
}

type Endpoint = { token: string; isEnabled: boolean }

const fault = (name: string, side: 'client' | 'server', message = name): Error =>
  Object.assign(new Error(message), {
    name,
    $fault: side,
    $metadata: { httpStatusCode: side === 'client' ? 400 : 500 },
  })

const attributeOf = (input: Input, name: string): string | undefined => {
  const attributes = (input['MessageAttributes'] ?? {}) as Record<string, { StringValue?: string }>
  return attributes[name]?.StringValue
}

/** APNs is told beside the message, FCM inside it. */
const collapseIdOf = (input: Input): string | undefined => {
  const apns = attributeOf(input, 'AWS.SNS.MOBILE.APNS.COLLAPSE_ID')
  if (apns !== undefined || input['MessageStructure'] !== 'json') return apns
  const found = /\\*"(?:collapse_key|collapseKey|tag)\\*":\s*\\*"([^"\\]+)/.exec(String(input['Message']))
  return found?.[1]
}

/** Amazon SNS and the phones behind it. */
export const createPhones = (timeline: Timeline, faults: Faults): Phones => {
  const endpoints = new Map<string, Endpoint>()
  const taken: Taken[] = []
  let isCalm = false
  let made = 0

  const find = (input: Input): Endpoint => {
    const found = endpoints.get(String(input['EndpointArn']))
    if (found === undefined) throw fault('NotFoundException', 'client')
    return found
  }

  const create = (input: Input): unknown => {
    const token = String(input['Token'])
    const application = String(input['PlatformApplicationArn'])
    for (const [arn, endpoint] of endpoints) {
      if (endpoint.token === token && arn.startsWith(application)) return { EndpointArn: arn }
    }
    made += 1
    const arn = `${application}/endpoint/${made}`
    endpoints.set(arn, { token, isEnabled: true })
    return { EndpointArn: arn }
  }

  const accept = (input: Input, { by }: CallFacts): unknown => {
    const number = input['PhoneNumber'] === undefined ? undefined : String(input['PhoneNumber'])
    const endpoint = number === undefined ? endpoints.get(String(input['TargetArn'])) : undefined
    if (number === undefined && endpoint === undefined)
      throw fault(
        'InvalidParameterException',
        'client',
        'Invalid parameter: TargetArn Reason: No endpoint found',
      )
    if (endpoint?.isEnabled === false) throw fault('EndpointDisabledException', 'client')
    const collapseId = collapseIdOf(input)
    taken.push({
      atMs: timeline.nowMs(),
      channel: number === undefined ? 'push' : 'sms',
      to: number ?? endpoint?.token ?? '',
      ...(collapseId !== undefined && { collapseId }),
      text: String(input['Message']),
      by: by.key,
    })
    return { MessageId: `sns-${taken.length}` }
  }

  const publish = (input: Input, facts: CallFacts): unknown => {
    const { random } = facts.by
    if (isCalm || !random.happens(faults.phones)) return accept(input, facts)
    const kind = random.next()
    if (kind < 0.3) throw fault('ThrottledException', 'client')
    if (kind < 0.45) throw fault('InternalErrorException', 'server')
    if (kind < 0.6) {
      accept(input, facts)
      throw fault('InternalErrorException', 'server')
    }
    if (kind < 0.75) {
      accept(input, facts)
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' })
    }
    if (kind < 0.9) {
      const endpoint = endpoints.get(String(input['TargetArn']))
      if (endpoint !== undefined) endpoint.isEnabled = false
      return accept(input, facts)
    }
    accept(input, facts)
    return {}
  }

  return {
    taken,
    calm: () => {
      isCalm = true
    },
    execute: (command, input, facts) => {
      switch (command) {
        case 'Publish':
          return publish(input, facts)
        case 'CreatePlatformEndpoint':
          return create(input)
        case 'GetEndpointAttributes': {
          const { token, isEnabled } = find(input)
          return { Attributes: { Token: token, Enabled: String(isEnabled) } }
        }
        case 'SetEndpointAttributes': {
          const wanted = input['Attributes'] as Record<string, string>
          Object.assign(find(input), { token: wanted['Token'], isEnabled: wanted['Enabled'] === 'true' })
          return {}
        }
        case 'DeleteEndpoint':
          endpoints.delete(String(input['EndpointArn']))
          return {}
        case 'CheckIfPhoneNumberIsOptedOut':
          return { isOptedOut: false }
        default:
          throw new Error(`the simulation knows no command ${command} of SNS`)
      }
    },
  }
}
