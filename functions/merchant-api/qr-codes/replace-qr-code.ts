import { replaceEntity } from '#functions/merchant-api/entities/replace-entity.ts'
import { savedReply } from '#functions/merchant-api/entities/saved-reply.ts'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import { requireListening } from '#functions/merchant-api/qr-codes/require-listening.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { QrCodeRequest } from '#shared/contracts/http/qr-codes.ts'
import type { QrCodeId } from '#shared/domain/ids.ts'

type Services = Pick<MerchantServices, 'qrCodes' | 'scenes' | 'nowMs'>
type Path = MerchantPath & { readonly qrCodeId: QrCodeId }

/** Replaces what a QR code leads to and says; what is printed stays the same. */
export const replaceQrCode: MemberUseCase<Services, Path, unknown, QrCodeRequest> =
  (services) => async (request) => {
    const { path, body, signal } = request
    await requireListening(services, path.merchantId, body.action, signal)
    const saved = await replaceEntity(
      services.qrCodes,
      path.qrCodeId,
      request,
      services.nowMs(),
      ({ id, merchantId, code, createdAt }, next) => ({ id, merchantId, ...body, code, createdAt, ...next }),
    )
    return savedReply(saved, (entity) => entity)
  }
