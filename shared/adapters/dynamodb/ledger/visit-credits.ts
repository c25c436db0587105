import { visitConversion, visitCounts } from '#shared/contracts/items/counted-facts.ts'
import { isNewcomer, type Relationship } from '#shared/domain/customers/relationship.ts'
import type { WriteId } from '#shared/domain/ids.ts'
import type { Counted } from '#shared/domain/loop/count.ts'
import { type Credit, creditAll, type Span } from '#shared/domain/loop/credit.ts'
import type { Exposure } from '#shared/domain/loop/exposure.ts'
import type { ClosedVisit } from '#shared/domain/presence/visit.ts'

/** A visit with what it is the outcome of, and what is counted again from it. */
export type CreditedVisit = ClosedVisit &
  Credit & {
    readonly isFirst: boolean
    readonly isReachable: boolean
    /** The first visit that the message has brought. */
    readonly isBrought: boolean
    /** Of the message that it is credited to. */
    readonly correlationId?: WriteId
  }

/** From the beginning of the first visit to the end of the last one. */
export const spanOf = (visits: readonly ClosedVisit[]): Span => ({
  fromMs: Math.min(...visits.map(({ enteredAtMs }) => enteredAtMs)),
  untilMs: Math.max(...visits.map(({ exitedAtMs, lastInsideAtMs }) => exitedAtMs ?? lastInsideAtMs)),
})

/** Credits the settled visits of a customer with one merchant, in the order in which they began. */
export const creditVisits = (
  visits: readonly ClosedVisit[],
  before: Relationship,
  exposures: readonly Exposure[],
  isReachable: boolean,
): {
  readonly visits: readonly CreditedVisit[]
  readonly changed: readonly Exposure[]
  readonly counted: readonly Counted[]
} => {
  const inOrder = visits
    .toSorted((a, b) => a.enteredAtMs - b.enteredAtMs)
    .map((visit, index) => ({ ...visit, isFirst: index === 0 && isNewcomer(before), isReachable }))
  const { credits, changed, counted } = creditAll(exposures, inOrder.map(visitConversion))
  const known = new Map(exposures.map((exposure) => [exposure.grantId, exposure]))
  const seen = new Set<string>()
  const credited = inOrder.map((visit, index): CreditedVisit => {
    const credit = credits[index] ?? {}
    const exposure = credit.credited && known.get(credit.credited)
    const isBrought =
      exposure !== undefined && exposure.stages.visited === undefined && !seen.has(exposure.grantId)
    if (exposure) seen.add(exposure.grantId)
    return { ...visit, ...credit, isBrought, ...(exposure && { correlationId: exposure.correlationId }) }
  })
  return {
    visits: credited,
    changed,
    counted: [...counted, ...credited.flatMap((visit) => visitCounts(visit, visit.isBrought))],
  }
}
