import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { requireListening } from '#functions/merchant-api/qr-codes/require-listening.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { QrCodeRequest } from '#shared/contracts/http/qr-codes.ts'
import type { QrCode } from '#shared/domain/merchants/qr-code.ts'

type Services = Pick<MerchantServices, 'qrCodes' | 'scenes' | 'newQrCode' | 'nowMs'>

/** Creates a QR code for one placement, with a code of its own to print. */
export const createQrCode: MemberUseCase<Services, MerchantPath, unknown, QrCodeRequest> =
  (services) => async (request) => {
    const { path, body, author, signal } = request
    await requireListening(services, path.merchantId, body.action, signal)
    const now = new Date(services.nowMs()).toISOString()
    const id = request.newId('qrc')
    const qrCode: QrCode = {
      id,
      merchantId: path.merchantId,
      ...body,
      code: services.newQrCode(),
      revision: 1,
      createdAt: now,
      updatedAt: now,
    }
    const saved = await services.qrCodes.create(qrCode, author, signal)
    return savedReply(saved, (entity) => entity, `/v1/merchants/${path.merchantId}/qr-codes/${id}`)
  }
