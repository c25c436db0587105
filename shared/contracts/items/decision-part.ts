import type { MerchantId, SceneId } from '#shared/domain/ids.ts'
import type { Outcome } from '#shared/domain/scenes/decide.ts'

/** What fits into one transaction of 100 items beside the grant's own. */
export const WRITES_PER_PART = 80

/**
 * Where a part of a decision ends: the last scene that it counts, in the order of merchants and scenes. A part is a
 * range of that order, so that a scene is counted in one part whatever is edited between two of them.
 */
export type PartEnd = string

/** The outcomes that one transaction stores; `until` stands where more follow. */
export type DecisionPart = { readonly outcomes: readonly Outcome[]; readonly until?: PartEnd }

/** Text that sorts by merchant, then by scene. */
const placeOf = ({ scene }: Outcome): PartEnd => `${scene.merchantId} ${scene.id}`

type Scope = { readonly id: SceneId; readonly merchantId: MerchantId }

/** A scene writes a counter, and a merchant beside others a trace of its own. */
const writesOf = (scopes: readonly Scope[]): number =>
  new Set(scopes.flatMap(({ id, merchantId }) => [id, merchantId])).size

/** How many of the scenes, in their order, fit beside those that are in already. */
const fitting = (first: readonly Scope[], scopes: readonly Scope[]): number => {
  let count = 0
  while (count < scopes.length && writesOf([...first, ...scopes.slice(0, count + 1)]) <= WRITES_PER_PART)
    count += 1
  return count
}

/**
 * The next part of a decision to be stored. The first part, which alone can grant, takes the granted scene with it,
 * wherever that stands in the order.
 *
 * @param outcomes of the whole decision
 * @param after where the part before it ended; undefined for the first
 * @param granted the scene that the first part has taken, or takes
 * @example partAfter(outcomes, undefined, winner?.scene.id) // { outcomes: […], until: 'mer_… scn_…' }
 */
export const partAfter = (
  outcomes: readonly Outcome[],
  after: PartEnd | undefined,
  granted: SceneId | undefined,
): DecisionPart => {
  const isLead = ({ scene }: Outcome): boolean => scene.id === granted
  const lead = after === undefined ? outcomes.filter(isLead) : []
  const rest = outcomes.filter(
    (outcome) => !isLead(outcome) && (after === undefined || placeOf(outcome) > after),
  )
  const byScene = [...Map.groupBy(rest, placeOf)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const scopes = byScene.flatMap(([, [first]]) => (first ? [first.scene] : []))
  const count = fitting(
    lead.slice(0, 1).map(({ scene }) => scene),
    scopes,
  )
  const taken = byScene.slice(0, count)
  const last = taken.at(-1)
  return {
    outcomes: [...lead, ...taken.flatMap(([, own]) => own)],
    ...(count < byScene.length && last !== undefined && { until: last[0] }),
  }
}
