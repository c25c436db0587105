import { encodeQR } from 'qr'
import type { MemberUseCase, MerchantPath } from '#functions/merchant-api/member-route.ts'
import type { MerchantServices } from '#functions/merchant-api/services.ts'
import type { QrCodeId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

type Services = Pick<MerchantServices, 'qrCodes' | 'qrUrl'>
type Path = MerchantPath & { readonly qrCodeId: QrCodeId }

/** The margin that readers need (ISO/IEC 18004). */
const QUIET_ZONE = 4
const CHARACTERS_A_LINE = 30
const LINE_HEIGHT = 3

/** Lines of at most 30 characters, broken at spaces where there are some. */
const linesOf = (caption: string): string[] =>
  (
    caption.match(new RegExp(`\\S.{0,${CHARACTERS_A_LINE - 1}}(?=\\s|$)|\\S{1,${CHARACTERS_A_LINE}}`, 'g')) ??
    []
  ).map((line) => line.trim())

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** The modules that are dark, each as a square of one unit, in one path. */
const pathOf = (modules: readonly (readonly boolean[])[]): string =>
  modules.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')

const svgOf = (text: string, caption: string): string => {
  const modules = encodeQR(text, 'raw', { ecc: 'quartile', border: QUIET_ZONE })
  const size = modules.length
  const lines = linesOf(caption)
  const height = size + lines.length * LINE_HEIGHT + 1
  const words = lines
    .map(
      (line, index) =>
        `<tspan x="${size / 2}" y="${size + (index + 0.6) * LINE_HEIGHT}">${escaped(line)}</tspan>`,
    )
    .join('')
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${height}" role="img" aria-label="${escaped(caption)}">`,
    `<rect width="${size}" height="${height}" fill="#fff"/>`,
    `<path d="${pathOf(modules)}" fill="#000" shape-rendering="crispEdges"/>`,
    `<text font-family="sans-serif" font-size="2.2" text-anchor="middle" fill="#000">${words}</text></svg>`,
  ].join('')
}

/** Draws what is printed: the code, as a quarter of it may be lost, and below it what it is for. */
export const drawQrCode: MemberUseCase<Services, Path> =
  ({ qrCodes, qrUrl }) =>
  async ({ path, signal }) => {
    const qrCode = await qrCodes.find(path.merchantId, path.qrCodeId, signal)
    if (qrCode === undefined) throw new Problem('notFound')
    return {
      status: 200,
      text: svgOf(`${qrUrl}${qrCode.code}`, qrCode.caption),
      headers: {
        'content-type': 'image/svg+xml',
        'content-security-policy': "default-src 'none'",
        'x-content-type-options': 'nosniff',
      },
    }
  }
