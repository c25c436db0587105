import * as z from 'zod'
import { audienceSchema } from '#shared/contracts/http/audience.ts'
import {
  daySchema,
  idSchema,
  instantSchema,
  nameSchema,
  revisionSchema,
  textSchema,
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
  storeIds: idsOf('sto', MAX_PLACES),
  /** All the merchant's stores, or the one that it marked as its flagship. */
  stores: z.enum(['all', 'flagship']).exactOptional(),
  /** Nodes of the merchant's region tree; each covers all below it. */
  regionIds: idsOf('reg', MAX_REGIONS),
}
const NAMES_NOTHING = 'name geofences, stores or regions, or leave it out'
const namesSomething = (at: object): boolean => Object.keys(at).length > 0

const placesSchema = z
  .strictObject({ geofenceIds: idsOf('gf', MAX_PLACES), ...storePlaces })
  .refine(namesSomething, NAMES_NOTHING)
const eventPlacesSchema = z
  .strictObject(storePlaces)
  .refine(namesSomething, 'name stores or regions, or leave it out')

const maxAge = { maxAgeS: z.int().min(1).max(DAY_S).exactOptional() }
const bounds = {
  ...maxAge,
  maxSpeedMps: z.number().min(0.1).max(100).exactOptional(),
  minConfidence: z.number().min(0).max(1).exactOptional(),
}

const propertyValue = z.union([z.string().max(200), z.number().min(-1e15).max(1e15), z.boolean()])
const propertyConditionSchema = z
  .strictObject({
    property: z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,39}$/, 'a letter, then letters, digits and _'),
    test: z.enum(PROPERTY_TESTS),
    value: z.union([
      propertyValue,
      z
        .array(z.union([z.string().max(200), z.number().min(-1e15).max(1e15)]))
        .min(1)
        .max(20),
    ]),
  })
  .superRefine(({ test, value }, context) => {
    const issue = (message: string) => context.addIssue({ code: 'custom', path: ['value'], message })
    if ((test === 'oneOf') !== Array.isArray(value)) issue('a list for oneOf, and for oneOf alone')
    const isBound = test === 'atLeast' || test === 'atMost'
    if (isBound && typeof value !== 'number') issue('a number for atLeast and atMost')
  })

const ofYear = {
  daysBefore: z.int().min(0).max(MAX_ANNIVERSARY_DAYS).default(0),
  hour: z.int().min(0).max(23),
}
const delay = { delayS: z.int().min(60).max(MAX_DELAY_S) }

const visitPlanSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('everyDays'),
    // Who is met every day is pestered, not kept.
    days: z.int().min(2).max(366),
    times: z.int().min(1).max(MAX_EVERY_TIMES).exactOptional(),
  }),
  z.strictObject({ kind: z.literal('afterLastVisit'), days: z.int().min(1).max(MAX_PLAN_DAYS) }),
  z.strictObject({
    kind: z.literal('beforeOfferEnds'),
    hours: z
      .int()
      .min(1)
      .max(30 * 24),
  }),
  z.strictObject({ kind: z.literal('festival'), festival: z.enum(FESTIVAL_IDS), ...ofYear }),
  z.strictObject({ kind: z.literal('anniversary'), of: z.enum(ANNIVERSARIES), ...ofYear }),
  z.strictObject({ kind: z.literal('followUp'), ...delay }),
  z.strictObject({ kind: z.literal('afterRedemption'), ...delay }),
  z.strictObject({ kind: z.literal('onboarding'), ...delay }),
])

export const sceneTriggerSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('enter'),
    at: placesSchema.exactOptional(),
    includePresent: z.boolean().exactOptional(),
    ...bounds,
  }),
  z.strictObject({ type: z.literal('exit'), at: placesSchema.exactOptional(), ...bounds }),
  z.strictObject({
    type: z.literal('dwell'),
    at: placesSchema.exactOptional(),
    ...maxAge,
    dwellS: z
      .int()
      .min(30)
      .max(4 * 3600),
  }),
  z.strictObject({
    type: z.literal('event'),
    eventType: z.enum(APP_EVENT_TYPES),
    at: eventPlacesSchema.exactOptional(),
    ...maxAge,
    where: z.array(propertyConditionSchema).min(1).max(10).exactOptional(),
  }),
  z.strictObject({
    type: z.literal('due'),
    plan: visitPlanSchema,
    staleAfterS: z.int().min(600).max(MAX_STALE_AFTER_S).exactOptional(),
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
    .refine(...distinct('named twice')),
  from: timeOfDaySchema,
  to: timeOfDaySchema,
})

export const weeklyRangesSchema = z.array(weeklyHoursSchema).min(1).max(MAX_WEEKLY_HOURS)
/** Local days. */
export const datesSchema = z
  .array(daySchema)
  .max(MAX_DATES)
  .refine(...distinct('named twice'))

const daysAround = {
  daysBefore: z.int().min(0).max(MAX_ANNIVERSARY_DAYS).default(0),
  daysAfter: z.int().min(0).max(MAX_ANNIVERSARY_DAYS).default(0),
}
const daysAroundSchema = z.strictObject(daysAround)

const whenSchema = z
  .strictObject({
    from: utcInstantSchema.exactOptional(),
    until: utcInstantSchema.exactOptional(),
    weeklyHours: weeklyRangesSchema.exactOptional(),
    whileStoreIsOpen: z.literal(true).exactOptional(),
    festivals: z
      .array(z.strictObject({ id: z.enum(FESTIVAL_IDS), ...daysAround }))
      .min(1)
      .max(FESTIVAL_IDS.length)
      .exactOptional(),
    birthday: daysAroundSchema.exactOptional(),
    anniversary: daysAroundSchema.exactOptional(),
    excludedDates: datesSchema.exactOptional(),
  })
  .refine(({ from, until }) => from === undefined || until === undefined || from < until, {
    path: ['until'],
    message: 'not after from',
  })

const deepLinkSchema = z
  .string()
  .max(500)
  .regex(/^[a-z][a-z0-9+.-]{0,30}:\/\/[\x21-\x7e]+$/i, 'an absolute URI')
  .refine((uri) => !/^(javascript|data|file):/i.test(uri), 'this scheme is not allowed')

/** A picture that the phone fetches by itself. */
const imageUrlSchema = z.url({ protocol: /^https$/, error: 'not an https address' }).max(500)

const templates = {
  push: z
    .strictObject({
      title: textSchema(100),
      body: textSchema(500),
      deepLink: deepLinkSchema.exactOptional(),
      imageUrl: imageUrlSchema.exactOptional(),
    })
    .exactOptional(),
  sms: z.strictObject({ body: textSchema(MAX_SMS) }).exactOptional(),
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
    kind: z.enum(MESSAGE_KINDS).exactOptional(),
    firstChannel: z.enum(CHANNELS).exactOptional(),
    locales: z
      .record(
        templateLocaleSchema,
        z.strictObject(templates).refine(hasTemplate, 'a locale needs push or sms'),
      )
      .refine((all) => Object.keys(all).length <= MAX_LOCALES, `at most ${MAX_LOCALES} locales`)
      .exactOptional(),
    ttlS: z.int().min(60).max(MAX_MESSAGE_TTL_S),
  })
  .refine(hasTemplate, 'a message needs push or sms')

/** Windows of at most 30 days: that long sends are remembered. */
export const capSchema = z.strictObject({
  windowS: z.int().min(60).max(MAX_COOL_DOWN_S),
  max: z.int().min(0).max(200),
})
export const capsSchema = z.array(capSchema).max(5)

const limitsSchema = z.strictObject({
  coolDownS: z.int().min(0).max(MAX_COOL_DOWN_S).default(DAY_S),
  maxAgeS: z.int().min(1).max(DAY_S).default(300),
  caps: capsSchema.exactOptional(),
  maxScarcityShare: z.number().min(0).max(1).exactOptional(),
})

const experimentSchema = z.strictObject({
  holdoutPercent: z.number().min(0).max(100),
  salt: z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, '1 to 40 of A–Z a–z 0–9 _ -'),
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
  goal: z.enum(SCENE_GOALS).exactOptional(),
  /** A new arrival: the merchant announces one every so many days, and `reactions` asks who liked the earlier ones. */
  theme: z.enum(SCENE_THEMES).exactOptional(),
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
    }),
  when: whenSchema,
  audience: audienceSchema.exactOptional(),
  message: messageSchema,
  offerId: idSchema('off').exactOptional(),
  limits: limitsSchema,
  experiment: experimentSchema.exactOptional(),
  /** For how many days after its message a visit or purchase counts as its outcome. */
  attributionDays: z.int().min(1).max(MAX_ATTRIBUTION_DAYS).exactOptional(),
  priority: z.int().min(0).max(100),
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
    state: z.enum(SCENE_STATES).default('active'),
    when: whenSchema.default({}),
    limits: limitsSchema.default({ coolDownS: DAY_S, maxAgeS: 300 }),
    priority: rules.priority.default(50),
  })
  .superRefine(checkScene)
export type SceneRequest = z.output<typeof sceneRequestSchema>

/** A scene as it is stored and answered. */
export const sceneSchema = z.object({
  id: idSchema('scn'),
  merchantId: idSchema('mer'),
  ...rules,
  state: z.enum(SCENE_STATES),
  /** When it was last paused because it turned away more customers than its merchant allows. */
  autoPause: z.object({ at: instantSchema, maxTurnedAwayPercent: z.number() }).exactOptional(),
  revision: revisionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})
