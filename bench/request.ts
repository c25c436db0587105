import { DynamoDBClient, GetItemCommand, type GetItemCommandOutput } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { parsePresence } from '#shared/contracts/items/presence.ts'
import { indexOf } from '#shared/domain/geo/tile-index.ts'
import { type Fix, toFix } from '#shared/domain/presence/fix.ts'
import { fold, NO_PRESENCE, type Presence } from '#shared/domain/presence/fold.ts'
import { userIdOf } from '#shared/runtime/ids.ts'
import { setNow, startContainer } from './container.ts'
import {
  type Answerer,
  answerInMemory,
  createMemoryTables,
  type MemoryTables,
  setAwsEnvironment,
} from './memory-network.ts'
import { pingEvent } from './ping-event.ts'
import { type Contestant, inRounds, type Measured, medianOf, ratioOf } from './rounds.ts'
import { seedGeofences } from './seed-geofences.ts'
import { cents, figure, type Table } from './table.ts'
import { townOf, type Walk, WORLD_STARTS_AT_MS } from './worlds.ts'

const SEED = 2
const SUBJECT = 'bench'
/** Somebody of whom nothing is stored. */
const STRANGER = 'stranger'
const BARE = 'bare GetItem'
const MINUTE_MS = 60_000
/** A phone that has spoken for half an hour: its window is full. */
const EARLIER_FIXES = 30

type Options = { readonly runs: number; readonly quick: boolean }

type Case = {
  readonly name: string
  readonly subject: string
  readonly target: number
  readonly fixes: readonly Fix[]
  readonly writes: boolean
}

/** Reads are answered from bytes that were made once, and writes change nothing: every request is the same again. */
const frozen = (tables: MemoryTables, onWrite: () => void): Answerer => {
  const made = new Map<string, Uint8Array>()
  const done = Buffer.from('{}')
  return (operation, body) => {
    if (operation === 'PutItem') {
      onWrite()
      return done
    }
    const known = made.get(body) ?? tables.answer(operation, body)
    made.set(body, known)
    return known
  }
}

/** Fixes after the first half hour of a walk: 10 s apart, at the pace of the walk. */
const moreOf = ({ fixes }: Walk, count: number): Fix[] => {
  const last = fixes[EARLIER_FIXES - 1]
  const next = fixes[EARLIER_FIXES]
  if (last === undefined || next === undefined) throw new Error('the walk is too short')
  return Array.from({ length: count }, (_, index) => {
    const share = ((index + 1) * 10_000) / MINUTE_MS
    const between = (from: number, to: number): number => from + (to - from) * share
    return toFix({
      atMs: last.atMs + (index + 1) * 10_000,
      lat: between(last.lat, next.lat),
      lon: between(last.lon, next.lon),
      accuracyM: last.accuracyM,
    })
  })
}

const casesOf = (walk: Walk): Case[] => {
  const last = walk.fixes[EARLIER_FIXES - 1]
  const [next] = moreOf(walk, 1)
  if (next === undefined || last === undefined) throw new Error('the walk is too short')
  // Nobody has drawn anything within 100 km.
  const far = toFix({ ...last, lat: last.lat + 1 })
  // One fix is kept of each 10 s.
  const soon = toFix({ ...last, atMs: last.atMs + 3_000 })
  return [
    { name: 'a ping far from everything', subject: STRANGER, target: 1.3, fixes: [far], writes: false },
    { name: 'a ping 3 s after the last', subject: SUBJECT, target: 1.3, fixes: [soon], writes: false },
    { name: 'a ping that was sent before', subject: SUBJECT, target: 1.3, fixes: [last], writes: false },
    { name: 'a ping that writes', subject: SUBJECT, target: 2.6, fixes: [next], writes: true },
    { name: '100 pings with a write', subject: SUBJECT, target: 4, fixes: moreOf(walk, 100), writes: true },
  ]
}

const bareGet = (): (() => Promise<GetItemCommandOutput>) => {
  const client = new DynamoDBClient({})
  const Key = { pk: { S: `U#${userIdOf(SUBJECT)}` } }
  return () => client.send(new GetItemCommand({ TableName: 'Presence', Key, ConsistentRead: true }))
}

const times = (count: number, work: () => Promise<unknown>) => async (): Promise<number> => {
  for (let done = 0; done < count; done++) await work()
  return count
}

const presenceIn = ({ Item }: GetItemCommandOutput): Presence => {
  const stored = parsePresence(Item && unmarshall(Item))
  if (stored.kind !== 'presence') throw new Error('nobody was erased')
  return stored.presence
}

/** A phone that has walked for half an hour among shops, and a container that knows it. */
const setUp = async () => {
  setAwsEnvironment()
  const tables = createMemoryTables()
  const town = townOf(1_000, { walks: 1, seed: SEED })
  seedGeofences(tables, town.geofences)
  const walk = town.walks[0]
  if (walk === undefined) throw new Error('nobody walks')
  const restore = answerInMemory(tables.answer)
  const container = await startContainer()
  for (const fix of walk.fixes.slice(0, EARLIER_FIXES)) {
    setNow(fix.atMs)
    await container(pingEvent(SUBJECT, [fix]))
  }
  return { tables, town, walk, container, restore }
}

/** @throws {Error} when a case does not do what it is said to do */
const checkWrites = async (run: () => Promise<unknown>, writes: () => number, one: Case): Promise<void> => {
  const before = writes()
  await run()
  const count = writes() - before
  if (count !== (one.writes ? 1 : 0)) throw new Error(`${one.name}: it wrote ${count} times`)
}

const foldName = ({ name }: Case): string => `fold: ${name}`

const rowOf = (measured: Measured, one: Case) => ({
  request: one.name,
  µs: figure(medianOf(measured, one.name)),
  'to GetItem': cents(ratioOf(measured, one.name, BARE)),
  target: `≤ ${one.target}`,
  'fold µs': figure(medianOf(measured, foldName(one))),
  "fold's share": `${Math.round(100 * ratioOf(measured, foldName(one), one.name))} %`,
})

const measureCases = async ({ runs, quick }: Options, prepared: Awaited<ReturnType<typeof setUp>>) => {
  const { tables, town, walk, container } = prepared
  let written = 0
  const countWrite = (): void => {
    written += 1
  }
  answerInMemory(frozen(tables, countWrite))
  const get = bareGet()
  const presence = presenceIn(await get())
  const { at } = indexOf(town.geofences)
  const nowMs = WORLD_STARTS_AT_MS + EARLIER_FIXES * MINUTE_MS + 100 * 10_000
  setNow(nowMs)
  const cases = casesOf(walk)
  const contestants: Contestant[] = [{ name: BARE, run: times(quick ? 200 : 1_000, get) }]
  for (const one of cases) {
    const known = one.subject === SUBJECT ? presence : NO_PRESENCE
    const event = pingEvent(one.subject, one.fixes)
    const count = Math.ceil((quick ? 200 : 1_000) / Math.sqrt(one.fixes.length))
    const request = () => container(event)
    await checkWrites(request, () => written, one)
    contestants.push(
      { name: one.name, run: times(count, request) },
      {
        name: foldName(one),
        run: times(count, async () => fold(userIdOf(one.subject), known, one.fixes, at, nowMs)),
      },
    )
  }
  const measured = await inRounds(contestants, runs)
  const bare = { request: BARE, µs: figure(medianOf(measured, BARE)), 'to GetItem': '1.00' }
  return [bare, ...cases.map((one) => rowOf(measured, one))]
}

/**
 * Part 2: the processor time of match-pings whole, from the API's event to its answer, with DynamoDB answered in memory,
 * beside one GetItem of the bare SDK client that reads the presence of a customer who has walked among shops.
 */
export const requestTable = async (options: Options): Promise<Table> => {
  const prepared = await setUp()
  try {
    return {
      title: `2. match-pings from the API's event to its answer: processor time a request, medians of ${options.runs} runs, seed ${SEED}`,
      rows: await measureCases(options, prepared),
      notes: [
        'DynamoDB is answered in memory on both sides: what a socket, TLS and the network take comes on top, on both sides.',
        `The phone has walked for ${EARLIER_FIXES} min among ten shops a square kilometre; its presence is stored and its tiles are cached and fresh.`,
      ],
    }
  } finally {
    prepared.restore()
  }
}
