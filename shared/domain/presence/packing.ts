import type { Fix } from '#shared/domain/presence/fix.ts'

// One fix: offset from the first fix in ms (uint32), latitude and longitude in 1e-7 degrees (int32), accuracy in
// decimetres (uint16); little endian, after a float64 with the first fix's time.
const HEADER_BYTES = 8
const FIX_BYTES = 14
const STEPS_PER_DEGREE = 1e7

/**
 * Packs fixes, in order and within 49 days of each other, into 8 + 14 bytes each. Lossless for fixes made by `toFix`.
 *
 * @example unpackFixes(packFixes(fixes)) // equal to fixes
 */
export const packFixes = (fixes: readonly Fix[]): Uint8Array => {
  const first = fixes[0]
  if (first === undefined) return new Uint8Array(0)
  const bytes = new Uint8Array(HEADER_BYTES + fixes.length * FIX_BYTES)
  const view = new DataView(bytes.buffer)
  view.setFloat64(0, first.atMs, true)
  fixes.forEach((fix, index) => {
    const at = HEADER_BYTES + index * FIX_BYTES
    view.setUint32(at, fix.atMs - first.atMs, true)
    view.setInt32(at + 4, Math.round(fix.lat * STEPS_PER_DEGREE), true)
    view.setInt32(at + 8, Math.round(fix.lon * STEPS_PER_DEGREE), true)
    view.setUint16(at + 12, Math.round(fix.accuracyM * 10), true)
  })
  return bytes
}

/**
 * The reverse of `packFixes`.
 *
 * @throws {Error} when the bytes have another length than packed fixes can have
 */
export const unpackFixes = (bytes: Uint8Array): Fix[] => {
  if (bytes.length === 0) return []
  if ((bytes.length - HEADER_BYTES) % FIX_BYTES !== 0)
    throw new Error(`not packed fixes: ${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const firstMs = view.getFloat64(0, true)
  const count = (bytes.length - HEADER_BYTES) / FIX_BYTES
  return Array.from({ length: count }, (_, index) => {
    const at = HEADER_BYTES + index * FIX_BYTES
    return {
      atMs: firstMs + view.getUint32(at, true),
      lat: view.getInt32(at + 4, true) / STEPS_PER_DEGREE,
      lon: view.getInt32(at + 8, true) / STEPS_PER_DEGREE,
      accuracyM: view.getUint16(at + 12, true) / 10,
    }
  })
}
