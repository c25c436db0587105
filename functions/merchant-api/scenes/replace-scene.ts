import { onlyIfMatch } from '#functions/merchant-api/entities/if-match.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { requireMove } from '#functions/merchant-api/scenes/require-move.ts'
import { requireSpeakable, savedScene } from '#functions/merchant-api/scenes/require-speakable.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { SceneRequest } from '#shared/contracts/http/scenes.ts'
import type { SceneId } from '#shared/domain/ids.ts'

type Services = Pick<
  MerchantServices,
  'merchants' | 'scenes' | 'offers' | 'stores' | 'optOut' | 'readSceneGround' | 'nowMs'
>
type Path = MerchantPath & { readonly sceneId: SceneId }

/** Replaces a scene whole; the revision before is kept. */
export const replaceScene: MemberUseCase<Services, Path, unknown, SceneRequest> =
  (services) => async (request) => {
    const { path, body, author, signal } = request
    const obstacles = await requireSpeakable(services, path.merchantId, body, signal)
    const updatedAt = new Date(services.nowMs()).toISOString()
    const saved = await services.scenes.replace(
      path.merchantId,
      path.sceneId,
      author,
      (current) => {
        onlyIfMatch(request)(current)
        const { id, merchantId, revision, createdAt, state, autoPause } = current
        requireMove(state, body.state)
        return {
          id,
          merchantId,
          ...body,
          ...(autoPause && { autoPause }),
          revision: revision + 1,
          createdAt,
          updatedAt,
        }
      },
      signal,
    )
    return savedReply(saved, savedScene(obstacles))
  }
