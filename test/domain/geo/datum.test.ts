import { describe, expect, it } from 'vitest'
import { DATUMS, type Datum, fromWgs84, toWgs84 } from '#shared/domain/geo/datum.ts'
import { distanceM } from '#shared/domain/geo/distance.ts'
import { HAS_DATA, readSuite } from './suites.ts'

type Crs = 'WGS84' | 'GCJ02' | 'BD09'
type Suite = {
  tolerance_decimal_places: { [pair: string]: number }
  cases: { attrs: { name: string }; coords: { [crs in Crs]: [number, number] } }[]
  extra: { from_: string; to: string; input: unknown; expected?: [number, number]; places?: number }[]
}

const CRS: { [datum in Datum]: Crs } = { wgs84: 'WGS84', gcj02: 'GCJ02', bd09: 'BD09' }

const suite = readSuite<Suite>('gcoord_china_cities.json')

const closeTo = (
  actual: { lat: number; lon: number },
  [lon = 0, lat = 0]: readonly number[],
  places: number,
): void => {
  expect(actual.lon).toBeCloseTo(lon, places)
  expect(actual.lat).toBeCloseTo(lat, places)
}

describe.skipIf(!HAS_DATA)('the cities of gcoord', () => {
  it.each(['gcj02', 'bd09'] as const)('are converted from and to %s at its tolerances', (datum) => {
    for (const { coords } of suite?.cases ?? []) {
      const [wgs, other] = [coords.WGS84, coords[CRS[datum]]]
      const places = suite?.tolerance_decimal_places ?? {}
      const there = fromWgs84({ lon: wgs[0], lat: wgs[1] }, datum)
      closeTo(there, other, places[`WGS84_to_${CRS[datum]}`] ?? 9)
      const back = toWgs84({ lon: other[0], lat: other[1] }, datum)
      closeTo(back, wgs, places[`${CRS[datum]}_to_WGS84`] ?? 9)
    }
  })

  it('come back to where they were', () => {
    for (const { coords, attrs } of suite?.cases ?? []) {
      const [lon, lat] = coords.WGS84
      for (const [datum, metres] of [
        ['wgs84', 0],
        ['gcj02', 0.2],
        ['bd09', 0.5],
      ] as const) {
        const back = toWgs84(fromWgs84({ lon, lat }, datum), datum)
        expect(distanceM(back, { lon, lat }), attrs.name).toBeLessThanOrEqual(metres)
      }
    }
  })

  it('have special cases, of which those between two datums hold', () => {
    const known = Object.values<string>(CRS)
    const applies = suite?.extra.filter(
      ({ from_, to, expected }) => known.includes(from_) && known.includes(to) && expected,
    )
    // The others pass text or one number, which the types rule out, or ask for Web Mercator, which is no datum.
    expect(applies).toHaveLength(3)
    for (const { from_, to, input, expected = [0, 0], places = 9 } of applies ?? []) {
      const [lon, lat] = input as [number, number]
      const [from, into] = [from_, to].map((crs) => DATUMS.find((datum) => CRS[datum] === crs) ?? 'wgs84')
      closeTo(fromWgs84(toWgs84({ lon, lat }, from ?? 'wgs84'), into ?? 'wgs84'), expected, places)
    }
  })
})

describe('datums', () => {
  it('move a place in Beijing by some hundred metres', () => {
    const tiananmen = { lat: 39.9077858, lon: 116.3912108 }
    expect(distanceM(fromWgs84(tiananmen, 'gcj02'), tiananmen)).toBeCloseTo(555, -1)
    expect(distanceM(fromWgs84(tiananmen, 'bd09'), tiananmen)).toBeCloseTo(1378, -1)
    expect(fromWgs84(tiananmen, 'wgs84')).toEqual(tiananmen)
  })

  it.each(DATUMS)('never lead off the globe: %s', (datum) => {
    for (const lat of [-90, 0, 90]) {
      for (const lon of [-180, 180]) {
        for (const moved of [toWgs84({ lat, lon }, datum), fromWgs84({ lat, lon }, datum)]) {
          expect(Math.abs(moved.lat)).toBeLessThanOrEqual(90)
          expect(Math.abs(moved.lon)).toBeLessThanOrEqual(180)
          expect(distanceM(moved, { lat, lon })).toBeLessThan(1500)
        }
      }
    }
  })

  it('move nothing outside of China', () => {
    const paris = { lat: 48.857, lon: 2.351 }
    expect(toWgs84(paris, 'gcj02')).toEqual(paris)
  })
})
