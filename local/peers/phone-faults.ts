import * as z from 'zod'
import type { PushPlatform } from './push-endpoints.ts'

export const MAX_HANG_MS = 60_000
const MAX_TIMES = 1_000_000

/** Which calls a fault meets; every field that is given must fit. */
const faultMatch = z.strictObject({
  /** `Publish` without it. */
  action: z.string().max(100).optional(),
  channel: z.enum(['push', 'sms']).optional(),
  platform: z.enum(['APNS', 'APNS_SANDBOX', 'GCM']).optional(),
  token: z.string().max(8_192).optional(),
  phoneNumber: z.string().max(16).optional(),
})

const common = {
  when: faultMatch.optional(),
  /** How many calls it meets; 1. */
  times: z.number().int().min(1).max(MAX_TIMES).optional(),
}
/**
 * `true`: the call has done its work (the message reaches the phone, the endpoint is made) before the fault shows.
 * `false`, the default: it has done nothing.
 */
const taken = z.boolean().optional()

const phoneFault = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('throttle'),
    code: z.enum(['Throttled', 'Throttling']).optional(),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('serverError'),
    status: z.literal([500, 502, 503, 504]).optional(),
    taken,
    ...common,
  }),
  /** No answer for `forMs` of the wall clock, then the connection breaks. */
  z.strictObject({ kind: z.literal('hang'), forMs: z.number().min(0).max(MAX_HANG_MS), taken, ...common }),
  z.strictObject({ kind: z.literal('reset'), taken, ...common }),
  /** Status 200 and an answer that is no XML. */
  z.strictObject({ kind: z.literal('malformed'), taken, ...common }),
  /** The push service reports the token as gone: the call is refused, or (`taken`) accepted and then not delivered. */
  z.strictObject({ kind: z.literal('disableEndpoint'), taken, ...common }),
  /** The phone's owner answers STOP first: SNS takes this and every later SMS and delivers none. */
  z.strictObject({ kind: z.literal('optOut'), ...common }),
  /** SNS takes the message and it never arrives: lost on the way, or because the account has spent its limit. */
  z.strictObject({ kind: z.literal('lose'), reason: z.enum(['lost', 'spendLimit']).optional(), ...common }),
  /** SNS refuses the call for good, e.g. with AuthorizationError or PlatformApplicationDisabled. */
  z.strictObject({
    kind: z.literal('refuse'),
    code: z.string().regex(/^[A-Za-z]{1,60}$/),
    status: z.int().min(400).max(499).optional(),
    ...common,
  }),
  /** The call is answered as always, `forMs` of the wall clock later. */
  z.strictObject({ kind: z.literal('slow'), forMs: z.number().min(0).max(MAX_HANG_MS), ...common }),
])

export type PhoneFaultMatch = z.infer<typeof faultMatch>
/** What goes wrong for the next `times` calls that fit `when`. */
export type PhoneFault = z.infer<typeof phoneFault>

/**
 * Checks a fault that came from outside.
 *
 * @throws {Error} of zod that names the wrong field
 * @example parsePhoneFault({ kind: 'throttle', when: { channel: 'sms' }, times: 3 })
 */
export const parsePhoneFault = (value: unknown): PhoneFault => phoneFault.parse(value)

const MAX_FAULTS = 1_000

/** What a call is about, to match faults with. */
export type CallFacts = {
  readonly action: string
  readonly channel?: 'push' | 'sms' | undefined
  readonly platform?: PushPlatform | undefined
  readonly token?: string | undefined
  readonly phoneNumber?: string | undefined
}

const fits = ({ action = 'Publish', ...when }: PhoneFaultMatch, facts: CallFacts): boolean =>
  action === facts.action &&
  (when.channel === undefined || when.channel === facts.channel) &&
  (when.platform === undefined || when.platform === facts.platform) &&
  (when.token === undefined || when.token === facts.token) &&
  (when.phoneNumber === undefined || when.phoneNumber === facts.phoneNumber)

/** The script of faults, met in the order in which they were added. */
export type PhoneFaults = {
  add(fault: PhoneFault): void
  clear(): void
  /** The first fault that fits, counted down; none, undefined. */
  take(facts: CallFacts): PhoneFault | undefined
  /** How many faults are still to come. */
  pending(): number
}

export const createPhoneFaults = (): PhoneFaults => {
  let script: { fault: PhoneFault; left: number }[] = []
  return {
    add: (fault) => {
      const { times: left = 1 } = parsePhoneFault(fault)
      if (script.length >= MAX_FAULTS) throw new RangeError(`at most ${MAX_FAULTS} faults wait at once`)
      script.push({ fault, left })
    },
    clear: () => {
      script = []
    },
    take: (facts) => {
      const met = script.find(({ fault }) => fits(fault.when ?? {}, facts))
      if (met === undefined) return undefined
      met.left -= 1
      if (met.left === 0) script = script.filter((one) => one !== met)
      return met.fault
    },
    pending: () => script.reduce((sum, { left }) => sum + left, 0),
  }
}
