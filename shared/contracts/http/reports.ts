import * as z from 'zod'
import { daySchema, idSchema, pageQuerySchema, pageSchema } from '#shared/contracts/http/primitives.ts'
import { ARMS } from '#shared/domain/loop/count.ts'
import { SCENE_GOALS, SCENE_STATES } from '#shared/domain/scenes/scene.ts'

const MAX_DAYS = 92
const DAY_MS = 86_400_000
/** Counts of all stores a day stand in two arms. */
const MAX_ROWS = 5000
const dayMs = (day: string): number => Date.parse(`${day}T00:00:00Z`)

const days = {
  from: daySchema.describe('The first day, UTC.'),
  to: daySchema.describe('The last day, UTC; it is included.'),
}
type Days = { readonly from: string; readonly to: string }

const bounded = <S extends z.ZodType<Days>>(schema: S): S =>
  schema
    .refine(({ from, to }) => from <= to, { path: ['to'], message: 'before from' })
    .refine(({ from, to }) => dayMs(to) - dayMs(from) < MAX_DAYS * DAY_MS, {
      path: ['to'],
      message: `more than ${MAX_DAYS} days after from`,
    })

const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'a currency of ISO 4217, e.g. EUR')
  .describe('The currency of the merchant’s costs (ISO 4217): with it the answer says `roi`.')

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
const countsSchema = z.record(z.string().max(80), countSchema).describe('Counts by name (docs/reports.md).')
const rateSchema = z.strictObject({
  numerator: countSchema.describe('How many did, as it is shown.'),
  denominator: z.int().min(1).describe('Of how many, as it is shown; where it is 0 there is no rate.'),
  value: z.number().min(0).max(1).describe('`numerator` ÷ `denominator`, 0 to 1.'),
  low95: z.number().min(0).max(1).describe('The lower end of its 95 % interval (Wilson).'),
  high95: z.number().min(0).max(1).describe('The upper end of its 95 % interval.'),
})
const liftSchema = z.strictObject({
  treated: rateSchema.describe('Of those to whom a message was granted, sent or not.'),
  holdout: rateSchema.describe('Of those who were held out.'),
  value: z.number().min(-1).max(1).describe('`treated.value` − `holdout.value`; negative: fewer did.'),
  low95: z
    .number()
    .min(-2)
    .max(2)
    .describe('The lower end of its 95 % interval (Newcombe); below 0 it may be chance.'),
  high95: z.number().min(-2).max(2).describe('The upper end of its 95 % interval.'),
})
const liftsSchema = z
  .record(z.string().max(20), liftSchema)
  .describe(
    'How many more acted for the messages, against those held out: `visited`, `purchased`; none where either is empty.',
  )
const ratesSchema = z.record(z.string().max(20), rateSchema)
const sceneRatesSchema = ratesSchema.describe(
  '`sent` of granted; `opened`, `visited`, `redeemed`, `purchased` of sent; `repeat` customers’ redemptions of all redemptions.',
)
const funnelSchema = z
  .array(
    z.strictObject({
      step: z.string().max(20).describe('What the step is called.'),
      count: countSchema.describe('How many came at least so far.'),
      lost: countSchema.describe('How many fewer than came to the step before.'),
    }),
  )
  .max(10)
  .describe('Step by step: what they skipped counts as done, so that it never widens.')
const costsSchema = z
  .strictObject({
    messageCents: countSchema.describe('For text messages that went out, or may have; a push is nothing.'),
    offerCents: countSchema.describe('For what was redeemed, by the `costCents` of the offers.'),
    totalCents: countSchema.describe('Both together.'),
    perVisitCents: z
      .number()
      .min(0)
      .exactOptional()
      .describe('`totalCents` ÷ the visits that the messages brought; absent where nobody came.'),
    perRedemptionCents: z
      .number()
      .min(0)
      .exactOptional()
      .describe('`totalCents` ÷ the redemptions; absent where there was none.'),
  })
  .describe('In hundredths of the merchant’s own currency.')
const roiSchema = z
  .number()
  .describe(
    '(revenue in `currency` − costs) ÷ costs: 0 is even, 1 doubles the money. Absent without `currency` or costs.',
  )
const flagsSchema = z
  .array(z.enum(['noVisits']))
  .max(5)
  .describe('`noVisits`: a hundred messages and more went out, and nobody came.')
const revenueSchema = z
  .record(z.string().max(3), countSchema)
  .describe('What purchases came to, by currency (ISO 4217), in its smallest unit (cents).')
const roundedDownToSchema = z
  .literal(20)
  .describe('Counts of strangers are rounded down to a multiple of it.')
const rowSchema = z.strictObject({
  arm: z.enum(ARMS).describe('To whom the scene spoke (`treated`), or who was held out.'),
  counts: countsSchema,
  storeId: idSchema('sto')
    .exactOptional()
    .describe('Of which store; absent where it is by day, or of no store.'),
  day: daySchema.exactOptional().describe('Of which UTC day; absent where it is by store.'),
})

/** What a scene has brought, by its counters. */
export const sceneReportSchema = z.strictObject({
  sceneId: idSchema('scn'),
  ...days,
  roundedDownTo: roundedDownToSchema,
  treated: countsSchema.describe('Counts of those to whom the scene spoke, by name (docs/reports.md).'),
  holdout: countsSchema.describe('Counts of those who were held out, by name.'),
  funnel: funnelSchema,
  rates: sceneRatesSchema,
  lift: liftsSchema,
  costs: costsSchema,
  revenue: revenueSchema,
  roi: roiSchema.exactOptional(),
  flags: flagsSchema,
  byStore: z
    .array(rowSchema)
    .max(MAX_ROWS)
    .describe('A row for each store and arm of which anything is shown.'),
  byDay: z
    .array(rowSchema)
    .max(MAX_ROWS)
    .describe('A row for each UTC day and arm of which anything is shown.'),
})

/** What came of a store's visits. */
export const storeReportSchema = z.strictObject({
  storeId: idSchema('sto'),
  ...days,
  roundedDownTo: roundedDownToSchema,
  counts: countsSchema,
  funnel: funnelSchema,
  rates: ratesSchema.describe('`reachable` of entered, `exposed` of reachable, `acted` of exposed.'),
  revenue: revenueSchema,
  byDay: z
    .array(rowSchema.omit({ arm: true }))
    .max(MAX_ROWS)
    .describe('A row for each UTC day of which anything is shown.'),
})

/** One scene of a summary. */
const summaryRowSchema = z.strictObject({
  sceneId: idSchema('scn'),
  name: z.string().max(100).describe('What the scene is called.'),
  state: z.enum(SCENE_STATES).describe('How the scene stands now.'),
  goal: z.enum(SCENE_GOALS).exactOptional().describe('What the scene wants.'),
  funnel: funnelSchema,
  rates: sceneRatesSchema,
  lift: liftsSchema,
  costs: costsSchema,
  revenue: revenueSchema,
  roi: roiSchema.exactOptional(),
  flags: flagsSchema,
})

/** A page of a merchant's scenes, and how many of its customers came back for a second deal. */
export const summarySchema = pageSchema(summaryRowSchema).extend({
  secondDeals: z
    .strictObject({
      all: rateSchema.exactOptional().describe('Of all of them; absent where there is none.'),
      trialStarters: rateSchema
        .exactOptional()
        .describe('Of those whose first was a free trial; absent where there is none.'),
    })
    .describe(
      'Of the customers whose first purchase or redemption was in the range, those who came back for another on another day.',
    ),
})
