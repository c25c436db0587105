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
const rangeOf = <Shape extends z.ZodRawShape>(shape: Shape, number: z.ZodNumber) =>
  z
    .strictObject({ ...shape, atLeast: number.exactOptional(), atMost: number.exactOptional() })
    .superRefine((range, context) => {
      const { atLeast, atMost } = range as { atLeast?: number; atMost?: number }
      if (atLeast === undefined && atMost === undefined) context.addIssue({ code: 'custom', message: NO_END })
      if (atLeast !== undefined && atMost !== undefined && atMost < atLeast)
        context.addIssue({ code: 'custom', path: ['atMost'], message: WRONG_WAY })
    })

const count = z.int().min(0).max(MAX_COUNT)
const nameOf = (max: number) => z.string().min(1).max(max)
const hour = (min: number, max: number) => z.int().min(min).max(max)

/** One condition on a customer. */
export const audienceConditionSchema = z.discriminatedUnion('type', [
  rangeOf({ type: z.literal('visitCount') }, count),
  rangeOf(
    { type: z.literal('visitsWithin'), days: z.int().min(1).max(MAX_CONDITION_DAYS) },
    z.int().min(0).max(MAX_RECENT_COUNT),
  ),
  rangeOf({ type: z.literal('daysSinceVisit') }, z.number().min(0).max(MAX_CONDITION_DAYS)),
  rangeOf(
    { type: z.literal('dwellS'), measure: z.enum(['total', 'mean']) },
    z.number().min(0).max(31_536_000),
  ),
  rangeOf(
    {
      type: z.literal('spend'),
      measure: z.enum(['total', 'mean', 'last']),
      currency: z.string().regex(/^[A-Z]{3}$/, 'three capital letters (ISO 4217)'),
    },
    z.number().min(0).max(1e12),
  ),
  rangeOf({ type: z.literal('purchaseCount') }, count),
  rangeOf({ type: z.literal('redemptionCount') }, count),
  rangeOf({ type: z.literal('reactions'), theme: z.enum(SCENE_THEMES) }, count),
  rangeOf(
    { type: z.literal('rating'), measure: z.enum(['count', 'mean', 'last']) },
    z.number().min(0).max(MAX_COUNT),
  ),
  z.strictObject({ type: z.literal('tag'), tag: nameOf(64) }),
  z.strictObject({
    type: z.literal('preference'),
    name: nameOf(64),
    oneOf: z
      .array(z.union([z.string().max(128), z.number(), z.boolean()]))
      .min(1)
      .max(MAX_LIST),
  }),
  rangeOf({ type: z.literal('preferenceNumber'), name: nameOf(64) }, z.number().min(-1e15).max(1e15)),
  z.strictObject({ type: z.literal('usualHour'), weekday: z.enum(['same', 'any']) }),
  z
    .strictObject({
      type: z.literal('usuallyComes'),
      days: z.array(z.enum(WEEKDAYS)).min(1).max(WEEKDAYS.length),
      fromHour: hour(0, 23),
      toHour: hour(1, 24),
      share: z.number().min(0.05).max(1),
    })
    .refine(({ fromHour, toHour }) => fromHour < toHour, { path: ['toHour'], message: 'not after fromHour' }),
  z.strictObject({ type: z.literal('segment'), segment: z.enum(SEGMENTS) }),
  z.strictObject({ type: z.literal('locale'), oneOf: z.array(nameOf(35)).min(1).max(MAX_LIST) }),
  rangeOf(
    {
      type: z.literal('eventsWithin'),
      eventType: z.enum(APP_EVENT_TYPES),
      days: z.int().min(1).max(MAX_EVENT_DAYS),
    },
    z.int().min(0).max(200),
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
export const estimateRequestSchema = z.strictObject({ audience: audienceSchema })
/** How many of the merchant's customers belong to it now: rounded, and never a number below 20. */
export const estimateSchema = z.strictObject({
  people: z.union([z.int().min(20), z.literal('fewer than 20')]),
  /** Whether all customers were looked at, or a sample of them. */
  isSample: z.boolean(),
})
