import { readFile } from 'node:fs/promises'

/** The files that bundling puts beside this function's code, each compressed by gzip (scripts/write-reference.ts). */
export type AssetName = 'openapi.json'

/** The compressed bytes of a file. */
export type ReadAsset = (name: AssetName) => Promise<Uint8Array>

/**
 * @param folder with a slash at its end
 * @example const readAsset = createReadAsset(new URL('./reference/', import.meta.url))
 */
export const createReadAsset = (folder: URL): ReadAsset => {
  const kept = new Map<AssetName, Uint8Array>()
  return async (name) => {
    const bytes = kept.get(name) ?? (await readFile(new URL(`${name}.gz`, folder)))
    kept.set(name, bytes)
    return bytes
  }
}
