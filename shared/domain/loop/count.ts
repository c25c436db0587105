import type { MerchantId, SceneId, StoreId } from '#shared/domain/ids.ts'

/** Whom a scene spoke to, and whom it left alone so that the effect can be measured. */
export const ARMS = ['treated', 'holdout'] as const
export type Arm = (typeof ARMS)[number]

/**
 * Where something is counted. Of a scene: the day, store and arm of the decision, so that all rates are about the same
 * people. Of a store: the day of the visit or act there; without a store, what the merchant cannot place. Days are UTC.
 */
export type CountPlace =
  | {
      readonly of: 'scene'
      readonly sceneId: SceneId
      readonly day: string
      readonly storeId?: StoreId | undefined
      readonly arm: Arm
    }
  | {
      readonly of: 'store'
      readonly merchantId: MerchantId
      readonly storeId?: StoreId | undefined
      readonly day: string
    }

export type Counts = Readonly<Record<string, number>>
export type Counted = { readonly place: CountPlace; readonly counts: Counts }

/** @example utcDay(Date.UTC(2026, 4, 1, 23, 59)) // '2026-05-01' */
export const utcDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

export const addCounts = (a: Counts, b: Counts): Counts => {
  const sum: Record<string, number> = { ...a }
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count
  return sum
}

const nameOf = (place: CountPlace): string =>
  place.of === 'scene'
    ? `${place.sceneId} ${place.day} ${place.storeId ?? '-'} ${place.arm}`
    : `${place.merchantId} ${place.storeId ?? '-'} ${place.day}`

/** One entry for each place, its counts added up; places without a count are left out. */
export const mergeCounted = (all: readonly Counted[]): Counted[] => {
  const merged = new Map<string, Counted>()
  for (const { place, counts } of all) {
    if (Object.keys(counts).length === 0) continue
    const known = merged.get(nameOf(place))
    merged.set(nameOf(place), { place, counts: addCounts(known?.counts ?? {}, counts) })
  }
  return [...merged.values()]
}
