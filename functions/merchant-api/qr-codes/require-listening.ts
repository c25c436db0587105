import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { MerchantId } from '#shared/domain/ids.ts'
import type { QrAction } from '#shared/domain/merchants/qr-code.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/**
 * Refuses a coupon whose scene does not hear of scans: what is printed would do nothing. A scene that is not there is found
 * missing when the code is saved.
 *
 * @throws {Problem} 422 with a pointer to the scene
 */
export const requireListening = async (
  { scenes }: Pick<MerchantServices, 'scenes'>,
  merchantId: MerchantId,
  action: QrAction,
  signal: AbortSignal,
): Promise<void> => {
  if (action.type !== 'coupon') return
  const scene = await scenes.find(merchantId, action.sceneId, signal)
  const listens = scene?.triggers.some(
    (trigger) => trigger.type === 'event' && trigger.eventType === 'qr_scan',
  )
  if (scene === undefined || listens) return
  const detail =
    'the scene has no trigger { "type": "event", "eventType": "qr_scan" }, so it does not hear of scans'
  throw new Problem('unprocessable', { errors: [{ pointer: '/action/sceneId', detail }] })
}
