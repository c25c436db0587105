import { type LintServices, lintScene, type WantedScene } from '#functions/merchant-api/scenes/lint-scene.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { Offer } from '#shared/domain/offers/offer.ts'
import { findObstacles, type Obstacle } from '#shared/domain/scenes/obstacles.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

export type ObstacleServices = LintServices &
  Pick<MerchantServices, 'readSceneGround' | 'readAddedRules' | 'nowMs'>

const offersOf = async (
  { offers }: ObstacleServices,
  merchantId: MerchantId,
  { offerId }: WantedScene,
  signal: AbortSignal,
): Promise<Offer[]> => {
  const first = offerId === undefined ? undefined : await offers.find(merchantId, offerId, signal)
  if (first?.substituteId === undefined) return first ? [first] : []
  const second = await offers.find(merchantId, first.substituteId, signal)
  return second ? [first, second] : [first]
}

/** What keeps a scene silent as its merchant's places and offers are now. */
export const readObstacles = async (
  services: ObstacleServices,
  merchantId: MerchantId,
  scene: WantedScene,
  signal: AbortSignal,
): Promise<Obstacle[]> => {
  const nowMs = services.nowMs()
  const [ground, offers, addedRules] = await Promise.all([
    services.readSceneGround(merchantId, signal),
    offersOf(services, merchantId, scene, signal),
    services.readAddedRules(nowMs, signal),
  ])
  return ground === undefined ? [] : findObstacles(scene, { ...ground, offers, addedRules }, nowMs)
}

/** An obstacle as it is answered. */
export const warningOf = ({ rule, pointer, sentence }: Obstacle) => ({ rule, pointer, sentence })

/** How a saved scene is answered: with what may keep it silent. */
export const savedScene = (obstacles: readonly Obstacle[]) => (scene: Scene) => ({
  ...scene,
  ...(obstacles.length > 0 && { warnings: obstacles.map(warningOf) }),
})

/**
 * Refuses a scene that is to speak with templates that mislead, overrun or cannot be filled in (a draft may hold them),
 * and one that is to speak now and never can.
 *
 * @returns what may keep it silent all the same
 * @throws {Problem} 422 with a pointer and a sentence for each fault
 */
export const requireSpeakable = async (
  services: ObstacleServices,
  merchantId: MerchantId,
  scene: WantedScene,
  signal: AbortSignal,
): Promise<Obstacle[]> => {
  if (scene.state === 'draft' || scene.state === 'archived') return []
  const [report, obstacles] = await Promise.all([
    lintScene(services, merchantId, scene, signal),
    scene.state === 'active' ? readObstacles(services, merchantId, scene, signal) : [],
  ])
  const faults = [...(report?.findings ?? []), ...obstacles.filter(({ isSure }) => isSure)]
  if (faults.length === 0) return obstacles
  throw new Problem('unprocessable', {
    errors: faults.map(({ pointer, sentence }) => ({ pointer, detail: sentence.slice(0, 400) })),
  })
}
