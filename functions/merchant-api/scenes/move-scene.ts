import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import { type NextRevision, replaceEntity } from '#functions/merchant-api/entities/replace-entity.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { requireMove } from '#functions/merchant-api/scenes/require-move.ts'
import { requireSpeakable, savedScene } from '#functions/merchant-api/scenes/require-speakable.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { SceneId } from '#shared/domain/ids.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<
  MerchantServices,
  'merchants' | 'scenes' | 'offers' | 'stores' | 'optOut' | 'readSceneGround' | 'readAddedRules' | 'nowMs'
>
type Path = MerchantPath & { readonly sceneId: SceneId }

/** Somebody replaced the scene between the look at it and the write. */
const sameAs =
  (looked: Scene) =>
  ({ revision }: Scene): void => {
    if (revision !== looked.revision) throw new Problem('conflict')
  }

/**
 * Activates or pauses a scene, and leaves the rest of it as it is; one that is so already stays at its revision. It may
 * speak only if it can, as when it is replaced.
 */
export const moveScene =
  (to: 'active' | 'paused'): MemberUseCase<Services, Path> =>
  (services) =>
  async (request) => {
    const { path, signal } = request
    const looked = await services.scenes.find(path.merchantId, path.sceneId, signal)
    if (looked === undefined) throw new Problem('notFound')
    onlyIfMatch(request)(looked)
    if (looked.state === to) return savedReply({ kind: 'saved', entity: looked }, savedScene([]))
    requireMove(looked.state, to)
    const wanted = { ...looked, state: to }
    const obstacles = await requireSpeakable(services, path.merchantId, wanted, signal)
    const change = (current: Scene, next: NextRevision): Scene => {
      sameAs(looked)(current)
      return { ...current, state: to, ...next }
    }
    const saved = await replaceEntity(services.scenes, path.sceneId, request, services.nowMs(), change)
    return savedReply(saved, savedScene(obstacles))
  }
