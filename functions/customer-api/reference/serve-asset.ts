import { gunzipSync } from 'node:zlib'
import type { AssetName, ReadAsset } from '#functions/customer-api/reference/read-asset.ts'
import type { OpenRequest } from '#shared/runtime/http/open-route.ts'
import type { Reply } from '#shared/runtime/http/route.ts'

const takesGzip = ({ headers }: OpenRequest): boolean => /\bgzip\b/i.test(headers['accept-encoding'] ?? '')

/**
 * Answers a file that changes with a deployment only.
 *
 * @example 'GET /openapi.json': openRoute({ …, use: serveAsset('openapi.json', 'application/json') })
 */
export const serveAsset =
  (name: AssetName, contentType: string) =>
  ({ readAsset }: { readonly readAsset: ReadAsset }) =>
  async (request: OpenRequest): Promise<Reply> => {
    const compressed = await readAsset(name)
    const headers = {
      'content-type': contentType,
      'cache-control': 'public, max-age=300',
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
    }
    return takesGzip(request)
      ? { status: 200, bytes: compressed, headers: { ...headers, 'content-encoding': 'gzip' } }
      : { status: 200, bytes: gunzipSync(compressed), headers }
  }
