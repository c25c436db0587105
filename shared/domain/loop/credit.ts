import type { GrantId } from '#shared/domain/ids.ts'
import { type Counted, mergeCounted } from '#shared/domain/loop/count.ts'
import { advance, type Exposure, type Step } from '#shared/domain/loop/exposure.ts'

/** A visit that began before the message went out is its outcome only if it went on for as long as this: nobody walks past so slowly. */
export const STAY_MS = 5 * 60_000

/** When something happened: of a visit its beginning and end, of an act one moment. Ms since the epoch. */
export type Span = { readonly fromMs: number; readonly untilMs: number }

/** From when on an exposure may have had an effect; undefined for a message that has not gone out. */
export const effectiveFromMs = ({ arm, atMs, sentAtMs }: Exposure): number | undefined =>
  arm === 'treated' ? sentAtMs : atMs

/**
 * May something be the outcome of an exposure? It came after it and inside its window; a visit that had begun before must
 * have lasted for `STAY_MS` more.
 */
export const isOutcome = (exposure: Exposure, { fromMs, untilMs }: Span): boolean => {
  const sinceMs = effectiveFromMs(exposure)
  if (sinceMs === undefined) return false
  if (fromMs > sinceMs) return fromMs <= sinceMs + exposure.windowMs
  return untilMs - sinceMs >= STAY_MS
}

const isLater = (a: Exposure, b: Exposure): boolean => {
  const [atA, atB] = [effectiveFromMs(a) ?? 0, effectiveFromMs(b) ?? 0]
  return atA > atB || (atA === atB && a.grantId > b.grantId)
}

const lastOf = (exposures: readonly Exposure[]): Exposure | undefined =>
  exposures.reduce<Exposure | undefined>((last, one) => (last && isLater(last, one) ? last : one), undefined)

/** Whose outcome something is: of the last grant; and for comparison of the last time the customer was held out. */
export type Credit = { readonly credited?: GrantId; readonly compared?: GrantId }

/**
 * To which of a customer's exposures by one merchant something is credited: to the last grant that it may be the outcome
 * of, and to no other. A held-out customer's is noted for comparison where the grant would have been the last one.
 *
 * @example creditOf([morning, noon], { fromMs: afternoon, untilMs: afternoon }) // { credited: noon.grantId }
 */
export const creditOf = (exposures: readonly Exposure[], span: Span): Credit => {
  const possible = exposures.filter((exposure) => isOutcome(exposure, span))
  const credited = lastOf(possible.filter(({ arm }) => arm === 'treated'))
  const compared = lastOf(possible.filter(({ arm }) => arm === 'holdout'))
  const isLast = compared !== undefined && (credited === undefined || isLater(compared, credited))
  return {
    ...(credited && { credited: credited.grantId }),
    ...(isLast && { compared: compared.grantId }),
  }
}

export type Conversion = Step & { readonly span: Span }

export type Credited = {
  /** For each conversion in order. */
  readonly credits: readonly Credit[]
  /** The exposures that changed, as they are now. */
  readonly changed: readonly Exposure[]
  readonly counted: readonly Counted[]
}

/** Credits what a customer did with a merchant, each once, in the order in which it is given. */
export const creditAll = (exposures: readonly Exposure[], conversions: readonly Conversion[]): Credited => {
  const known = new Map(exposures.map((exposure) => [exposure.grantId, exposure]))
  const changed = new Map<GrantId, Exposure>()
  const counted: Counted[] = []
  const credits = conversions.map((conversion) => {
    const credit = creditOf(exposures, conversion.span)
    for (const grantId of [credit.credited, credit.compared]) {
      const before = grantId && known.get(grantId)
      if (!before) continue
      const { exposure, counted: more } = advance(before, conversion)
      known.set(exposure.grantId, exposure)
      changed.set(exposure.grantId, exposure)
      counted.push(...more)
    }
    return credit
  })
  return { credits, changed: [...changed.values()], counted: mergeCounted(counted) }
}
