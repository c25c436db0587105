import * as z from 'zod'
import { id } from '#shared/contracts/items/ids.ts'
import { contentFields } from '#shared/contracts/items/message-content.ts'
import { CHANNELS } from '#shared/domain/messages/channel.ts'
import { OFFER_KINDS, type Offer } from '#shared/domain/offers/offer.ts'
import {
  APP_EVENT_TYPES,
  SCENE_GOALS,
  SCENE_STATES,
  type Scene,
  WEEKDAYS,
} from '#shared/domain/scenes/scene.ts'

const places = z
  .object({ geofenceIds: z.array(id('gf')).optional(), storeIds: z.array(id('sto')).optional() })
  .optional()

const trigger = z.discriminatedUnion('type', [
  z.object({ type: z.literal('enter'), at: places, includePresent: z.boolean().optional() }),
  z.object({ type: z.literal('exit'), at: places }),
  z.object({ type: z.literal('dwell'), at: places, dwellS: z.number() }),
  z.object({ type: z.literal('event'), eventType: z.enum(APP_EVENT_TYPES) }),
  z.object({ type: z.literal('due'), daysSinceLastVisit: z.number() }),
])

const scene = z.object({
  id: id('scn'),
  merchantId: id('mer'),
  name: z.string(),
  revision: z.number(),
  state: z.enum(SCENE_STATES),
  goal: z.enum(SCENE_GOALS),
  triggers: z.array(trigger),
  when: z.object({
    from: z.string().optional(),
    until: z.string().optional(),
    weeklyHours: z
      .array(z.object({ days: z.array(z.enum(WEEKDAYS)), from: z.string(), to: z.string() }))
      .optional(),
  }),
  message: z.object({
    ...contentFields,
    firstChannel: z.enum(CHANNELS).optional(),
    ttlS: z.number(),
  }),
  offerId: id('off').optional(),
  limits: z.object({ coolDownS: z.number(), maxAgeS: z.number() }),
  priority: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
})

const offer = z.object({
  id: id('off'),
  merchantId: id('mer'),
  name: z.string(),
  kind: z.enum(OFFER_KINDS),
  description: z.string(),
  stock: z.number(),
  stockShards: z.number(),
  validityS: z.number(),
  revision: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
})

/** Reads a SCENE item. */
export const parseScene = (item: unknown): Scene => scene.parse(item) as Scene

/** Reads an OFFER item. */
export const parseOffer = (item: unknown): Offer => offer.parse(item) as Offer
