import type { Position } from '#shared/domain/geo/geofence.ts'
import { median } from '../rounds.ts'
import { cents, figure } from '../table.ts'
import type { Walk, World } from '../worlds.ts'
import { type Command, clearCommands, fenceCommand, pingCommand } from './commands.ts'
import { connectResp, type RespClient } from './resp-client.ts'

export type Tile38Address = { readonly host: string; readonly port: number }

/**
 * @example parseAddress('127.0.0.1:9851') // { host: '127.0.0.1', port: 9851 }
 * @throws {RangeError} for any other form
 */
export const parseAddress = (text: string): Tile38Address => {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || port === undefined) throw new RangeError(`not HOST:PORT: ${text}`)
  return { host, port: Number(port) }
}

const FENCES_AT_ONCE = 500
const PIPELINES = [1, 16] as const
/** So few that a round of one ping at a time takes about a second. */
const MOST_WALKS = 50

/** @throws {Error} with the server's own words when it refuses one */
const mustSend = async (client: RespClient, commands: readonly Command[]): Promise<void> => {
  for (const reply of await client.send(commands)) {
    if (typeof reply === 'object' && reply !== null && 'error' in reply) throw new Error(reply.error)
  }
}

const setFences = async (client: RespClient, world: World): Promise<void> => {
  for (let start = 0; start < world.geofences.length; start += FENCES_AT_ONCE) {
    const some = world.geofences.slice(start, start + FENCES_AT_ONCE)
    await mustSend(
      client,
      some.map(({ id, shape }) => fenceCommand({ id, shape, geojson: world.geojson.get(id) })),
    )
  }
}

/** The pings of all walks by time, as they would come in. */
const pingsOf = (walks: readonly Walk[]): Command[] =>
  walks
    .flatMap(({ user, fixes }) => fixes.map((fix) => ({ user, fix })))
    .toSorted((a, b) => a.fix.atMs - b.fix.atMs)
    .map(({ user, fix }: { user: string; fix: Position }) => pingCommand(user, fix))

const playPings = async (client: RespClient, pings: readonly Command[], pipeline: number): Promise<void> => {
  for (let start = 0; start < pings.length; start += pipeline) {
    await mustSend(client, pings.slice(start, start + pipeline))
  }
}

/** Pings a second by the wall's clock: the server's work is not this process's. */
const speedOf = async (client: RespClient, pings: readonly Command[], pipeline: number): Promise<number> => {
  const startedMs = performance.now()
  await playPings(client, pings, pipeline)
  return (pings.length / (performance.now() - startedMs)) * 1000
}

/**
 * Plays a world to a Tile38 server: its geofences as channels, one SET a ping.
 *
 * @throws {Error} when the server cannot be reached or refuses a command
 */
export const measureTile38 = async ({ host, port }: Tile38Address, world: World, runs: number) => {
  const client = await connectResp(host, port)
  try {
    await client.send(clearCommands)
    await setFences(client, world)
    const pings = pingsOf(world.walks.slice(0, MOST_WALKS))
    const speeds = new Map(PIPELINES.map((pipeline): [number, number[]] => [pipeline, []]))
    await playPings(client, pings, 16)
    for (let run = 0; run < runs; run++) {
      for (const [pipeline, found] of speeds) found.push(await speedOf(client, pings, pipeline))
    }
    await client.send(clearCommands)
    const shown = PIPELINES.map(
      (pipeline) => `${figure(median(speeds.get(pipeline) ?? []))} (${pipeline} under way)`,
    )
    return {
      geofences: '',
      by: 'Tile38 server',
      'look-up': '',
      'fold, 1': shown.join(' · '),
      'time, fold 1': cents(Number.NaN),
    }
  } finally {
    client.close()
  }
}
