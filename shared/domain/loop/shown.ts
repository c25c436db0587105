import type { StoreId } from '#shared/domain/ids.ts'
import { ARMS, type Arm, addCounts, type Counts } from '#shared/domain/loop/count.ts'

/** Figures about customers who have not acted with the merchant go in steps of so many. */
export const SHOWN_STEP = 20
/** No SMS has more: its text has 459 characters at most, and a few of code and opt-out; 67 go into a part. */
const MAX_SMS_PARTS = 10
/** What a part costs where the stage does not say: a cent. */
const PART_PRICE_USD = 0.01

/**
 * In which steps money that was spent on messages is shown, in cents: it tells how many there were, so a step is what
 * `SHOWN_STEP` of the dearest cost.
 *
 * @param partPriceUsd what one part of an SMS costs, in US dollars
 * @example shownCentsStep(0.05) // 1000
 */
export const shownCentsStep = (partPriceUsd = PART_PRICE_USD): number =>
  SHOWN_STEP * Math.ceil(Math.round(MAX_SMS_PARTS * Math.max(partPriceUsd, PART_PRICE_USD) * 1e6) / 1e4)

/** What customers did with the merchant themselves. It knows of it anyway. */
const ACT_COUNTS: ReadonlySet<string> = new Set([
  'claimed',
  'redeemed',
  'reached_redeemed',
  'redeemedRepeat',
  'redemptions',
  'purchased',
  'reached_purchased',
  'purchases',
  'rated',
  'ratings',
  'shared',
  'shares',
  'acted',
  'firstDeals',
  'firstDealsOfTrials',
  'secondDeals',
  'secondDealsOfTrials',
  'offerCents',
])

const isAct = (name: string): boolean => ACT_COUNTS.has(name) || name.startsWith('revenue_')

const shownCount = (name: string, count: number, centsStep: number): number => {
  if (isAct(name)) return count
  const step = name === 'messageCents' ? centsStep : SHOWN_STEP
  return Math.floor(count / step) * step
}

/**
 * What a merchant sees of the counts of one cell: acts as they are, all else rounded down to a multiple of 20. Sums and
 * differences of multiples of 20 are multiples of 20, so none of them is a count of 1 to 19 strangers.
 *
 * @param centsStep see `shownCentsStep`
 * @example shownOf({ sent: 39, redeemed: 3, visited: 12 }) // { sent: 20, redeemed: 3 }
 */
export const shownOf = (counts: Counts, centsStep = shownCentsStep()): Counts =>
  Object.fromEntries(
    Object.entries(counts)
      .map(([name, count]) => [name, shownCount(name, count, centsStep)] as const)
      .filter(([, count]) => count > 0),
  )

/** What is counted of a scene on a day, at a store, in an arm; of a store the day is enough. */
export type Cell = {
  readonly day: string
  readonly storeId?: StoreId | undefined
  readonly arm: Arm
  readonly counts: Counts
}
/** UTC days, both included. */
export type Days = { readonly from: string; readonly to: string }

const lastDayOfMonth = (day: string): string => {
  const [year = 0, month = 0] = day.split('-').map(Number)
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10)
}

/**
 * To which period a day belongs in a report: to its UTC month where the report covers all of that, else to itself. So what
 * is rounded are fixed cells, whatever range is asked for.
 */
const periodOf = (day: string, { from, to }: Days): string => {
  const month = day.slice(0, 'yyyy-mm'.length)
  return from <= `${month}-01` && lastDayOfMonth(day) <= to ? month : day
}

const sumOf = (cells: readonly Cell[]): Counts =>
  cells.reduce<Counts>((sum, { counts }) => addCounts(sum, counts), {})

const byName = (counts: Counts): Counts =>
  Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** What is shown of some cells over a range: the sum of what is shown of its whole months and of its other days. */
export const shownOver = (cells: readonly Cell[], days: Days, centsStep?: number): Counts =>
  byName(
    [...Map.groupBy(cells, ({ day }) => periodOf(day, days)).values()].reduce<Counts>(
      (sum, own) => addCounts(sum, shownOf(sumOf(own), centsStep)),
      {},
    ),
  )

export const ofArm = (cells: readonly Cell[], arm: Arm): Cell[] => cells.filter((cell) => cell.arm === arm)

export type ShownRow = {
  readonly arm: Arm
  readonly counts: Counts
  readonly storeId?: StoreId
  readonly day?: string
}

const armRows = (
  cells: readonly Cell[],
  show: (own: readonly Cell[]) => Counts,
  of: Partial<ShownRow>,
): ShownRow[] =>
  ARMS.map((arm) => ({ ...of, arm, counts: show(ofArm(cells, arm)) })).filter(
    ({ counts }) => Object.keys(counts).length > 0,
  )

/** A row for each day and arm of which anything is shown. */
export const shownByDay = (cells: readonly Cell[], centsStep?: number): ShownRow[] =>
  [...Map.groupBy(cells, ({ day }) => day)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([day, own]) => armRows(own, (some) => byName(shownOf(sumOf(some), centsStep)), { day }))

/** A row for each store and arm of which anything is shown. */
export const shownByStore = (cells: readonly Cell[], days: Days, centsStep?: number): ShownRow[] =>
  [...Map.groupBy(cells, ({ storeId }) => storeId)].flatMap(([storeId, own]) =>
    armRows(own, (some) => shownOver(some, days, centsStep), storeId === undefined ? {} : { storeId }),
  )
