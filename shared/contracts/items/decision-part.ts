import type { MerchantId } from '#shared/domain/ids.ts'
import type { Outcome } from '#shared/domain/scenes/decide.ts'

/** What fits into one transaction of 100 items beside the grant's own. */
export const WRITES_PER_PART = 76

/**
 * Where a part of a decision ends: the last scene and store that it counts, in the order of merchants, scenes and stores.
 * A part is a range of that order, so that each is counted in one part whatever is edited between two of them.
 */
export type PartEnd = string

/** Where the next part begins, and what of it the first part has taken already. */
export type NextPart = { readonly until: PartEnd; readonly taken: readonly PartEnd[] }

/** The outcomes that one transaction stores; `next` stands where more follow. */
export type DecisionPart = { readonly outcomes: readonly Outcome[]; readonly next?: NextPart }

/** Text that sorts by merchant, then by scene, then by store. */
const placeOf = ({ scene, trigger }: Outcome): PartEnd =>
  `${scene.merchantId} ${scene.id} ${trigger.storeId ?? ''}`

type Scope = { readonly place: PartEnd; readonly merchantId: MerchantId }

/** A scene writes a counter for each store, and a merchant beside others a trace of its own. */
const writesOf = (scopes: readonly Scope[]): number =>
  new Set(scopes.flatMap(({ place, merchantId }) => [place, merchantId])).size

const scopeOf = (outcome: Outcome): Scope => ({
  place: placeOf(outcome),
  merchantId: outcome.scene.merchantId,
})

/** How many of the scopes, in their order, fit beside those that are in already. */
const fitting = (first: readonly Scope[], scopes: readonly Scope[]): number => {
  let count = 0
  while (count < scopes.length && writesOf([...first, ...scopes.slice(0, count + 1)]) <= WRITES_PER_PART)
    count += 1
  return count
}

const partOf = (
  lead: readonly Outcome[],
  rest: readonly Outcome[],
  taken: readonly PartEnd[],
): DecisionPart => {
  const byPlace = [...Map.groupBy(rest, placeOf)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const scopes = byPlace.flatMap(([, [first]]) => (first ? [scopeOf(first)] : []))
  const count = fitting(lead.map(scopeOf), scopes)
  const last = byPlace[count - 1]
  return {
    outcomes: [...lead, ...byPlace.slice(0, count).flatMap(([, own]) => own)],
    ...(count < byPlace.length && last !== undefined && { next: { until: last[0], taken } }),
  }
}

/**
 * The first part of a decision to be stored. It alone can grant or withhold, so it takes what does with it, wherever that
 * stands in the order.
 *
 * @param outcomes of the whole decision
 */
export const firstPart = (outcomes: readonly Outcome[]): DecisionPart => {
  const leading = outcomes.filter((one) => one.kind === 'granted' || one.withheld !== undefined)
  const taken = [...new Set(leading.map(placeOf))]
  const isLead = (outcome: Outcome): boolean => taken.includes(placeOf(outcome))
  return partOf(
    outcomes.filter(isLead),
    outcomes.filter((outcome) => !isLead(outcome)),
    taken,
  )
}

/**
 * The next part of a decision to be stored.
 *
 * @param outcomes of the whole decision
 * @param next as the part before it says
 */
export const partAfter = (outcomes: readonly Outcome[], { until, taken }: NextPart): DecisionPart =>
  partOf(
    [],
    outcomes.filter((outcome) => placeOf(outcome) > until && !taken.includes(placeOf(outcome))),
    taken,
  )
