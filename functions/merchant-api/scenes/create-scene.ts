import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { requireMove } from '#functions/merchant-api/scenes/require-move.ts'
import { requireSpeakable, savedScene } from '#functions/merchant-api/scenes/require-speakable.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { SceneRequest } from '#shared/contracts/http/scenes.ts'

type Services = Pick<
  MerchantServices,
  'merchants' | 'scenes' | 'offers' | 'stores' | 'optOut' | 'readSceneGround' | 'readAddedRules' | 'nowMs'
>

/** Creates a scene, as a draft or active; the geofences, stores and offer it names must be the merchant's own. */
export const createScene: MemberUseCase<Services, MerchantPath, unknown, SceneRequest> =
  (services) => async (request) => {
    const { path, body, author, signal } = request
    requireMove('draft', body.state)
    const obstacles = await requireSpeakable(services, path.merchantId, body, signal)
    const now = new Date(services.nowMs()).toISOString()
    const id = request.newId('scn')
    const scene = { id, merchantId: path.merchantId, ...body, revision: 1, createdAt: now, updatedAt: now }
    const saved = await services.scenes.create(scene, author, signal)
    return savedReply(saved, savedScene(obstacles), `/v1/merchants/${path.merchantId}/scenes/${id}`)
  }
