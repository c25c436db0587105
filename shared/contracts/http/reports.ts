import * as z from 'zod'
import { daySchema, idSchema, pageQuerySchema, pageSchema } from '#shared/contracts/http/primitives.ts'
import { ARMS } from '#shared/domain/loop/count.ts'
import { SCENE_GOALS, SCENE_STATES } from '#shared/domain/scenes/scene.ts'

const MAX_DAYS = 92
const DAY_MS = 86_400_000
/** Counts of all stores a day stand in two arms. */
const MAX_ROWS = 5000
const dayMs = (day: string): number => Date.parse(`${day}T00:00:00Z`)

const days = { from: daySchema, to: daySchema }
type Days = { readonly from: string; readonly to: string }

const bounded = <S extends z.ZodType<Days>>(schema: S): S =>
  schema
    .refine(({ from, to }) => from <= to, { path: ['to'], message: 'before from' })
    .refine(({ from, to }) => dayMs(to) - dayMs(from) < MAX_DAYS * DAY_MS, {
      path: ['to'],
      message: `more than ${MAX_DAYS} days after from`,
    })

const currency = z.string().regex(/^[A-Z]{3}$/, 'a currency of ISO 4217, e.g. EUR')

/** `GET …/reports/stores/{storeId}?from=…&to=…`: UTC days, both included. */
export const daysQuerySchema = bounded(z.strictObject(days))

/** `GET …/reports/scenes/{sceneId}?from=…&to=…&currency=…`: the currency is that of the merchant's costs. */
export const reportQuerySchema = bounded(z.strictObject({ ...days, currency: currency.exactOptional() }))
export type ReportQuery = z.output<typeof reportQuerySchema>

/** The scenes of one page of a summary: each is counted from 32 shards. */
const MAX_SUMMARY = 20

/** `GET …/reports/summary?from=…&to=…`. */
export const summaryQuerySchema = bounded(
  z.strictObject({
    ...days,
    currency: currency.exactOptional(),
    limit: pageQuerySchema.shape.limit.transform((limit) => Math.min(limit, MAX_SUMMARY)),
    cursor: pageQuerySchema.shape.cursor,
  }),
)
export type SummaryQuery = z.output<typeof summaryQuerySchema>

const countSchema = z.int().min(0)
const countsSchema = z.record(z.string().max(80), countSchema)
const rateSchema = z.strictObject({
  numerator: countSchema,
  denominator: z.int().min(1),
  value: z.number().min(0).max(1),
  low95: z.number().min(0).max(1),
  high95: z.number().min(0).max(1),
})
const liftSchema = z.strictObject({
  treated: rateSchema,
  holdout: rateSchema,
  value: z.number().min(-1).max(1),
  low95: z.number().min(-2).max(2),
  high95: z.number().min(-2).max(2),
})
const ratesSchema = z.record(z.string().max(20), rateSchema)
const funnelSchema = z
  .array(z.strictObject({ step: z.string().max(20), count: countSchema, lost: countSchema }))
  .max(10)
const costsSchema = z.strictObject({
  messageCents: countSchema,
  offerCents: countSchema,
  totalCents: countSchema,
  perVisitCents: z.number().min(0).exactOptional(),
  perRedemptionCents: z.number().min(0).exactOptional(),
})
const flagsSchema = z.array(z.enum(['noVisits'])).max(5)
const revenueSchema = z.record(z.string().max(3), countSchema)
const rowSchema = z.strictObject({
  arm: z.enum(ARMS),
  counts: countsSchema,
  storeId: idSchema('sto').exactOptional(),
  day: daySchema.exactOptional(),
})

/** What a scene has brought, by its counters. */
export const sceneReportSchema = z.strictObject({
  sceneId: idSchema('scn'),
  from: daySchema,
  to: daySchema,
  roundedDownTo: z.literal(20).describe('Counts of strangers are rounded down to a multiple of it.'),
  treated: countsSchema,
  holdout: countsSchema,
  funnel: funnelSchema,
  rates: ratesSchema,
  lift: z.record(z.string().max(20), liftSchema),
  costs: costsSchema,
  revenue: revenueSchema,
  roi: z.number().exactOptional(),
  flags: flagsSchema,
  byStore: z.array(rowSchema).max(MAX_ROWS),
  byDay: z.array(rowSchema).max(MAX_ROWS),
})

/** What came of a store's visits. */
export const storeReportSchema = z.strictObject({
  storeId: idSchema('sto'),
  from: daySchema,
  to: daySchema,
  roundedDownTo: z.literal(20),
  counts: countsSchema,
  funnel: funnelSchema,
  rates: ratesSchema,
  revenue: revenueSchema,
  byDay: z.array(rowSchema.omit({ arm: true })).max(MAX_ROWS),
})

/** One scene of a summary. */
const summaryRowSchema = z.strictObject({
  sceneId: idSchema('scn'),
  name: z.string().max(100),
  state: z.enum(SCENE_STATES),
  goal: z.enum(SCENE_GOALS).exactOptional(),
  funnel: funnelSchema,
  rates: ratesSchema,
  lift: z.record(z.string().max(20), liftSchema),
  costs: costsSchema,
  revenue: revenueSchema,
  roi: z.number().exactOptional(),
  flags: flagsSchema,
})

/** A page of a merchant's scenes, and how many of its customers came back for a second deal. */
export const summarySchema = pageSchema(summaryRowSchema).extend({
  secondDeals: z
    .strictObject({ all: rateSchema.exactOptional(), trialStarters: rateSchema.exactOptional() })
    .describe(
      'Of the customers whose first purchase or redemption was in the range, those who came back for another on another day.',
    ),
})
