import { gunzipSync } from 'node:zlib'
import {
  ASSETS,
  type AssetName,
  isAssetName,
  type ReadAsset,
} from '#functions/customer-api/reference/read-asset.ts'
import type { OpenRequest } from '#shared/runtime/http/open-route.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { Reply } from '#shared/runtime/http/route.ts'

type Services = { readonly readAsset: ReadAsset }

/** The page loads from here, asks here, and is shown in no other page. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const takesGzip = ({ headers }: OpenRequest): boolean => /\bgzip\b/i.test(headers['accept-encoding'] ?? '')

const answer = async ({ readAsset }: Services, name: AssetName, request: OpenRequest): Promise<Reply> => {
  const { gzip, tag } = await readAsset(name)
  const isCompressed = takesGzip(request)
  return {
    status: 200,
    bytes: isCompressed ? gzip : gunzipSync(gzip),
    headers: {
      'content-type': ASSETS[name],
      // Weak, for it is the same tag with and without compression.
      etag: `W/"${tag}"`,
      'cache-control': 'public, max-age=300',
      vary: 'accept-encoding',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      ...(isCompressed && { 'content-encoding': 'gzip' }),
    },
  }
}

/**
 * Answers a file that changes with a deployment only.
 *
 * @example 'GET /openapi.json': openRoute({ …, use: serveAsset('openapi.json') })
 */
export const serveAsset =
  (name: AssetName) =>
  (services: Services) =>
  (request: OpenRequest): Promise<Reply> =>
    answer(services, name, request)

/** Answers the file of the reference page that the path names. */
export const serveNamedAsset =
  (services: Services) =>
  (request: OpenRequest): Promise<Reply> => {
    const name = request.path['file'] ?? ''
    if (!isAssetName(name)) throw new Problem('notFound')
    return answer(services, name, request)
  }
