import type { IdByPrefix, IdPrefix, UserId } from '#shared/domain/ids.ts'
import {
  type ByteReader,
  type ByteWriter,
  newWriter,
  readByte,
  readBytes,
  readCount,
  readSigned,
  writeByte,
  writeBytes,
  writeCount,
  writeSigned,
  written,
} from '#shared/domain/presence/bytes.ts'
import type { Presence } from '#shared/domain/presence/fold.ts'
import type { Seen } from '#shared/domain/presence/marks.ts'
import { compareStays, type EndedStay, type Stay } from '#shared/domain/presence/stay.ts'
import { type ClosedVisit, type Transition, type VisitEnd, visitIdOf } from '#shared/domain/presence/visit.ts'
import type { CountedFix, Standing } from '#shared/domain/presence/walk.ts'

// Format 1, in this order: the watermark; the base's last fix and anchor; the fixes since; time zones, merchants and
// stores; the places of visits, made of them; the stays told as open, with how the base sees them; the base's others;
// those told as closed; the transitions and settled visits of this write. Times are ms before the watermark, fixes steps from the one before.
const FORMAT = 1

/** What one write tells the functions after it. */
export type News = { readonly transitions: readonly Transition[]; readonly settled: readonly ClosedVisit[] }

export const NO_NEWS: News = { transitions: [], settled: [] }

const STEPS_PER_DEGREE = 1e7
const steps = (degrees: number): number => Math.round(degrees * STEPS_PER_DEGREE)

/** Many phones and apps round to 5 or 6 places: what all coordinates are a multiple of is written once. */
const SCALES = [1000, 100, 10] as const

const scaleOf = (positions: readonly Seen[]): number =>
  SCALES.find((scale) =>
    positions.every(({ lat, lon }) => steps(lat) % scale === 0 && steps(lon) % scale === 0),
  ) ?? 1
const tenths = (value: number): number => Math.round(value * 10)

// ids: the 26 characters of Crockford's base 32 in 17 bytes.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const ID_CHARACTERS = 26
const ID_BYTES = 17
const VALUE_OF = new Int8Array(128).fill(-1)
for (let value = 0; value < ALPHABET.length; value++) VALUE_OF[ALPHABET.charCodeAt(value)] = value

const packId = (id: string): Uint8Array => {
  const bytes = new Uint8Array(ID_BYTES)
  const start = id.length - ID_CHARACTERS
  let [pending, bits, at] = [0, 0, 0]
  for (let index = 0; index < ID_CHARACTERS; index++) {
    pending = ((pending << 5) | (VALUE_OF[id.charCodeAt(start + index)] ?? 0)) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at] = pending >> bits
      at += 1
    }
  }
  bytes[at] = pending << (8 - bits)
  return bytes
}

const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0))

/** Built as bytes and made a string at once: strings that grow by characters are slow to compare afterwards. */
const unpackId = <P extends IdPrefix>(prefix: P, bytes: Uint8Array): IdByPrefix[P] => {
  const start = prefix.length + 1
  const text = Buffer.allocUnsafe(start + ID_CHARACTERS)
  text.write(`${prefix}_`, 'latin1')
  let [pending, bits, at] = [0, 0, start]
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5 && at < text.length) {
      bits -= 5
      text[at] = CODES[(pending >> bits) & 31] ?? 0
      at += 1
    }
  }
  // Every 130 bits are an id.
  return text.toString('latin1') as IdByPrefix[P]
}

// Fixes. The lowest bits of a fix's time say what else it has.
const MOCKED = 1
const JUMP = 2
const ACCURACY = 4
const SPEED = 8
const FLAGS = 16

/** Where the fix before was, in units of `scale` steps. */
type Point = { readonly scale: number; atMs: number; lat: number; lon: number }

/** Seconds are what most phones give: a time of whole ones takes one bit more and ten less. */
const durationCode = (ms: number): number => (ms % 1000 === 0 ? (ms / 1000) * 2 : ms * 2 + 1)

const durationOf = (code: number): number => (code % 2 === 0 ? (code / 2) * 1000 : (code - 1) / 2)

const writeDuration = (writer: ByteWriter, ms: number): void => writeCount(writer, durationCode(ms))

const readDuration = (reader: ByteReader): number => durationOf(readCount(reader))

const writeSeen = (writer: ByteWriter, from: Point, seen: Seen): void => {
  writeDuration(writer, from.atMs - seen.atMs)
  writeSigned(writer, steps(seen.lat) / from.scale)
  writeSigned(writer, steps(seen.lon) / from.scale)
}

const readSeen = (reader: ByteReader, { atMs, scale }: Point): Seen => ({
  atMs: atMs - readDuration(reader),
  lat: (readSigned(reader) * scale) / STEPS_PER_DEGREE,
  lon: (readSigned(reader) * scale) / STEPS_PER_DEGREE,
})

const flagsOf = (fix: CountedFix): number =>
  (fix.mocked === true ? MOCKED : 0) +
  (fix.jump === true ? JUMP : 0) +
  (fix.accuracyM === 0 ? 0 : ACCURACY) +
  (fix.speedMps === undefined ? 0 : SPEED)

const writeFix = (writer: ByteWriter, from: Point, fix: CountedFix): void => {
  writeCount(writer, durationCode(fix.atMs - from.atMs) * FLAGS + flagsOf(fix))
  const lat = steps(fix.lat) / from.scale
  const lon = steps(fix.lon) / from.scale
  writeSigned(writer, lat - from.lat)
  writeSigned(writer, lon - from.lon)
  if (fix.accuracyM !== 0) writeCount(writer, tenths(fix.accuracyM))
  if (fix.speedMps !== undefined) writeCount(writer, tenths(fix.speedMps))
  from.atMs = fix.atMs
  from.lat = lat
  from.lon = lon
}

const readFix = (reader: ByteReader, from: Point): CountedFix => {
  const head = readCount(reader)
  const flags = head % FLAGS
  from.atMs += durationOf(Math.floor(head / FLAGS))
  from.lat += readSigned(reader)
  from.lon += readSigned(reader)
  const fix = {
    atMs: from.atMs,
    lat: (from.lat * from.scale) / STEPS_PER_DEGREE,
    lon: (from.lon * from.scale) / STEPS_PER_DEGREE,
    accuracyM: (flags & ACCURACY) === 0 ? 0 : readCount(reader) / 10,
  }
  if ((flags & (MOCKED | JUMP | SPEED)) === 0) return fix
  return {
    ...fix,
    ...((flags & SPEED) === 0 ? {} : { speedMps: readCount(reader) / 10 }),
    ...((flags & MOCKED) === 0 ? {} : { mocked: true }),
    ...((flags & JUMP) === 0 ? {} : { jump: true }),
  }
}

// The base's last fix and its anchor: none, one that is both, a last one alone, or both.
const NO_LAST = 0
const LAST_IS_ANCHOR = 1
const LAST_ALONE = 2
const LAST_AND_ANCHOR = 3

const writeBase = (writer: ByteWriter, from: Point, { last, anchor }: Standing): void => {
  if (last === undefined) {
    writeByte(writer, NO_LAST)
    return
  }
  const isBoth = anchor !== undefined && anchor.atMs === last.atMs
  writeByte(writer, isBoth ? LAST_IS_ANCHOR : anchor === undefined ? LAST_ALONE : LAST_AND_ANCHOR)
  writeSeen(writer, from, last)
  if (anchor !== undefined && !isBoth) writeSeen(writer, from, anchor)
}

const readBase = (reader: ByteReader, from: Point): Omit<Standing, 'open'> => {
  const kind = readByte(reader)
  if (kind === NO_LAST) return {}
  if (kind > LAST_AND_ANCHOR) throw new Error(`packed presence: a base of kind ${kind}`)
  const last = readSeen(reader, from)
  if (kind === LAST_ALONE) return { last }
  return { last, anchor: kind === LAST_IS_ANCHOR ? last : readSeen(reader, from) }
}

// Places: a geofence with its merchant, its store and its time zone, each of them written once.
type Place = Pick<Stay, 'geofenceId' | 'merchantId' | 'storeId' | 'timeZone'>

type Table = { readonly names: string[]; readonly indexOf: Map<string, number> }

const newTable = (): Table => ({ names: [], indexOf: new Map() })

const indexIn = ({ names, indexOf }: Table, name: string): number => {
  const known = indexOf.get(name)
  if (known !== undefined) return known
  indexOf.set(name, names.length)
  return names.push(name) - 1
}

type Places = {
  readonly zones: Table
  readonly merchants: Table
  readonly stores: Table
  readonly all: Place[]
  readonly indexOf: Map<string, number[]>
}

const newPlaces = (): Places => ({
  zones: newTable(),
  merchants: newTable(),
  stores: newTable(),
  all: [],
  indexOf: new Map(),
})

const isPlace = (a: Place | undefined, b: Place): boolean =>
  a !== undefined && a.merchantId === b.merchantId && a.storeId === b.storeId && a.timeZone === b.timeZone

/** Which place a visit was in; a geofence that changed its store between two visits is two of them. */
const placeIn = ({ zones, merchants, stores, all, indexOf }: Places, place: Place): number => {
  const same = indexOf.get(place.geofenceId) ?? []
  const known = same.find((index) => isPlace(all[index], place))
  if (known !== undefined) return known
  indexIn(zones, place.timeZone)
  indexIn(merchants, place.merchantId)
  if (place.storeId !== undefined) indexIn(stores, place.storeId)
  const index = all.push(place) - 1
  indexOf.set(place.geofenceId, [...same, index])
  return index
}

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder('utf-8', { fatal: true })

const writePlaces = (writer: ByteWriter, { zones, merchants, stores, all }: Places): void => {
  writeCount(writer, zones.names.length)
  for (const zone of zones.names) {
    const bytes = ENCODER.encode(zone)
    writeCount(writer, bytes.length)
    writeBytes(writer, bytes)
  }
  for (const { names } of [merchants, stores]) {
    writeCount(writer, names.length)
    for (const name of names) writeBytes(writer, packId(name))
  }
  writeCount(writer, all.length)
  for (const place of all) {
    writeBytes(writer, packId(place.geofenceId))
    writeCount(writer, indexIn(merchants, place.merchantId))
    writeCount(writer, place.storeId === undefined ? 0 : indexIn(stores, place.storeId) + 1)
    writeCount(writer, indexIn(zones, place.timeZone))
  }
}

const readMany = <T>(reader: ByteReader, read: () => T): T[] => {
  const count = readCount(reader)
  // Whatever is counted takes a byte at least.
  if (count > reader.bytes.length) throw new Error(`packed presence: ${count} things in too few bytes`)
  const things: T[] = []
  while (things.length < count) things.push(read())
  return things
}

const pick = <T>(list: readonly T[], index: number): T => {
  const found = list[index]
  if (found === undefined) throw new Error(`packed presence: nothing stands at ${index}`)
  return found
}

const readPlaces = (reader: ByteReader): Place[] => {
  const zones = readMany(reader, () => DECODER.decode(readBytes(reader, readCount(reader))))
  const merchants = readMany(reader, () => unpackId('mer', readBytes(reader, ID_BYTES)))
  const stores = readMany(reader, () => unpackId('sto', readBytes(reader, ID_BYTES)))
  return readMany(reader, () => {
    const geofenceId = unpackId('gf', readBytes(reader, ID_BYTES))
    const merchantId = pick(merchants, readCount(reader))
    const store = readCount(reader)
    const timeZone = pick(zones, readCount(reader))
    return { geofenceId, merchantId, storeId: store === 0 ? undefined : pick(stores, store - 1), timeZone }
  })
}

// Open stays. What is seldom has a bit that says whether it is there.
const OUTSIDE = 1
const CONFIRM = 2
const TOLD_AS = 4
const EXIT_TOLD = 8
const IN_BASE = 16
const OUTSIDE_IN_BASE = 32

const ENDS: readonly (VisitEnd | undefined)[] = [undefined, 'exit', 'unknown', 'geofenceGone']

const endOf = (index: number): VisitEnd | undefined => {
  if (index >= ENDS.length) throw new Error(`packed presence: an end of kind ${index}`)
  return ENDS[index]
}

/** @param inBase the same stay as the base sees it, where that is where it began, too */
const writeStay = (
  writer: ByteWriter,
  places: Places,
  watermarkMs: number,
  stay: Stay,
  inBase?: Stay,
): void => {
  writeCount(writer, placeIn(places, stay))
  writeByte(
    writer,
    (stay.outsideSinceMs === undefined ? 0 : OUTSIDE) +
      (stay.confirmS === undefined ? 0 : CONFIRM) +
      (stay.toldAtMs === stay.enteredAtMs ? 0 : TOLD_AS) +
      (stay.exitTold ? EXIT_TOLD : 0) +
      (inBase === undefined ? 0 : IN_BASE) +
      (inBase?.outsideSinceMs === undefined ? 0 : OUTSIDE_IN_BASE),
  )
  // A stay that is open was nearly always seen at the newest fix; its beginning may be long ago.
  writeDuration(writer, watermarkMs - stay.lastInsideAtMs)
  writeDuration(writer, stay.lastInsideAtMs - stay.enteredAtMs)
  if (stay.outsideSinceMs !== undefined) writeDuration(writer, watermarkMs - stay.outsideSinceMs)
  if (stay.confirmS !== undefined) writeCount(writer, stay.confirmS)
  if (stay.toldAtMs !== stay.enteredAtMs) writeDuration(writer, watermarkMs - stay.toldAtMs)
  if (inBase === undefined) return
  writeDuration(writer, watermarkMs - inBase.lastInsideAtMs)
  if (inBase.outsideSinceMs !== undefined) writeDuration(writer, watermarkMs - inBase.outsideSinceMs)
}

type ReadStay = { readonly stay: Stay; readonly inBase: Stay | undefined }

const readStay = (reader: ByteReader, places: readonly Place[], watermarkMs: number): ReadStay => {
  const { geofenceId, merchantId, storeId, timeZone } = pick(places, readCount(reader))
  const flags = readByte(reader)
  const lastInsideAtMs = watermarkMs - readDuration(reader)
  const enteredAtMs = lastInsideAtMs - readDuration(reader)
  const outsideSinceMs = (flags & OUTSIDE) === 0 ? undefined : watermarkMs - readDuration(reader)
  const confirmS = (flags & CONFIRM) === 0 ? undefined : readCount(reader)
  const toldAtMs = (flags & TOLD_AS) === 0 ? enteredAtMs : watermarkMs - readDuration(reader)
  const exitTold = (flags & EXIT_TOLD) !== 0
  const place = { geofenceId, merchantId, storeId, timeZone, enteredAtMs }
  const open = { end: undefined, closedAtMs: 0 }
  const stay: Stay = { ...place, lastInsideAtMs, outsideSinceMs, confirmS, toldAtMs, exitTold, ...open }
  if ((flags & IN_BASE) === 0) return { stay, inBase: undefined }
  const inBase: Stay = {
    ...place,
    lastInsideAtMs: watermarkMs - readDuration(reader),
    outsideSinceMs: (flags & OUTSIDE_IN_BASE) === 0 ? undefined : watermarkMs - readDuration(reader),
    confirmS,
    toldAtMs: enteredAtMs,
    exitTold: false,
    ...open,
  }
  return { stay, inBase }
}

const isSameStay = (a: Stay, b: Stay): boolean =>
  a.enteredAtMs === b.enteredAtMs &&
  a.geofenceId === b.geofenceId &&
  a.confirmS === b.confirmS &&
  isPlace(a, b)

/** The open stays: what the base sees of one that was told costs a time more. */
const writeOpen = (writer: ByteWriter, places: Places, presence: Presence): void => {
  const { watermarkMs, base, told } = presence
  const inBase = told.open.map((stay) => base.open.find((one) => isSameStay(one, stay)))
  writeCount(writer, told.open.length)
  for (const [index, stay] of told.open.entries()) {
    writeStay(writer, places, watermarkMs, stay, inBase[index])
  }
  const others = base.open.filter((stay) => !inBase.includes(stay))
  writeCount(writer, others.length)
  for (const stay of others) writeStay(writer, places, watermarkMs, stay)
}

const readOpen = (reader: ByteReader, places: readonly Place[], watermarkMs: number) => {
  const told = readMany(reader, () => readStay(reader, places, watermarkMs))
  const others = readMany(reader, () => readStay(reader, places, watermarkMs))
  const shared = told.flatMap(({ inBase }) => inBase ?? [])
  const base = [...shared, ...others.map(({ stay }) => stay)]
  return {
    told: told.map(({ stay }) => stay),
    base: others.length === 0 ? base : base.toSorted(compareStays),
  }
}

// Stays that ended.
const ENDED_EXIT_TOLD = 1
const ENDED_TOLD_AS = 2
const ENDED_FLAGS = 4

const writeShort = (writer: ByteWriter, value: number): void => {
  for (const shift of [24, 16, 8, 0]) writeByte(writer, (value >>> shift) & 0xff)
}

const readShort = (reader: ByteReader): number => {
  let value = 0
  for (let count = 0; count < 4; count++) value = value * 256 + readByte(reader)
  return value
}

const writeEnded = (writer: ByteWriter, watermarkMs: number, stay: EndedStay): void => {
  const hasMoved = stay.toldAtMs !== stay.enteredAtMs
  writeShort(writer, stay.geofence)
  writeDuration(writer, watermarkMs - stay.untilMs)
  const flags = (stay.exitTold ? ENDED_EXIT_TOLD : 0) + (hasMoved ? ENDED_TOLD_AS : 0)
  writeCount(writer, durationCode(stay.untilMs - stay.enteredAtMs) * ENDED_FLAGS + flags)
  if (hasMoved) writeDuration(writer, watermarkMs - stay.toldAtMs)
}

const readEnded = (reader: ByteReader, watermarkMs: number): EndedStay => {
  const geofence = readShort(reader)
  const untilMs = watermarkMs - readDuration(reader)
  const head = readCount(reader)
  const enteredAtMs = untilMs - durationOf(Math.floor(head / ENDED_FLAGS))
  const flags = head % ENDED_FLAGS
  return {
    geofence,
    enteredAtMs,
    untilMs,
    toldAtMs: (flags & ENDED_TOLD_AS) === 0 ? enteredAtMs : watermarkMs - readDuration(reader),
    exitTold: (flags & ENDED_EXIT_TOLD) !== 0,
  }
}

// News.
const IS_EXIT = 1
const HAS_SPEED = 2
const DRAWN_AROUND = 4

const writeTransition = (
  writer: ByteWriter,
  places: Places,
  watermarkMs: number,
  transition: Transition,
): void => {
  const { type, speedMps, drawnAround, atMs, enteredAtMs, distanceM, confidence } = transition
  writeCount(writer, placeIn(places, transition))
  writeByte(
    writer,
    (type === 'exit' ? IS_EXIT : 0) +
      (speedMps === undefined ? 0 : HAS_SPEED) +
      (drawnAround === true ? DRAWN_AROUND : 0),
  )
  writeDuration(writer, watermarkMs - atMs)
  // Late fixes may have moved the exit before what was told as the beginning.
  writeSigned(writer, atMs - enteredAtMs)
  writeSigned(writer, tenths(distanceM))
  writeByte(writer, Math.round(confidence * 100))
  if (speedMps !== undefined) writeCount(writer, tenths(speedMps))
}

const storeOf = ({ storeId }: Place) => (storeId === undefined ? {} : { storeId })

const readTransition = (
  reader: ByteReader,
  places: readonly Place[],
  watermarkMs: number,
  user: UserId,
): Transition => {
  const place = pick(places, readCount(reader))
  const flags = readByte(reader)
  const atMs = watermarkMs - readDuration(reader)
  const enteredAtMs = atMs - readSigned(reader)
  const distanceM = readSigned(reader) / 10
  const confidence = readByte(reader) / 100
  return {
    type: (flags & IS_EXIT) === 0 ? 'enter' : 'exit',
    visitId: visitIdOf(user, place.geofenceId, enteredAtMs),
    geofenceId: place.geofenceId,
    merchantId: place.merchantId,
    ...storeOf(place),
    timeZone: place.timeZone,
    atMs,
    enteredAtMs,
    distanceM,
    confidence,
    ...((flags & HAS_SPEED) === 0 ? {} : { speedMps: readCount(reader) / 10 }),
    ...((flags & DRAWN_AROUND) === 0 ? {} : { drawnAround: true }),
  }
}

const writeSettled = (writer: ByteWriter, places: Places, watermarkMs: number, visit: ClosedVisit): void => {
  writeCount(writer, placeIn(places, visit))
  writeByte(writer, ENDS.indexOf(visit.end))
  writeDuration(writer, watermarkMs - visit.lastInsideAtMs)
  writeDuration(writer, visit.lastInsideAtMs - visit.enteredAtMs)
  if (visit.exitedAtMs !== undefined) writeDuration(writer, visit.exitedAtMs - visit.lastInsideAtMs)
}

const readSettled = (
  reader: ByteReader,
  places: readonly Place[],
  watermarkMs: number,
  user: UserId,
): ClosedVisit => {
  const place = pick(places, readCount(reader))
  const end = endOf(readByte(reader))
  if (end === undefined) throw new Error('packed presence: a settled visit without an end')
  const lastInsideAtMs = watermarkMs - readDuration(reader)
  const enteredAtMs = lastInsideAtMs - readDuration(reader)
  return {
    visitId: visitIdOf(user, place.geofenceId, enteredAtMs),
    geofenceId: place.geofenceId,
    merchantId: place.merchantId,
    ...storeOf(place),
    timeZone: place.timeZone,
    enteredAtMs,
    lastInsideAtMs,
    end,
    ...(end === 'exit' ? { exitedAtMs: lastInsideAtMs + readDuration(reader) } : {}),
  }
}

/**
 * Packs presence and what its write tells into bytes: a fix of each minute takes about 8, a visit about 6 and once 19
 * for its place (36 with a store of its own). Lossless for fixes made by `toFix`, and for visits and transitions made
 * by `fold`; visit ids are not stored, they follow from what is.
 *
 * @throws {Error} for a time after the watermark, which `fold` never makes
 * @example unpackPresence(packPresence(folded.presence, folded)) // equal to folded.presence
 */
export const packPresence = (presence: Presence, news: News): Uint8Array => {
  const { watermarkMs, base, fixes, told } = presence
  const places = newPlaces()
  const body = newWriter()
  writeOpen(body, places, presence)
  writeCount(body, told.closed.length)
  for (const stay of told.closed) writeEnded(body, watermarkMs, stay)
  writeCount(body, news.transitions.length)
  for (const transition of news.transitions) writeTransition(body, places, watermarkMs, transition)
  writeCount(body, news.settled.length)
  for (const visit of news.settled) writeSettled(body, places, watermarkMs, visit)

  const whole = newWriter()
  const scale = scaleOf([...fixes, ...seenIn(base)])
  writeByte(whole, FORMAT)
  writeCount(whole, watermarkMs)
  writeCount(whole, scale)
  writeBase(whole, { scale, atMs: watermarkMs, lat: 0, lon: 0 }, base)
  writeCount(whole, fixes.length)
  const from = pointBefore(base.last, scale, fixes[0]?.atMs ?? watermarkMs)
  if (base.last === undefined) writeDuration(whole, watermarkMs - from.atMs)
  for (const fix of fixes) writeFix(whole, from, fix)
  writePlaces(whole, places)
  writeBytes(whole, body.bytes.subarray(0, body.at))
  return written(whole)
}

const seenIn = ({ last, anchor }: Standing): Seen[] => [last, anchor].filter((seen) => seen !== undefined)

/** What the first fix is a step from: the base's last fix, or its own time. */
const pointBefore = (last: Seen | undefined, scale: number, firstMs: number): Point =>
  last === undefined
    ? { scale, atMs: firstMs, lat: 0, lon: 0 }
    : { scale, atMs: last.atMs, lat: steps(last.lat) / scale, lon: steps(last.lon) / scale }

type Opened = {
  readonly reader: ByteReader
  readonly presence: Presence
  readonly places: readonly Place[]
}

const openState = (bytes: Uint8Array): Opened => {
  const reader: ByteReader = { bytes, at: 0 }
  const format = readByte(reader)
  if (format !== FORMAT) throw new Error(`packed presence: format ${format}`)
  const watermarkMs = readCount(reader)
  const scale = readCount(reader)
  const base = readBase(reader, { scale, atMs: watermarkMs, lat: 0, lon: 0 })
  const count = readCount(reader)
  if (count > bytes.length) throw new Error(`packed presence: ${count} fixes in too few bytes`)
  const firstMs = base.last === undefined ? watermarkMs - readDuration(reader) : watermarkMs
  const from = pointBefore(base.last, scale, firstMs)
  const fixes: CountedFix[] = []
  while (fixes.length < count) fixes.push(readFix(reader, from))
  const places = readPlaces(reader)
  const open = readOpen(reader, places, watermarkMs)
  const closed = readMany(reader, () => readEnded(reader, watermarkMs))
  const presence: Presence = {
    watermarkMs,
    base: { open: open.base, ...base },
    fixes,
    told: { open: open.told, closed },
  }
  return { reader, presence, places }
}

/**
 * Reads presence as `packPresence` wrote it; its news are left unread.
 *
 * @throws {Error} when the bytes have another format, are cut short, or say what cannot be
 */
export const unpackPresence = (bytes: Uint8Array): Presence => openState(bytes).presence

/**
 * Reads what the write of presence told.
 *
 * @param user whose presence it is: visit ids are made of it
 * @throws {Error} as `unpackPresence`, and when bytes are left over
 */
export const unpackNews = (bytes: Uint8Array, user: UserId): News => {
  const { reader, presence, places } = openState(bytes)
  const { watermarkMs } = presence
  const transitions = readMany(reader, () => readTransition(reader, places, watermarkMs, user))
  const settled = readMany(reader, () => readSettled(reader, places, watermarkMs, user))
  if (reader.at !== bytes.length) throw new Error('packed presence: bytes are left over')
  return { transitions, settled }
}
