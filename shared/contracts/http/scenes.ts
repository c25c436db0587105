import * as z from 'zod'
import {
  daySchema,
  idSchema,
  instantSchema,
  localeSchema,
  nameSchema,
  revisionSchema,
  textSchema,
  utcInstantSchema,
} from '#shared/contracts/http/primitives.ts'
import { CHANNELS } from '#shared/domain/messages/channel.ts'
import { APP_EVENT_TYPES, SCENE_GOALS, SCENE_STATES, WEEKDAYS } from '#shared/domain/scenes/scene.ts'

export const scenePathSchema = z.strictObject({ merchantId: idSchema('mer'), sceneId: idSchema('scn') })

const MAX_TRIGGERS = 8
/** Every visit plans a reminder for each, and a merchant's scenes add up. */
const MAX_DUE_TRIGGERS = 4
/** In all triggers together: each is checked in the transaction that saves the scene, and a transaction has 100 items. */
const MAX_PLACES = 60
const MAX_WEEKLY_HOURS = 14
const DAY_S = 86_400
/** Sends are remembered for 30 days (contracts/items/decision.ts). */
const MAX_COOL_DOWN_S = 30 * DAY_S
const MAX_MESSAGE_TTL_S = 28 * DAY_S

/** SNS takes 1,600 bytes of SMS; 459 units are three parts of GSM-7. */
const MAX_SMS = 459
/** Beside the first; a message carries all of them to the phone's language. */
const MAX_TRANSLATIONS = 10

const distinct = (name: string) =>
  [(all: readonly string[]) => new Set(all).size === all.length, name] as const

const placesSchema = z
  .strictObject({
    geofenceIds: z
      .array(idSchema('gf'))
      .min(1)
      .max(MAX_PLACES)
      .refine(...distinct('named twice'))
      .exactOptional(),
    storeIds: z
      .array(idSchema('sto'))
      .min(1)
      .max(MAX_PLACES)
      .refine(...distinct('named twice'))
      .exactOptional(),
  })
  .refine(
    (at) => at.geofenceIds !== undefined || at.storeIds !== undefined,
    'name geofences or stores, or leave it out',
  )

export const sceneTriggerSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('enter'),
    at: placesSchema.exactOptional(),
    includePresent: z.boolean().exactOptional(),
  }),
  z.strictObject({ type: z.literal('exit'), at: placesSchema.exactOptional() }),
  z.strictObject({
    type: z.literal('dwell'),
    at: placesSchema.exactOptional(),
    dwellS: z
      .int()
      .min(30)
      .max(4 * 3600),
  }),
  z.strictObject({ type: z.literal('event'), eventType: z.enum(APP_EVENT_TYPES) }),
  z.strictObject({ type: z.literal('due'), daysSinceLastVisit: z.int().min(1).max(730) }),
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

const whenSchema = z
  .strictObject({
    from: utcInstantSchema.exactOptional(),
    until: utcInstantSchema.exactOptional(),
    weeklyHours: z.array(weeklyHoursSchema).min(1).max(MAX_WEEKLY_HOURS).exactOptional(),
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

const pushWords = { title: textSchema(100), body: textSchema(500) }
const smsWords = { body: textSchema(MAX_SMS) }

/** The words in one more language; the picture and the link are the same in all. */
const translationSchema = z.strictObject({
  push: z.strictObject(pushWords).exactOptional(),
  sms: z.strictObject(smsWords).exactOptional(),
})

const messageSchema = z
  .strictObject({
    push: z
      .strictObject({
        ...pushWords,
        deepLink: deepLinkSchema.exactOptional(),
        imageUrl: imageUrlSchema.exactOptional(),
      })
      .exactOptional(),
    sms: z.strictObject(smsWords).exactOptional(),
    translations: z
      .record(localeSchema, translationSchema)
      .refine((all) => Object.keys(all).length <= MAX_TRANSLATIONS, `at most ${MAX_TRANSLATIONS} languages`)
      .exactOptional(),
    firstChannel: z.enum(CHANNELS).exactOptional(),
    ttlS: z.int().min(60).max(MAX_MESSAGE_TTL_S),
  })
  .refine(({ push, sms }) => push !== undefined || sms !== undefined, 'a message needs push or sms')

const limitsSchema = z.strictObject({
  coolDownS: z.int().min(0).max(MAX_COOL_DOWN_S),
  maxAgeS: z.int().min(1).max(DAY_S),
})

const placesIn = (trigger: z.output<typeof sceneTriggerSchema>): string[] =>
  'at' in trigger ? [...(trigger.at?.geofenceIds ?? []), ...(trigger.at?.storeIds ?? [])] : []

const rules = {
  name: nameSchema,
  goal: z.enum(SCENE_GOALS),
  triggers: z
    .array(sceneTriggerSchema)
    .min(1)
    .max(MAX_TRIGGERS)
    .refine(
      (all) => new Set(all.flatMap(placesIn)).size <= MAX_PLACES,
      `at most ${MAX_PLACES} geofences and stores in all triggers together`,
    )
    .superRefine((all, context) => {
      const due = all.flatMap(({ type }, index) => (type === 'due' ? [index] : []))
      for (const index of due.slice(MAX_DUE_TRIGGERS)) {
        const message = `at most ${MAX_DUE_TRIGGERS} triggers of type due`
        context.addIssue({ code: 'custom', path: [index], message })
      }
    }),
  when: whenSchema,
  message: messageSchema,
  offerId: idSchema('off').exactOptional(),
  limits: limitsSchema,
  priority: z.int().min(0).max(100),
}

/** `POST /v1/merchants/{merchantId}/scenes` and `PUT …/{sceneId}`: what is left out gets the value written here. */
export const sceneRequestSchema = z.strictObject({
  ...rules,
  state: z.enum(SCENE_STATES).default('active'),
  when: whenSchema.default({}),
  limits: limitsSchema.default({ coolDownS: DAY_S, maxAgeS: 300 }),
  priority: rules.priority.default(50),
})
export type SceneRequest = z.output<typeof sceneRequestSchema>

/** A scene as it is stored and answered. */
export const sceneSchema = z.object({
  id: idSchema('scn'),
  merchantId: idSchema('mer'),
  ...rules,
  state: z.enum(SCENE_STATES),
  revision: revisionSchema,
  createdAt: instantSchema,
  updatedAt: instantSchema,
})

const MAX_DAYS = 92
const dayMs = (day: string): number => Date.parse(`${day}T00:00:00Z`)

/** `GET /v1/merchants/{merchantId}/scenes/{sceneId}/counts?from=…&to=…`: UTC days, both included. */
export const countsQuerySchema = z
  .strictObject({ from: daySchema, to: daySchema })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'before from' })
  .refine(({ from, to }) => dayMs(to) - dayMs(from) < MAX_DAYS * DAY_S * 1000, {
    path: ['to'],
    message: `more than ${MAX_DAYS} days after from`,
  })

/**
 * What happened to a scene's triggers. Counts of customers who have not acted themselves are given from 20 on; the
 * names of smaller ones stand in `fewerThan20`.
 */
export const sceneCountsSchema = z.strictObject({
  sceneId: idSchema('scn'),
  from: daySchema,
  to: daySchema,
  counts: z.record(z.string().max(80), z.int().min(0)),
  fewerThan20: z.array(z.string().max(80)).max(200),
})
