import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** The files that bundling puts beside this function's code (scripts/openapi/reference-files.ts), and their types. */
export const ASSETS = {
  'openapi.json': 'application/json',
  'docs.html': 'text/html; charset=utf-8',
  'start.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
} as const
export type AssetName = keyof typeof ASSETS

export const isAssetName = (name: string): name is AssetName => Object.hasOwn(ASSETS, name)

/** A file, compressed by gzip, and what tells it from its next version. */
export type Asset = { readonly gzip: Uint8Array; readonly tag: string }

export type ReadAsset = (name: AssetName) => Promise<Asset>

/**
 * @param folder with a slash at its end
 * @example const readAsset = createReadAsset(new URL('./reference/', import.meta.url))
 */
export const createReadAsset = (folder: URL): ReadAsset => {
  const kept = new Map<AssetName, Asset>()
  return async (name) => {
    const known = kept.get(name)
    if (known !== undefined) return known
    const gzip = await readFile(new URL(`${name}.gz`, folder))
    const tag = createHash('sha256').update(gzip).digest('base64url').slice(0, 22)
    const asset = { gzip, tag }
    kept.set(name, asset)
    return asset
  }
}
