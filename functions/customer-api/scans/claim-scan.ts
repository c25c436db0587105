import type { CustomerServices } from '#functions/customer-api/services.ts'
import type { AppEvent } from '#shared/adapters/dynamodb/customers/event-records.ts'
import { scanEventId } from '#shared/adapters/dynamodb/customers/scan-records.ts'
import type { ClaimScanRequest } from '#shared/contracts/http/qr-codes.ts'
import type { QrCode } from '#shared/domain/merchants/qr-code.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { UseCase } from '#shared/runtime/http/route.ts'

type Services = Pick<CustomerServices, 'findQrCode' | 'scans' | 'saveEvents' | 'findKnownPlaces' | 'nowMs'>

const eventOf = async (
  { findKnownPlaces }: Services,
  { id: qrCodeId, merchantId, placement: { storeId, label } }: QrCode,
  { scanId, atMs }: { readonly scanId: string; readonly atMs: number },
  signal: AbortSignal,
): Promise<AppEvent> => {
  const [place] = await findKnownPlaces([{ merchantId, ...(storeId !== undefined && { storeId }) }], signal)
  return {
    eventId: scanEventId(scanId),
    type: 'qr_scan',
    at: new Date(atMs).toISOString(),
    merchantId,
    ...(storeId !== undefined && place?.store === true && { storeId }),
    ...(place?.timeZone !== undefined && { timeZone: place.timeZone }),
    properties: { qrCodeId, placement: label },
  }
}

/**
 * Makes a scan the caller's own: one of the web page, or one that the app has just made. It becomes the same event, once:
 * so the merchant's scenes hear of it once, however it came.
 */
export const claimScan: UseCase<Services, unknown, unknown, ClaimScanRequest> =
  (services) =>
  async ({ caller, body, signal }) => {
    const now = services.nowMs()
    const known = await services.scans.find(body.scanId, now, signal)
    const code = known?.code ?? body.code
    if (code === undefined || (body.code !== undefined && body.code !== code)) throw new Problem('notFound')
    const found = await services.findQrCode(code, signal)
    if (found === undefined) throw new Problem('notFound')
    const { qrCode } = found
    const { id: qrCodeId, merchantId, action, caption } = qrCode
    const scan = { scanId: body.scanId, code, qrCodeId, merchantId, atMs: known?.atMs ?? now }
    const claimed = await services.scans.claim(caller.user, scan, body.code !== undefined, now, signal)
    if (claimed === 'taken') throw new Problem('notFound')
    if (claimed === 'erased') throw new Problem('gone')
    const event = await eventOf(services, qrCode, scan, signal)
    if ((await services.saveEvents(caller.user, [event], now, signal)) === 'erased') throw new Problem('gone')
    return { status: 200, body: { qrCodeId, merchantId, action, caption } }
  }
