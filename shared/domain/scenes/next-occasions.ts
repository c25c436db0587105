import { isId, type OfferId, toId } from '#shared/domain/ids.ts'
import type { Occasion } from '#shared/domain/scenes/occasions.ts'

/** Something that was done about an occasion; it is remembered as long as the occasion could come up again. */
export type Handled = { readonly key: string; readonly untilMs: number }

/** How far the sweep has come with the occasions of a customer and a merchant. */
export type PlanState = {
  /** The first moment at which something was left to do; everything before it is done. Absent: nothing was left. */
  readonly dueMs?: number
  /** What was done lately, at most `MAX_HANDLED`. */
  readonly handled: readonly Handled[]
}

/** A gift that is to be put aside for an occasion, or was. */
export type GiftOf = { readonly occasion: Occasion; readonly offerId: OfferId }

export type Step = {
  /** What is due by now, the oldest first: fresh, or missed while nobody swept. */
  readonly due: readonly Occasion[]
  /** For what a unit is to be put aside now. */
  readonly gifts: readonly GiftOf[]
  /** What is handled once this step is done. */
  readonly handled: readonly Handled[]
  /** When there is something to do next. It may have passed: what one step has no room for, stale or not. */
  readonly nextMs?: number
}

/** What one step raises: that many fit into one decision. */
export const MAX_RAISED = 20
export const MAX_GIFTS = 5
/** More than a merchant's scenes have plans. */
export const MAX_HANDLED = 400

export const keyOf = ({ sceneId, occasion }: Pick<Occasion, 'sceneId' | 'occasion'>): string =>
  `${sceneId} ${occasion}`
export const giftKeyOf = (offerId: OfferId, occasion: Pick<Occasion, 'sceneId' | 'occasion'>): string =>
  `gift ${offerId} ${keyOf(occasion)}`

/**
 * For what a gift was put aside that no plan has any more (a scene was paused, it gives something else); what is left of
 * `handled` without them.
 */
export const voidGifts = (occasions: readonly Occasion[], handled: readonly Handled[]) => {
  const planned = new Set(occasions.flatMap((one) => (one.gift ? [giftKeyOf(one.gift.offerId, one)] : [])))
  const isVoid = ({ key }: Handled): boolean => key.startsWith('gift ') && !planned.has(key)
  return {
    void: handled.filter(isVoid).flatMap(({ key }) => {
      const [, , sceneId, ...occasion] = key.split(' ')
      return isId('scn', sceneId ?? '')
        ? [{ sceneId: toId('scn', (sceneId ?? '').slice(4)), occasion: occasion.join(' ') }]
        : []
    }),
    handled: handled.filter((one) => !isVoid(one)),
  }
}

/** Until when an occasion is worth it. */
const untilMsOf = ({ dueAtMs, staleAfterS }: Occasion): number => dueAtMs + staleAfterS * 1000

/** What nobody has done anything about: it is to come, is still worth it, or was missed while nobody swept. */
const openAmong = (occasions: readonly Occasion[], { dueMs, handled }: PlanState, nowMs: number) => {
  const keys = new Set(handled.map(({ key }) => key))
  return occasions
    .filter((one) => !keys.has(keyOf(one)))
    .filter((one) => untilMsOf(one) > nowMs || (dueMs !== undefined && one.dueAtMs >= dueMs))
    .map((occasion) => {
      const { gift } = occasion
      const isKept = gift === undefined || keys.has(giftKeyOf(gift.offerId, occasion))
      return { occasion, momentMs: isKept ? occasion.dueAtMs : Math.min(gift.fromMs, occasion.dueAtMs) }
    })
}

/**
 * When there is something to do about some occasions first; undefined: never.
 *
 * @param occasions from `occasionsOf`
 */
export const firstMomentMs = (
  occasions: readonly Occasion[],
  state: PlanState,
  nowMs: number,
): number | undefined =>
  openAmong(occasions, state, nowMs).reduce<number | undefined>(
    (first, { momentMs }) => Math.min(first ?? momentMs, momentMs),
    undefined,
  )

/**
 * What is to be done by now about some occasions, and when the next thing is. Once it is done, the same question has
 * another answer: each occasion comes up once.
 *
 * @param occasions from `occasionsOf`
 * @example nextStep(occasionsOf(anna, scenes, nowMs), { handled: [] }, nowMs).due
 */
export const nextStep = (occasions: readonly Occasion[], state: PlanState, nowMs: number): Step => {
  const open = openAmong(occasions, state, nowMs)
  const due = open
    .map(({ occasion }) => occasion)
    .filter(({ dueAtMs }) => dueAtMs <= nowMs)
    .slice(0, MAX_RAISED)
  const gifts = open
    .filter(({ occasion, momentMs }) => momentMs <= nowMs && occasion.dueAtMs > nowMs)
    .flatMap(({ occasion }) => (occasion.gift ? [{ occasion, offerId: occasion.gift.offerId }] : []))
    .slice(0, MAX_GIFTS)
  const all = [
    ...state.handled,
    ...due.map((one) => ({ key: keyOf(one), untilMs: untilMsOf(one) })),
    ...gifts.map(({ offerId, occasion }) => ({
      key: giftKeyOf(offerId, occasion),
      untilMs: untilMsOf(occasion),
    })),
  ]
  const nextMs = firstMomentMs(occasions, { ...state, handled: all }, nowMs)
  // As long as something is left that was missed, what was missed of the same moment could come up again.
  const isBehind = nextMs !== undefined && nextMs <= nowMs
  const handled = all.filter(({ untilMs }) => isBehind || untilMs > nowMs).slice(-MAX_HANDLED)
  return { due, gifts, handled, ...(nextMs !== undefined && { nextMs }) }
}
