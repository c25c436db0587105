import decodeQR from 'qr/decode.js'

const SCALE = 4

/** Reads a QR code as a till's camera does: from pixels, `SCALE` of them a module. */
export const readQr = (modules: readonly (readonly boolean[])[]): string => {
  const size = modules.length * SCALE
  const data = new Uint8Array(size * size * 4).fill(255)
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      if (modules[Math.floor(y / SCALE)]?.[Math.floor(x / SCALE)])
        data.fill(0, (y * size + x) * 4, (y * size + x) * 4 + 3)
    }
  }
  // Its default is the time between two pictures of a camera; a test has no hurry.
  return decodeQR({ width: size, height: size, data }, { timeLimit: 5_000 })
}
