import { type NextRevision, replaceEntity } from '#functions/merchant-api/entities/replace-entity.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { requireMove } from '#functions/merchant-api/scenes/require-move.ts'
import { requireSpeakable, savedScene } from '#functions/merchant-api/scenes/require-speakable.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { SceneRequest } from '#shared/contracts/http/scenes.ts'
import type { SceneId } from '#shared/domain/ids.ts'
import type { Scene } from '#shared/domain/scenes/scene.ts'

type Services = Pick<
  MerchantServices,
  'merchants' | 'scenes' | 'offers' | 'stores' | 'optOut' | 'readSceneGround' | 'readAddedRules' | 'nowMs'
>
type Path = MerchantPath & { readonly sceneId: SceneId }

/** Replaces a scene whole; the revision before is kept. */
export const replaceScene: MemberUseCase<Services, Path, unknown, SceneRequest> =
  (services) => async (request) => {
    const { path, body, signal } = request
    const obstacles = await requireSpeakable(services, path.merchantId, body, signal)
    const change = (current: Scene, next: NextRevision): Scene => {
      const { id, merchantId, createdAt, state, autoPause } = current
      requireMove(state, body.state)
      return { id, merchantId, ...body, ...(autoPause && { autoPause }), createdAt, ...next }
    }
    const saved = await replaceEntity(services.scenes, path.sceneId, request, services.nowMs(), change)
    return savedReply(saved, savedScene(obstacles))
  }
