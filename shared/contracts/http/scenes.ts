import * as z from 'zod'
import { audienceSchema } from '#shared/contracts/http/audience.ts'
import {
  createdAtSchema,
  daySchema,
  idSchema,
  instantSchema,
  nameSchema,
  revisionSchema,
  textSchema,
  updatedAtSchema,
  utcInstantSchema,
} from '#shared/contracts/http/primitives.ts'
import { MAX_ATTRIBUTION_DAYS } from '#shared/domain/loop/exposure.ts'
import { CHANNELS } from '#shared/domain/messages/channel.ts'
import {
  APP_EVENT_TYPES,
  MESSAGE_KINDS,
  PROPERTY_TESTS,
  SCENE_GOALS,
  SCENE_STATES,
  SCENE_THEMES,
  UNANSWERED_EVENTS,
  WEEKDAYS,
} from '#shared/domain/scenes/scene.ts'
import {
  ANNIVERSARIES,
  MAX_EVERY_TIMES,
  MAX_PLAN_DAYS,
  MAX_STALE_AFTER_S,
} from '#shared/domain/scenes/visit-plan.ts'
import { MAX_ANNIVERSARY_DAYS } from '#shared/domain/schedule/anniversaries.ts'
import { FESTIVAL_IDS } from '#shared/domain/schedule/festivals.ts'

export const scenePathSchema = z.strictObject({ merchantId: idSchema('mer'), sceneId: idSchema('scn') })

const MAX_TRIGGERS = 8
/** Every visit plans a reminder for each, and a merchant's scenes add up. */
const MAX_DUE_TRIGGERS = 4
/** In all triggers together: each is checked in the transaction that saves the scene, and a transaction has 100 items. */
const MAX_PLACES = 60
const MAX_WEEKLY_HOURS = 14
const MAX_DATES = 100
const DAY_S = 86_400
/** Sends are remembered for 30 days (contracts/items/decision.ts). */
const MAX_COOL_DOWN_S = 30 * DAY_S
const MAX_MESSAGE_TTL_S = 28 * DAY_S

/** The longest that a step after a visit, a redemption or a scan waits. */
const MAX_DELAY_S = 60 * DAY_S

/** SNS takes 1,600 bytes of SMS; 459 units are three parts of GSM-7. */
const MAX_SMS = 459

const distinct = (name: string) =>
  [(all: readonly string[]) => new Set(all).size === all.length, name] as const

const MAX_REGIONS = 20

const idsOf = <P extends 'gf' | 'sto' | 'reg'>(prefix: P, most: number) =>
  z
    .array(idSchema(prefix))
    .min(1)
    .max(most)
    .refine(...distinct('named twice'))
    .exactOptional()

const storePlaces = {
  storeIds: idsOf('sto', MAX_PLACES).describe('Stores of the merchant.'),
  stores: z
    .enum(['all', 'flagship'])
    .exactOptional()
    .describe('All the merchant’s stores, or the one that it marked as its flagship.'),
  regionIds: idsOf('reg', MAX_REGIONS).describe(
    'Nodes of the merchant’s region tree; each covers all below it.',
  ),
}
const NAMES_NOTHING = 'name geofences, stores or regions, or leave it out'
const namesSomething = (at: object): boolean => Object.keys(at).length > 0

const placesSchema = z
  .strictObject({
    geofenceIds: idsOf('gf', MAX_PLACES).describe('Geofences of the merchant.'),
    ...storePlaces,
  })
  .refine(namesSomething, NAMES_NOTHING)
  .describe('Where it listens: one that holds is enough; at all the merchant’s geofences without it.')
const eventPlacesSchema = z
  .strictObject(storePlaces)
  .refine(namesSomething, 'name stores or regions, or leave it out')
  .describe('Where it listens: one that holds is enough; at all the merchant’s places without it.')

const maxAge = {
  maxAgeS: z
    .int()
    .min(1)
    .max(DAY_S)
    .exactOptional()
    .describe('In place of the scene’s `limits.maxAgeS`, in seconds.'),
}
const bounds = {
  ...maxAge,
  maxSpeedMps: z
    .number()
    .min(0.1)
    .max(100)
    .exactOptional()
    .describe(
      'Who moves faster gets nothing, in metres per second; neither does one whose speed is not known.',
    ),
  minConfidence: z
    .number()
    .min(0)
    .max(1)
    .exactOptional()
    .describe('The least share of the accuracy circle inside the geofence, 0 to 1.'),
}

const propertyValue = z.union([z.string().max(200), z.number().min(-1e15).max(1e15), z.boolean()])
const propertyConditionSchema = z
  .strictObject({
    property: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_]{0,39}$/, 'a letter, then letters, digits and _')
      .describe('The name of the event’s property; one that is missing fits nothing.'),
    test: z.enum(PROPERTY_TESTS).describe('How it is compared.'),
    value: z
      .union([
        propertyValue,
        z
          .array(z.union([z.string().max(200), z.number().min(-1e15).max(1e15)]))
          .min(1)
          .max(20),
      ])
      .describe('With what: a number for `atLeast` and `atMost`, a list for `oneOf`.'),
  })
  .superRefine(({ test, value }, context) => {
    const issue = (message: string) => context.addIssue({ code: 'custom', path: ['value'], message })
    if ((test === 'oneOf') !== Array.isArray(value)) issue('a list for oneOf, and for oneOf alone')
    const isBound = test === 'atLeast' || test === 'atMost'
    if (isBound && typeof value !== 'number') issue('a number for atLeast and atMost')
  })

const ofYear = {
  daysBefore: z
    .int()
    .min(0)
    .max(MAX_ANNIVERSARY_DAYS)
    .default(0)
    .describe('How many days before the day it is due.'),
  hour: z.int().min(0).max(23).describe('The hour of the day, at the place of the last visit.'),
}
const delay = {
  delayS: z.int().min(60).max(MAX_DELAY_S).describe('How long after it the reminder is due, in seconds.'),
}

const visitPlanSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('everyDays').describe('Again and again, so many days apart.'),
    // Who is met every day is pestered, not kept.
    days: z.int().min(2).max(366).describe('How many days lie between two reminders.'),
    times: z
      .int()
      .min(1)
      .max(MAX_EVERY_TIMES)
      .exactOptional()
      .describe('How often, unless the customer comes before; 12 without it.'),
  }),
  z.strictObject({
    kind: z.literal('afterLastVisit').describe('So many days after the last visit.'),
    days: z.int().min(1).max(MAX_PLAN_DAYS).describe('How many days after the last visit, in its hour.'),
  }),
  z.strictObject({
    kind: z.literal('beforeOfferEnds').describe('Before a coupon ends.'),
    hours: z
      .int()
      .min(1)
      .max(30 * 24)
      .describe('How many hours before a coupon ends that the customer holds and has not redeemed.'),
  }),
  z.strictObject({
    kind: z.literal('festival').describe('Before a festival.'),
    festival: z.enum(FESTIVAL_IDS).describe('Before which festival.'),
    ...ofYear,
  }),
  z.strictObject({
    kind: z.literal('anniversary').describe('Before a day of the customer’s own year.'),
    of: z
      .enum(ANNIVERSARIES)
      .describe('Of the first visit with the merchant, or the birthday that the customer has told.'),
    ...ofYear,
  }),
  z.strictObject({ kind: z.literal('followUp').describe('After a visit without a purchase.'), ...delay }),
  z.strictObject({ kind: z.literal('afterRedemption').describe('After something was redeemed.'), ...delay }),
  z.strictObject({
    kind: z.literal('onboarding').describe('After the first scan of a code of the merchant.'),
    ...delay,
  }),
])

export const sceneTriggerSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('enter').describe('The customer comes in.'),
    at: placesSchema.exactOptional(),
    includePresent: z
      .boolean()
      .exactOptional()
      .describe(
        'Whether it listens, too, when a geofence is drawn around customers who stand there already.',
      ),
    ...bounds,
  }),
  z.strictObject({
    type: z.literal('exit').describe('The customer has left.'),
    at: placesSchema.exactOptional(),
    ...bounds,
  }),
  z.strictObject({
    type: z.literal('dwell').describe('The customer has stayed.'),
    at: placesSchema.exactOptional(),
    ...maxAge,
    dwellS: z
      .int()
      .min(30)
      .max(4 * 3600)
      .describe('How long the customer must have been there, in seconds.'),
  }),
  z.strictObject({
    type: z.literal('event').describe('The customer did something in the app or at the till.'),
    eventType: z.enum(APP_EVENT_TYPES).describe('What the customer must have done.'),
    at: eventPlacesSchema.exactOptional(),
    ...maxAge,
    where: z
      .array(propertyConditionSchema)
      .min(1)
      .max(10)
      .exactOptional()
      .describe('What the event’s properties must be: all of it.'),
  }),
  z.strictObject({
    type: z.literal('due').describe('A reminder is due.'),
    plan: visitPlanSchema.describe('When it is due for a customer.'),
    staleAfterS: z
      .int()
      .min(600)
      .max(MAX_STALE_AFTER_S)
      .exactOptional()
      .describe('How late an occasion may come and still be worth it, in seconds; a day without it.'),
  }),
])

const timeOfDaySchema = z
  .string()
  .max(5)
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM, from 00:00 to 23:59')

const weeklyHoursSchema = z.strictObject({
  days: z
    .array(z.enum(WEEKDAYS))
    .min(1)
    .max(WEEKDAYS.length)
    .refine(...distinct('named twice'))
    .describe('The days on which it begins.'),
  from: timeOfDaySchema.describe('From when, on the clock of the place.'),
  to: timeOfDaySchema.describe('Until when; at or before `from` it is the next day’s.'),
})

export const weeklyRangesSchema = z.array(weeklyHoursSchema).min(1).max(MAX_WEEKLY_HOURS)
/** Local days. */
export const datesSchema = z
  .array(daySchema)
  .max(MAX_DATES)
  .refine(...distinct('named twice'))

const daysAround = {
  daysBefore: z
    .int()
    .min(0)
    .max(MAX_ANNIVERSARY_DAYS)
    .default(0)
    .describe('So many days before the day, too.'),
  daysAfter: z.int().min(0).max(MAX_ANNIVERSARY_DAYS).default(0).describe('So many days after the day, too.'),
}
const daysAroundSchema = z.strictObject(daysAround)

const whenSchema = z
  .strictObject({
    from: utcInstantSchema.exactOptional().describe('Not before.'),
    until: utcInstantSchema.exactOptional().describe('Not then or later.'),
    weeklyHours: weeklyRangesSchema.exactOptional().describe('In these hours of the week, at the place.'),
    whileStoreIsOpen: z
      .literal(true)
      .exactOptional()
      .describe('Only while the store is open: its hours and closing days must be known.'),
    festivals: z
      .array(z.strictObject({ id: z.enum(FESTIVAL_IDS).describe('Which festival.'), ...daysAround }))
      .min(1)
      .max(FESTIVAL_IDS.length)
      .exactOptional()
      .describe('Around any of these.'),
    birthday: daysAroundSchema.exactOptional().describe('Around the customer’s birthday, where it is known.'),
    anniversary: daysAroundSchema
      .exactOptional()
      .describe('Around that of the customer’s first visit with this merchant, from the first year on.'),
    excludedDates: datesSchema.exactOptional().describe('Not on these days of the place.'),
  })
  .refine(({ from, until }) => from === undefined || until === undefined || from < until, {
    path: ['until'],
    message: 'not after from',
  })
  .describe('When it may speak: all that is given must hold, by the clock of the place.')

const deepLinkSchema = z
  .string()
  .max(500)
  .regex(/^[a-z][a-z0-9+.-]{0,30}:\/\/[\x21-\x7e]+$/i, 'an absolute URI')
  .refine((uri) => !/^(javascript|data|file):/i.test(uri), 'this scheme is not allowed')

const imageUrlSchema = z.url({ protocol: /^https$/, error: 'not an https address' }).max(500)

const templates = {
  push: z
    .strictObject({
      title: textSchema(100).describe('A Liquid template (docs/templates.md).'),
      body: textSchema(500).describe('A Liquid template (docs/templates.md).'),
      deepLink: deepLinkSchema.exactOptional().describe('What the phone opens when the push is tapped.'),
      imageUrl: imageUrlSchema.exactOptional().describe('A picture that the phone fetches by itself.'),
    })
    .exactOptional()
    .describe('The words of a push; without them none is sent.'),
  sms: z
    .strictObject({ body: textSchema(MAX_SMS).describe('A Liquid template (docs/templates.md).') })
    .exactOptional()
    .describe('The words of a text message; without them none is sent.'),
}
const MAX_LOCALES = 20
const templateLocaleSchema = z
  .string()
  .max(20)
  .regex(/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$/, 'a language tag, e.g. en or pt-BR')
const hasTemplate = ({ push, sms }: { push?: unknown; sms?: unknown }): boolean =>
  push !== undefined || sms !== undefined

const messageSchema = z
  .strictObject({
    ...templates,
    kind: z
      .enum(MESSAGE_KINDS)
      .exactOptional()
      .describe(
        '`service` answers the customer’s own act and is no promotion; without it `offer` for a scene with an offer, else `greeting`.',
      ),
    firstChannel: z
      .enum(CHANNELS)
      .exactOptional()
      .describe('What to try first where both reach the customer, who may prefer another; push without it.'),
    locales: z
      .record(
        templateLocaleSchema,
        z.strictObject(templates).refine(hasTemplate, 'a locale needs push or sms'),
      )
      .refine((all) => Object.keys(all).length <= MAX_LOCALES, `at most ${MAX_LOCALES} locales`)
      .exactOptional()
      .describe(
        'By BCP 47 tag, in place of the words above: a channel that the locale leaves out is not used in it.',
      ),
    ttlS: z
      .int()
      .min(60)
      .max(MAX_MESSAGE_TTL_S)
      .describe('How long the message is worth delivering, in seconds.'),
  })
  .refine(hasTemplate, 'a message needs push or sms')
  .describe('What it says.')

export const capSchema = z.strictObject({
  windowS: z.int().min(60).max(MAX_COOL_DOWN_S).describe('Any window of so many seconds, 30 days at most.'),
  max: z.int().min(0).max(200).describe('The most messages in it.'),
})
export const capsSchema = z.array(capSchema).max(5)

const limitsSchema = z
  .strictObject({
    coolDownS: z
      .int()
      .min(0)
      .max(MAX_COOL_DOWN_S)
      .default(DAY_S)
      .describe('The shortest time between two messages of this scene to one customer, in seconds.'),
    maxAgeS: z
      .int()
      .min(1)
      .max(DAY_S)
      .default(300)
      .describe('The oldest trigger (event time to decision) that still earns a message, in seconds.'),
    caps: capsSchema.exactOptional().describe('How often one customer hears from this scene at most.'),
    maxScarcityShare: z
      .number()
      .min(0)
      .max(1)
      .exactOptional()
      .describe(
        'The largest share, 0 to 1, of scarcity offers among a customer’s messages of 30 days; one is always allowed.',
      ),
  })
  .describe('How often and how late it may speak.')

const experimentSchema = z.strictObject({
  holdoutPercent: z.number().min(0).max(100).describe('How many customers get nothing, in percent.'),
  salt: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/, '1 to 40 of A–Z a–z 0–9 _ -')
    .describe('Draws who they are: the same customers always with the same salt.'),
})

const placesIn = (trigger: z.output<typeof sceneTriggerSchema>): string[] =>
  'at' in trigger && trigger.at
    ? [
        ...('geofenceIds' in trigger.at ? (trigger.at.geofenceIds ?? []) : []),
        ...(trigger.at.storeIds ?? []),
        ...(trigger.at.regionIds ?? []),
      ]
    : []

const rules = {
  name: nameSchema,
  goal: z.enum(SCENE_GOALS).exactOptional().describe('What it wants; only a draft goes without.'),
  theme: z
    .enum(SCENE_THEMES)
    .exactOptional()
    .describe(
      'A new arrival: the merchant announces one every so many days, and `reactions` asks who liked the earlier ones.',
    ),
  triggers: z
    .array(sceneTriggerSchema)
    .min(1)
    .max(MAX_TRIGGERS)
    .refine(
      (all) => new Set(all.flatMap(placesIn)).size <= MAX_PLACES,
      `at most ${MAX_PLACES} geofences, stores and regions in all triggers together`,
    )
    .superRefine((all, context) => {
      const due = all.flatMap(({ type }, index) => (type === 'due' ? [index] : []))
      for (const index of due.slice(MAX_DUE_TRIGGERS)) {
        const message = `at most ${MAX_DUE_TRIGGERS} triggers of type due`
        context.addIssue({ code: 'custom', path: [index], message })
      }
    })
    .describe('What it listens to: any of these.'),
  when: whenSchema,
  audience: audienceSchema.exactOptional().describe('To whom it speaks; to everybody without it.'),
  message: messageSchema,
  offerId: idSchema('off').exactOptional().describe('What it gives.'),
  limits: limitsSchema,
  experiment: experimentSchema
    .exactOptional()
    .describe('A share of the customers who get nothing, so that the effect can be measured.'),
  attributionDays: z
    .int()
    .min(1)
    .max(MAX_ATTRIBUTION_DAYS)
    .exactOptional()
    .describe('For how many days after its message a visit or purchase counts as its outcome; 7 without it.'),
  priority: z
    .int()
    .min(0)
    .max(100)
    .describe('How much it weighs where several scenes could speak: 100 is the most.'),
}

/** A message of a kind that gives needs something to give; one that answers an act needs an act. */
const checkScene = (
  scene: {
    readonly state: string
    readonly goal?: string
    readonly message: { readonly kind?: string }
    readonly offerId?: string
    readonly triggers: readonly { readonly type: string; readonly eventType?: string }[]
  },
  context: z.RefinementCtx,
): void => {
  const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
  if (scene.state !== 'draft' && scene.goal === undefined) issue(['goal'], 'only a draft goes without a goal')
  const { kind } = scene.message
  if (kind === 'offer' && scene.offerId === undefined)
    issue(['offerId'], 'a message of kind offer needs an offer')
  if (kind !== 'service') return
  if (!scene.triggers.every(({ type }) => type === 'event'))
    issue(['message', 'kind'], 'a service message answers an app event, nothing else')
  if (scene.triggers.some(({ eventType = '' }) => UNANSWERED_EVENTS.has(eventType)))
    issue(['message', 'kind'], 'who opens the app or searches in it has asked for no answer')
}

/** `POST /v1/merchants/{merchantId}/scenes` and `PUT …/{sceneId}`: what is left out gets the value written here. */
export const sceneRequestSchema = z
  .strictObject({
    ...rules,
    state: z
      .enum(SCENE_STATES)
      .default('active')
      .describe('Only an active scene speaks; archived is the end.'),
    when: whenSchema.default({}),
    limits: limitsSchema.default({ coolDownS: DAY_S, maxAgeS: 300 }),
    priority: rules.priority.default(50),
  })
  .superRefine(checkScene)
export type SceneRequest = z.output<typeof sceneRequestSchema>

const pausedAtSchema = instantSchema.describe('When it was paused.')

/** A scene as it is stored and answered. */
export const sceneSchema = z.object({
  id: idSchema('scn'),
  merchantId: idSchema('mer'),
  ...rules,
  state: z.enum(SCENE_STATES).describe('Only an active scene speaks; archived is the end.'),
  autoPause: z
    .union([
      z.object({
        at: pausedAtSchema,
        maxTurnedAwayPercent: z
          .number()
          .describe('The merchant’s limit that was passed, in percent of messages.'),
      }),
      z.object({
        at: pausedAtSchema,
        withoutVisitsAfter: z.int().describe('After so many messages nobody had come in.'),
      }),
    ])
    .exactOptional()
    .describe(
      'When it was last paused because it turned away more customers than its merchant allows, or brought nobody in.',
    ),
  revision: revisionSchema,
  createdAt: createdAtSchema,
  updatedAt: updatedAtSchema,
})
