/** Writes numbers and ids one after another into bytes that grow. */
export type ByteWriter = { bytes: Uint8Array; at: number }

/** Reads them again; running over the end is an error. */
export type ByteReader = { readonly bytes: Uint8Array; at: number }

const FIRST_BYTES = 1024
/** A whole number that JavaScript holds exactly has 53 bits: 8 groups of 7. */
const MAX_VARINT_BYTES = 8

export const newWriter = (): ByteWriter => ({ bytes: new Uint8Array(FIRST_BYTES), at: 0 })

export const written = ({ bytes, at }: ByteWriter): Uint8Array => bytes.slice(0, at)

const room = (writer: ByteWriter, count: number): void => {
  if (writer.at + count <= writer.bytes.length) return
  const grown = new Uint8Array(2 * writer.bytes.length + count)
  grown.set(writer.bytes)
  writer.bytes = grown
}

export const writeByte = (writer: ByteWriter, value: number): void => {
  room(writer, 1)
  writer.bytes[writer.at] = value
  writer.at += 1
}

/**
 * Writes a whole number from 0 to 2^53 in groups of 7 bits, the lowest first (LEB128).
 *
 * @throws {Error} for any other number: that is a programming error
 */
export const writeCount = (writer: ByteWriter, value: number): void => {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a count: ${value}`)
  room(writer, MAX_VARINT_BYTES)
  let rest = value
  // Beyond 32 bits the bit operators would cut the number.
  while (rest >= 0x80) {
    writer.bytes[writer.at] = (rest % 0x80) + 0x80
    writer.at += 1
    rest = Math.floor(rest / 0x80)
  }
  writer.bytes[writer.at] = rest
  writer.at += 1
}

/** Writes a whole number of either sign: small ones of both signs take few bytes ("zigzag"). */
export const writeSigned = (writer: ByteWriter, value: number): void =>
  writeCount(writer, value < 0 ? -2 * value - 1 : 2 * value)

export const writeBytes = (writer: ByteWriter, bytes: Uint8Array): void => {
  room(writer, bytes.length)
  writer.bytes.set(bytes, writer.at)
  writer.at += bytes.length
}

/** @throws {Error} at the end of the bytes */
export const readByte = (reader: ByteReader): number => {
  const value = reader.bytes[reader.at]
  if (value === undefined) throw new Error('packed presence: cut short')
  reader.at += 1
  return value
}

/** @throws {Error} when the number is longer than one that was written, or cut short */
export const readCount = (reader: ByteReader): number => {
  let value = 0
  let scale = 1
  for (let count = 0; count < MAX_VARINT_BYTES; count++) {
    const byte = readByte(reader)
    value += (byte % 0x80) * scale
    if (byte < 0x80) {
      if (Number.isSafeInteger(value)) return value
      break
    }
    scale *= 0x80
  }
  throw new Error('packed presence: a number is too long')
}

export const readSigned = (reader: ByteReader): number => {
  const value = readCount(reader)
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** @throws {Error} when fewer bytes are left */
export const readBytes = (reader: ByteReader, count: number): Uint8Array => {
  const end = reader.at + count
  if (end > reader.bytes.length) throw new Error('packed presence: cut short')
  const bytes = reader.bytes.subarray(reader.at, end)
  reader.at = end
  return bytes
}
