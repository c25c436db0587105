import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { fromWgs84 } from '#shared/domain/geo/datum.ts'
import { moved, SQUARE } from '#test/support/builders.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const folder = mkdtempSync(path.join(tmpdir(), 'beckon-rehearse-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = (name: string, content: string | Buffer): string => {
  const where = path.join(folder, name)
  writeFileSync(where, content)
  return where
}

const run = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['local/rehearse.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return { status, stdout, stderr, lines: stdout.split('\n').filter((line) => line !== '') }
}

const point = (id: unknown, radiusM: unknown, { lat, lon } = SQUARE) => ({
  type: 'Feature',
  id,
  properties: { radiusM },
  geometry: { type: 'Point', coordinates: [lon, lat] },
})

const west = SQUARE.lon - 0.005
const east = SQUARE.lon + 0.005
const block = {
  type: 'Feature',
  id: 7,
  properties: {},
  geometry: {
    type: 'Polygon',
    coordinates: [
      [
        [west, SQUARE.lat - 0.003],
        [east, SQUARE.lat - 0.003],
        [east, SQUARE.lat + 0.003],
        [west, SQUARE.lat + 0.003],
        [west, SQUARE.lat - 0.003],
      ],
    ],
  },
}
const collection = (...features: readonly unknown[]): string =>
  JSON.stringify({ type: 'FeatureCollection', features })

const geofences = file('two.geojson', collection(point('square', 150), block))
const FAR = moved(SQUARE, 3000)

const csv = (...rows: readonly string[]): string =>
  ['user_id,timestamp_utc,lat,lon,accuracy_m', ...rows, ''].join('\n')
const rowAt = (user: string, time: string, { lat, lon } = SQUARE, accuracyM = 0): string =>
  `${user},2026-05-01T${time}Z,${lat},${lon},${accuracyM}`

describe('rehearse', () => {
  it('says of every ping what contains it, what is open after it and what happened', () => {
    const pings = file(
      'visit.csv',
      csv(rowAt('a', '10:00:00'), rowAt('a', '10:01:00', FAR), rowAt('a', '10:02:00', FAR)),
    )
    const { status, lines } = run('--geofences', geofences, '--pings', pings)
    expect(status).toBe(0)
    const answers = lines.map((line) => JSON.parse(line))
    expect(answers[0]).toMatchObject({
      user: 'a',
      at: '2026-05-01T10:00:00.000Z',
      lat: SQUARE.lat,
      lon: SQUARE.lon,
      inside: [7, 'square'],
      open: [7, 'square'],
      marks: [],
    })
    expect(Object.keys(answers[0])).toEqual([
      'user',
      'at',
      'lat',
      'lon',
      'inside',
      'open',
      'transitions',
      'marks',
    ])
    expect(answers[0].transitions).toContainEqual({
      type: 'enter',
      geofence: 'square',
      visit: expect.stringMatching(/^vis_/),
      at: '2026-05-01T10:00:00.000Z',
      distanceM: -150,
      confidence: 1,
    })
    expect(answers[1]).toMatchObject({ inside: [], open: [7, 'square'], transitions: [] })
    expect(answers[2]).toMatchObject({ inside: [], open: [] })
    expect(answers[2].transitions.map(({ type }: { type: string }) => type)).toEqual(['exit', 'exit'])
  })

  it('keeps the order of the file and marks what is not believed, of each user alone', () => {
    const pings = file(
      'marks.csv',
      csv(rowAt('a', '10:00:00'), rowAt('b', '09:00:00', SQUARE, 0.2), rowAt('a', '09:00:00')),
    )
    const answers = run('--geofences', geofences, '--pings', pings).lines.map((line) => JSON.parse(line))
    expect(answers.map(({ user, marks }) => [user, marks])).toEqual([
      ['a', []],
      ['b', ['accuracy']],
      ['a', ['tooLate']],
    ])
    expect(answers[1]).toMatchObject({ inside: [7, 'square'], open: [], transitions: [] })
  })

  it('names bad lines by number, goes on without them, and says so by its exit code', () => {
    const pings = file('bad.csv', csv(rowAt('a', '10:00:00'), 'a,soon,1,2,0', 'a,,,', rowAt('a', '10:01:00')))
    const { status, lines, stderr } = run('--geofences', geofences, '--pings', pings)
    expect(status).toBe(1)
    expect(lines).toHaveLength(2)
    expect(stderr).toMatch(/bad\.csv:3: not a time: soon/)
    expect(stderr).toMatch(/bad\.csv:4: /)
    expect(stderr).toMatch(/2 bad lines/)
  })

  it('names bad geofences by number and by where they are wrong', () => {
    const bowTie = {
      ...block,
      id: 'bow',
      geometry: {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 1],
            [1, 0],
            [0, 1],
            [0, 0],
          ],
        ],
      },
    }
    const bad = file(
      'bad.geojson',
      collection(point('ok', 100), point('tiny', 1), point(true, 100), bowTie, point('ok', 50)),
    )
    const pings = file('one.csv', csv(rowAt('a', '10:00:00')))
    const { status, lines, stderr } = run('--geofences', bad, '--pings', pings)
    expect(status).toBe(1)
    expect(JSON.parse(lines[0] ?? '').inside).toEqual(['ok'])
    expect(stderr).toMatch(/feature 2: \/properties\/radiusM: /)
    expect(stderr).toMatch(/feature 3: the id of a feature/)
    expect(stderr).toMatch(/feature 4: \/geometry\/coordinates/)
    expect(stderr).toMatch(/feature 5: another feature has the id ok/)
  })

  it('reads NDJSON and gzipped files, and lays out a table', () => {
    const line = JSON.stringify({
      user: 'a',
      at: '2026-05-01T10:00:00Z',
      ...SQUARE,
      accuracyM: 8,
      mocked: true,
    })
    const pings = file('pings.ndjson.gz', gzipSync(`${line}\n\nnonsense\n`))
    const { status, lines, stderr } = run('--geofences', geofences, '--pings', pings, '--format', 'table')
    expect(status).toBe(1)
    expect(stderr).toMatch(/pings\.ndjson\.gz:3: /)
    expect(lines[0]).toMatch(/^user +at +lat +lon +inside +open +transitions +marks$/)
    expect(lines[1]).toMatch(/^a +2026-05-01T10:00:00\.000Z .* 7 square +- +- +mocked$/)
  })

  it('takes coordinates of both files in the declared datum, and gives them back as they came', () => {
    const here = { lat: 39.908, lon: 116.397 }
    const given = fromWgs84(here, 'bd09')
    const shop = file('beijing.geojson', collection(point('shop', 20, given)))
    const pings = file('beijing.csv', csv(rowAt('a', '10:00:00', given), rowAt('b', '10:00:00', here)))
    const answers = run('--geofences', shop, '--pings', pings, '--datum', 'bd09').lines.map((line) =>
      JSON.parse(line),
    )
    expect(answers.map(({ inside }) => inside)).toEqual([['shop'], []])
    expect(answers[0]).toMatchObject(given)
  })

  it('calls a geofence without an id by its place in the file', () => {
    const nameless = file('nameless.geojson', collection(point('far', 10, FAR), point(undefined, 100)))
    const pings = file('nameless.csv', csv(rowAt('a', '10:00:00')))
    const { status, lines } = run('--geofences', nameless, '--pings', pings)
    expect([status, JSON.parse(lines[0] ?? '').inside]).toEqual([0, ['#2']])
  })

  it('says what is wrong with the command itself by another exit code', () => {
    const pings = file('ok.csv', csv(rowAt('a', '10:00:00')))
    expect(run('--pings', pings).status).toBe(2)
    expect(run('--geofences', geofences, '--pings', path.join(folder, 'none.csv')).status).toBe(2)
    expect(run('--geofences', geofences, '--pings', pings, '--datum', 'mars').status).toBe(2)
    expect(run('--geofences', geofences, '--pings', pings, '--wat').status).toBe(2)
    const noJson = run('--geofences', pings, '--pings', pings)
    expect([noJson.status, noJson.stdout]).toEqual([1, ''])
    expect(run('--help').status).toBe(0)
  })

  it('writes nothing but its answer', () => {
    const before = readdirSync(folder).toSorted()
    run('--geofences', geofences, '--pings', path.join(folder, 'visit.csv'))
    expect(readdirSync(folder).toSorted()).toEqual(before)
  })
})
