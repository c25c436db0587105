import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { batchesOf } from '#local/replay/batches.ts'
import { percentile } from '#local/replay/percentiles.ts'
import { readPings, type TracePing } from '#local/replay/read-pings.ts'
import { readStores } from '#local/replay/read-stores.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'beckon-read-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = (name: string, content: string | Buffer): string => {
  const where = path.join(folder, name)
  writeFileSync(where, content)
  return where
}

const all = async (pings: AsyncIterable<TracePing>): Promise<TracePing[]> => {
  const list: TracePing[] = []
  for await (const ping of pings) list.push(ping)
  return list
}

const AT_MS = Date.parse('2008-05-17T14:12:10Z')

describe('pings', () => {
  const csv = 'user_id,timestamp_utc,lat,lon,occupied\ncab,2008-05-17T14:12:10Z,37.75153,-122.39447,0\n'

  it('come from CSV and from gzipped CSV', async () => {
    const expected = [{ user: 'cab', atMs: AT_MS, lat: 37.75153, lon: -122.39447 }]
    expect(await all(readPings(file('a.csv', csv)))).toEqual(expected)
    expect(await all(readPings(file('a.csv.gz', gzipSync(csv))))).toEqual(expected)
  })

  it('may have other headers, an accuracy, and times without a zone, which are UTC', async () => {
    const other = '\uFEFFUser,Time,Latitude,lng,accuracy_m\nmaria,2008-05-17 14:12:10,37.7,-122.4,12.5\n'
    expect(await all(readPings(file('b.csv', other)))).toEqual([
      { user: 'maria', atMs: AT_MS, lat: 37.7, lon: -122.4, accuracyM: 12.5 },
    ])
  })

  it('come from GPX, each track a user', async () => {
    const gpx = `<?xml version="1.0"?><gpx version="1.1" creator="test">
      <trk><name>walk</name><trkseg>
        <trkpt lat="37.7" lon="-122.4"><ele>3</ele><time>2008-05-17T14:12:10Z</time></trkpt>
        <trkpt lat="37.8" lon="-122.5"><time>2008-05-17T14:13:10Z</time></trkpt>
      </trkseg></trk>
      <trk><trkseg><trkpt lat="1" lon="2"><time>2008-05-17T14:12:10Z</time></trkpt></trkseg></trk></gpx>`
    expect(await all(readPings(file('c.gpx', gpx)))).toEqual([
      { user: 'walk', atMs: AT_MS, lat: 37.7, lon: -122.4 },
      { user: 'walk', atMs: AT_MS + 60_000, lat: 37.8, lon: -122.5 },
      { user: 'track-2', atMs: AT_MS, lat: 1, lon: 2 },
    ])
  })

  it('name file, line and column of a fault', async () => {
    const bad = (name: string, rows: string) =>
      all(readPings(file(name, `user_id,timestamp_utc,lat,lon\n${rows}`)))
    await expect(bad('d.csv', 'a,2008-05-17T14:12:10Z,1,2\na,soon,1,2\n')).rejects.toThrow(
      /d\.csv:3: not a time: soon/,
    )
    await expect(bad('e.csv', 'a,2008-05-17T14:12:10Z,95,2\n')).rejects.toThrow(/e\.csv:2: lat is 95/)
    await expect(bad('f.csv', ',2008-05-17T14:12:10Z,1,2\n')).rejects.toThrow(
      /f\.csv:2: no value in a column named user_id or user/,
    )
  })

  it('fail clearly when the file is not what its name says', async () => {
    await expect(all(readPings(file('g.csv.gz', 'not gzip')))).rejects.toThrow(/header/)
    await expect(all(readPings(path.join(folder, 'none.csv.gz')))).rejects.toThrow(/ENOENT/)
  })
})

describe('stores', () => {
  const expected = [{ id: 's1', brand: 'Bakery', lat: 37.35, lon: -121.99 }]

  it('come from CSV, with the columns of several sources', async () => {
    expect(
      await readStores(file('s.csv', 'id,brand,name,lat,lon\ns1,Bakery,Main St,37.35,-121.99\n')),
    ).toEqual(expected)
    expect(
      await readStores(file('t.csv', 'location_id,applicant,lat,lon\ns1,Bakery,37.35,-121.99\n')),
    ).toEqual(expected)
  })

  it('come from GeoJSON points', async () => {
    const point = { type: 'Point', coordinates: [-121.99, 37.35] }
    const feature = { type: 'Feature', id: 's1', properties: { brand: 'Bakery' }, geometry: point }
    const collection = JSON.stringify({ type: 'FeatureCollection', features: [feature] })
    expect(await readStores(file('s.geojson', collection))).toEqual(expected)
    await expect(readStores(file('bad.geojson', '{"type":"Feature"}'))).rejects.toThrow(
      /not a FeatureCollection/,
    )
  })
})

describe('uploads', () => {
  const pings = async function* (minutes: readonly number[]): AsyncGenerator<TracePing> {
    for (const minute of minutes) yield { user: 'a', atMs: minute * 60_000, lat: 0, lon: 0 }
  }
  const sizes = async (minutes: readonly number[], size: number, limit = 100) =>
    (await batchesOf(pings(minutes), size, limit)).map((batch) => batch.pings.length)

  it('leave when they are full, or when the phone has waited a quarter of an hour', async () => {
    expect(await sizes([0, 1, 2, 3, 4], 2)).toEqual([2, 2, 1])
    expect(await sizes([0, 1, 20, 21], 10)).toEqual([2, 2])
    expect(await sizes([0, 1, 2, 3, 4], 10, 3)).toEqual([3])
  })
})

describe('percentile', () => {
  it('is the nearest rank', () => {
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(2)
    expect(percentile([4, 1, 3, 2], 0.99)).toBe(4)
    expect(percentile([], 0.5)).toBe(0)
  })
})
