import * as z from 'zod'
import { clearMessage } from '#shared/contracts/http/clear-message.ts'
import {
  type AudienceRule,
  MAX_AUDIENCE_DEPTH,
  MAX_AUDIENCE_NODES,
  MAX_CONDITION_DAYS,
  MAX_EVENT_DAYS,
  MAX_LIST,
  MAX_RECENT_COUNT,
  measureAudience,
} from '#shared/domain/customers/audience.ts'
import { SEGMENTS } from '#shared/domain/customers/segments.ts'
import { APP_EVENT_TYPES, SCENE_THEMES, WEEKDAYS } from '#shared/domain/scenes/scene.ts'

const MAX_COUNT = 100_000
const NO_END = 'atLeast or atMost is needed'
const WRONG_WAY = 'atMost is below atLeast'

/** A condition on a number: one end of the range at least, and the right way round. */
const rangeOf = <Shape extends z.ZodRawShape>(shape: Shape, number: z.ZodNumber, unit: string) =>
  z
    .strictObject({
      ...shape,
      atLeast: number.exactOptional().describe(`The fewest ${unit} that fit.`),
      atMost: number.exactOptional().describe(`The most ${unit} that fit.`),
    })
    .superRefine((range, context) => {
      const { atLeast, atMost } = range as { atLeast?: number; atMost?: number }
      if (atLeast === undefined && atMost === undefined) context.addIssue({ code: 'custom', message: NO_END })
      if (atLeast !== undefined && atMost !== undefined && atMost < atLeast)
        context.addIssue({ code: 'custom', path: ['atMost'], message: WRONG_WAY })
    })

const count = z.int().min(0).max(MAX_COUNT)
const nameOf = (max: number) => z.string().min(1).max(max)
const preferenceName = nameOf(64).describe('What the preference is called.')
const hour = (min: number, max: number) => z.int().min(min).max(max)

/** One condition on a customer. */
export const audienceConditionSchema = z.discriminatedUnion('type', [
  rangeOf(
    { type: z.literal('visitCount').describe('Settled visits with the merchant, all of them.') },
    count,
    'visits',
  ),
  rangeOf(
    {
      type: z.literal('visitsWithin').describe('Visits of the last `days`.'),
      days: z.int().min(1).max(MAX_CONDITION_DAYS).describe('In how many days up to now.'),
    },
    z.int().min(0).max(MAX_RECENT_COUNT),
    'visits',
  ),
  rangeOf(
    { type: z.literal('daysSinceVisit').describe('Days since the last visit.') },
    z.number().min(0).max(MAX_CONDITION_DAYS),
    'days',
  ),
  rangeOf(
    {
      type: z.literal('dwellS').describe('How long visits last.'),
      measure: z.enum(['total', 'mean']).describe('All visits together, or their mean.'),
    },
    z.number().min(0).max(31_536_000),
    'seconds',
  ),
  rangeOf(
    {
      type: z.literal('spend').describe('What purchases came to.'),
      measure: z
        .enum(['total', 'mean', 'last'])
        .describe('All purchases together, their mean, or the last one.'),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, 'three capital letters (ISO 4217)')
        .describe('What was paid in; no other currency is counted.'),
    },
    z.number().min(0).max(1e12),
    'of the smallest units of the currency (cents)',
  ),
  rangeOf(
    { type: z.literal('purchaseCount').describe('Purchases that said what they cost.') },
    count,
    'purchases',
  ),
  rangeOf(
    { type: z.literal('redemptionCount').describe('Offers of the merchant that were redeemed.') },
    count,
    'redemptions',
  ),
  rangeOf(
    {
      type: z.literal('reactions').describe('Messages of the theme that the customer liked.'),
      theme: z.enum(SCENE_THEMES).describe('Of which scenes the customer liked the messages.'),
    },
    count,
    'reactions',
  ),
  rangeOf(
    {
      type: z.literal('rating').describe('What the customer rated the merchant.'),
      measure: z
        .enum(['count', 'mean', 'last'])
        .describe('How many ratings there are, their mean, or the last one.'),
    },
    z.number().min(0).max(MAX_COUNT),
    'ratings or points of them',
  ),
  z.strictObject({
    type: z.literal('tag').describe('What the merchant has noted.'),
    tag: nameOf(64).describe('One that the merchant has noted.'),
  }),
  z.strictObject({
    type: z.literal('preference').describe('What is known of the customer’s taste.'),
    name: preferenceName,
    oneOf: z
      .array(z.union([z.string().max(128), z.number(), z.boolean()]))
      .min(1)
      .max(MAX_LIST)
      .describe('Values of which any fits.'),
  }),
  rangeOf(
    { type: z.literal('preferenceNumber').describe('A taste that is a number.'), name: preferenceName },
    z.number().min(-1e15).max(1e15),
    'units of the preference',
  ),
  z.strictObject({
    type: z.literal('usualHour').describe('Whether the customer usually comes at this hour.'),
    weekday: z
      .enum(['same', 'any'])
      .describe('Now is a usual hour of the customer on this weekday, or on any.'),
  }),
  z
    .strictObject({
      type: z.literal('usuallyComes').describe('Whether visits mostly begin on these days, in these hours.'),
      days: z.array(z.enum(WEEKDAYS)).min(1).max(WEEKDAYS.length).describe('On which days the visits begin.'),
      fromHour: hour(0, 23).describe('From which hour of the day on.'),
      toHour: hour(1, 24).describe('Up to which hour of the day.'),
      share: z.number().min(0.05).max(1).describe('The least share of all visits that do, 0.05 to 1.'),
    })
    .refine(({ fromHour, toHour }) => fromHour < toHour, { path: ['toHour'], message: 'not after fromHour' }),
  z.strictObject({
    type: z.literal('segment').describe('Where the customer stands with the merchant.'),
    segment: z.enum(SEGMENTS).describe('Where the customer stands with the merchant.'),
  }),
  z.strictObject({
    type: z.literal('locale').describe('Which language the customer reads.'),
    oneOf: z.array(nameOf(35)).min(1).max(MAX_LIST).describe('BCP 47 tags of which any fits.'),
  }),
  rangeOf(
    {
      type: z.literal('eventsWithin').describe('App events of the last `days`.'),
      eventType: z.enum(APP_EVENT_TYPES).describe('What the customer did.'),
      days: z.int().min(1).max(MAX_EVENT_DAYS).describe('In how many days up to now.'),
    },
    z.int().min(0).max(200),
    'events',
  ),
])

const CONDITION_TYPES = audienceConditionSchema.options.map(({ shape }) => shape.type.value).join(', ')

const members = (one: z.ZodType) => z.array(one).min(1).max(MAX_AUDIENCE_NODES)

const GROUPS = ['all', 'any', 'not'] as const

const has = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)

/** What of a rule can be said before its parts are looked at, with the place. */
const formFault = (value: unknown, depth: number): { path: string[]; message: string } | undefined => {
  const [first, second] = [...GROUPS, 'type'].filter((name) => has(value, name))
  if (second !== undefined)
    return {
      path: [second],
      message: `a group is one of all, any and not, and a condition has a type: here is ${first} as well`,
    }
  const isGroup = GROUPS.some((name) => name === first)
  if (isGroup && depth === 1)
    return { path: [], message: `groups and conditions nested more than ${MAX_AUDIENCE_DEPTH} deep` }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (isObject && first === undefined)
    return {
      path: ['type'],
      message: `missing: a condition has a type (${CONDITION_TYPES}); a group is all, any or not`,
    }
  return undefined
}

/** Deep enough for the deepest audience, and no deeper: a schema that calls itself would follow any input. */
const ruleOf = (depth: number): z.ZodType =>
  z.unknown().transform((value, context) => {
    const fault = formFault(value, depth)
    if (fault !== undefined) {
      context.addIssue({ code: 'custom', ...fault })
      return z.NEVER
    }
    const parsed = groupOrCondition(value, depth).safeParse(value, { error: clearMessage })
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues) {
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [key]) : [[]]
      for (const key of unknown)
        context.addIssue({ code: 'custom', path: [...issue.path, ...key], message: issue.message })
    }
    return z.NEVER
  })

const groupOrCondition = (value: unknown, depth: number): z.ZodType => {
  if (has(value, 'all')) return z.strictObject({ all: members(ruleOf(depth - 1)) })
  if (has(value, 'any')) return z.strictObject({ any: members(ruleOf(depth - 1)) })
  return has(value, 'not') ? z.strictObject({ not: ruleOf(depth - 1) }) : audienceConditionSchema
}

/** Whom a scene speaks to: a tree of `all`, `any` and `not` over conditions, 6 deep and 50 large at most. */
export const audienceSchema = z
  .unknown()
  .pipe(ruleOf(MAX_AUDIENCE_DEPTH) as z.ZodType<AudienceRule>)
  .refine(
    (rule) => measureAudience(rule).nodes <= MAX_AUDIENCE_NODES,
    `at most ${MAX_AUDIENCE_NODES} conditions and groups`,
  )

/** `POST /v1/merchants/{merchantId}/audience:estimate`. */
export const estimateRequestSchema = z.strictObject({
  audience: audienceSchema.describe('Of the merchant’s customers.'),
})
export const estimateSchema = z.strictObject({
  people: z
    .union([z.int().min(20), z.literal('fewer than 20')])
    .describe('How many of the merchant’s customers belong to it now: rounded, and never a number below 20.'),
  isSample: z.boolean().describe('Whether a sample of the customers was looked at, and not all.'),
})
