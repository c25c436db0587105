import {
  LocationClient,
  SearchPlaceIndexForTextCommand,
  type SearchPlaceIndexForTextCommandInput,
} from '@aws-sdk/client-location'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { foldText, loadCities } from '#local/peers/city-search.ts'
import { toAlpha2, toAlpha3 } from '#local/peers/country-codes.ts'
import { createPlaces } from '#local/peers/places.ts'
import { dummyAws, type PeerServer, servePeer } from './peer-server.ts'

let server: PeerServer
let location: LocationClient

beforeAll(async () => {
  const places = createPlaces({ indexes: ['stores'] })
  server = await servePeer((request) => places.handle(request))
  // Amazon Location puts "places." before the host, which an address has no room for.
  location = new LocationClient({ ...dummyAws, endpoint: `${server.url}/location`, disableHostPrefix: true })
})
afterAll(async () => {
  location.destroy()
  await server.close()
})

const search = (Text: string, rest: Partial<SearchPlaceIndexForTextCommandInput> = {}) =>
  location.send(new SearchPlaceIndexForTextCommand({ IndexName: 'stores', Text, ...rest }))
const labels = async (Text: string, rest: Partial<SearchPlaceIndexForTextCommandInput> = {}) =>
  (await search(Text, rest)).Results?.map(({ Place }) => Place?.Label)

describe('SearchPlaceIndexForText', () => {
  it('finds the town in an address', async () => {
    const { Results, Summary } = await search('Stockton Street, San Francisco, CA', { MaxResults: 1 })
    expect(Results).toEqual([
      {
        Place: {
          Label: 'San Francisco, CA, USA',
          Geometry: { Point: [expect.closeTo(-122.42, 1), expect.closeTo(37.77, 1)] },
          Municipality: 'San Francisco',
          Region: 'CA',
          Country: 'USA',
          Interpolated: false,
          Categories: ['MunicipalityType'],
          TimeZone: { Name: 'America/Los_Angeles' },
        },
        Relevance: 1,
      },
    ])
    expect(Summary).toMatchObject({
      Text: 'Stockton Street, San Francisco, CA',
      MaxResults: 1,
      DataSource: 'Esri',
    })
  })

  it.each([
    ['1 Market St San Francisco CA 94103', 'San Francisco, CA, USA'],
    ['Paris', 'Paris, FRA'],
    ['Paris, TX', 'Paris, TX, USA'],
    ['Main Street, Springfield, IL, USA', 'Springfield, IL, USA'],
    ['SÃO PAULO', 'São Paulo, BRA'],
    ['sao paulo, brazil', 'São Paulo, BRA'],
    ['Georgia Street, Vancouver, Canada', 'Vancouver, CAN'],
  ])('finds %s as %s', async (text, label) => {
    expect((await labels(text, { MaxResults: 3 }))?.[0]).toBe(label)
  })

  it('looks in the countries it is told', async () => {
    expect((await labels('Paris', { FilterCountries: ['CAN', 'USA'] }))?.[0]).toBe('Paris, TX, USA')
    expect(await labels('Paris', { FilterCountries: ['ISL'] })).toEqual([])
  })

  it('prefers the larger, or what is nearer to the bias position, and says how far', async () => {
    expect((await labels('London'))?.[0]).toBe('London, ENG, GBR')
    const { Results } = await search('London', { BiasPosition: [-81.2, 43] })
    expect(Results?.[0]).toMatchObject({ Place: { Country: 'CAN' }, Distance: expect.any(Number) })
    expect(Results?.[0]?.Distance).toBeLessThan(30_000)
  })

  it('stays inside a box', async () => {
    expect(await labels('Paris', { FilterBBox: [-100, 30, -90, 36] })).toContain('Paris, TX, USA')
    expect(await labels('Paris', { FilterBBox: [-100, 30, -90, 36] })).not.toContain('Paris, FRA')
  })

  it('answers no results for a text that names no town', async () => {
    const { Results, Summary } = await search('qqqq zzzz')
    expect(Results).toEqual([])
    expect(Summary).toMatchObject({ Text: 'qqqq zzzz' })
  })

  it('answers at most what is asked for', async () => {
    expect(await labels('San Jose', { MaxResults: 4 })).toHaveLength(4)
  })

  it.each<[string, Partial<SearchPlaceIndexForTextCommandInput>, string]>([
    ['an empty text', { Text: '' }, 'Text'],
    ['a text of 201 characters', { Text: 'x'.repeat(201) }, 'Text'],
    ['51 results', { MaxResults: 51 }, 'MaxResults'],
    ['a latitude of 95', { BiasPosition: [0, 95] }, 'BiasPosition.1'],
    ['a country of two letters', { FilterCountries: ['US'] }, 'FilterCountries.0'],
    ['a bias and a box', { BiasPosition: [0, 0], FilterBBox: [0, 0, 1, 1] }, 'BiasPosition'],
  ])('refuses %s', async (_, rest, name) => {
    await expect(search('Rome', rest)).rejects.toMatchObject({
      name: 'ValidationException',
      Reason: 'FieldValidationFailed',
      FieldList: [expect.objectContaining({ Name: name })],
    })
  })

  it('knows its indexes', async () => {
    await expect(search('Rome', { IndexName: 'other' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
  })
})

describe('the gazetteer', () => {
  it('has a three-letter code for every country in it', () => {
    const countries = new Set([...loadCities().values()].flat().map(({ country }) => country))
    expect([...countries].filter((country) => toAlpha2(toAlpha3(country)) !== country)).toEqual([])
    expect(countries.size).toBeGreaterThan(240)
  })

  it('compares names without accents, case and signs', () => {
    expect(foldText("  Saint-Étienne-d'Albagnan ")).toBe('saint etienne d albagnan')
  })
})
