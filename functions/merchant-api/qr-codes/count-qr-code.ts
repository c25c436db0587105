import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { QrCodeId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'qrCodes' | 'sumScans'>
type Path = MerchantPath & { readonly qrCodeId: QrCodeId }

/** Counts the scans of a QR code since it was made. */
export const countQrCode: MemberUseCase<Services, Path> =
  ({ qrCodes, sumScans }) =>
  async ({ path, signal }) => {
    const qrCode = await qrCodes.find(path.merchantId, path.qrCodeId, signal)
    if (qrCode === undefined) throw new Problem('notFound')
    return { status: 200, body: await sumScans(qrCode.id, signal) }
  }
