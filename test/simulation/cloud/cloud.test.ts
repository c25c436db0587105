import { afterEach, describe, expect, it } from 'vitest'
import type { LocalCloud } from '#local/cloud/start-local-cloud.ts'
import { ROUGH_WEATHER } from '#local/peers/dynamodb-proxy.ts'
import { targetOf } from '#local/peers/phone-message.ts'
import { startWorld, type World } from '#test/local/end-to-end/world.ts'
import { createCloudHost } from '#test/simulation/cloud/cloud-host.ts'
import { violationsIn } from '#test/simulation/invariants/check-all.ts'
import { createChronicle } from '#test/simulation/town/chronicle.ts'
import { makeTown, TOWN_START_MS } from '#test/simulation/town/make-town.ts'
import { playStep } from '#test/simulation/town/play-step.ts'
import type { History } from '#test/simulation/town/steps.ts'
import type { Taken } from '#test/simulation/world/phones.ts'

const HOUR_MS = 3_600_000
/** What dev would deploy (infra/config.ts). */
const CAPS = { platformPerDay: 4, merchantPerDay: 4 }
const FUNCTIONS = [
  'match-pings',
  'customer-api',
  'merchant-api',
  'decide-offers',
  'send-messages',
  'remind-revisits',
  'run-jobs',
]

let world: World | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

/** A day of a town. Geofences stay as they are: nobody could say afterwards what they were when. */
const dayOf = (seed: number): History => {
  const drawn = new Set<string>()
  return makeTown(seed, { days: 1 }).filter((step) => {
    if (step.kind === 'eraseGeofence') return false
    if (step.kind !== 'draw') return true
    const name = `${step.merchant} ${step.geofence}`
    const isFirst = !drawn.has(name)
    drawn.add(name)
    return isFirst
  })
}

const setPhoneFaults = ({ phones }: LocalCloud): void => {
  phones.setFault({ kind: 'throttle', times: 2 })
  phones.setFault({ kind: 'serverError', taken: true, when: { channel: 'push' } })
  phones.setFault({ kind: 'reset', taken: true })
  phones.setFault({ kind: 'malformed' })
  phones.setFault({ kind: 'disableEndpoint' })
}

const takenBy = ({ phones }: LocalCloud): Taken[] =>
  [...phones.received(), ...phones.undelivered().map(({ message }) => message)].map((message) => ({
    atMs: message.atMs,
    channel: message.channel,
    to: targetOf(message),
    text: message.text ?? '',
    by: '',
    ...(message.channel === 'push' &&
      message.collapseKey !== undefined && { collapseId: message.collapseKey }),
  }))

describe('a town in the local cloud: the bundles that are deployed, with the faults on', () => {
  it.each([1, 2, 3])(
    'keeps every invariant with seed %i',
    async (seed) => {
      const history = dayOf(seed)
      world = await startWorld({ clock: { kind: 'virtual', atMs: TOWN_START_MS - 60_000 }, proxy: {} })
      const { cloud, itemsOf } = world
      const { host, runUntil } = createCloudHost(cloud, seed)
      const chronicle = createChronicle()
      cloud.setFaults(ROUGH_WEATHER)
      setPhoneFaults(cloud)
      const playing = history.map(async (step) => {
        await host.sleepUntil(step.atMs)
        await playStep({ host, chronicle, step: step.id, count: 0 }, step)
      })
      await runUntil((history.at(-1)?.atMs ?? TOWN_START_MS) + HOUR_MS)
      cloud.setFaults({})
      cloud.phones.clearFaults()
      await runUntil(cloud.clock.nowMs() + 14 * HOUR_MS)
      await Promise.all(playing)
      await runUntil(cloud.clock.nowMs() + 2 * HOUR_MS)

      expect(chronicle.requests.length).toBeGreaterThan(history.length)
      expect((await itemsOf('ledger', 'visit')).length).toBeGreaterThan(0)
      const violations = violationsIn({
        history,
        chronicle,
        items: {
          catalog: await itemsOf('catalog'),
          presence: await itemsOf('presence'),
          ledger: await itemsOf('ledger'),
        },
        writes: undefined,
        taken: takenBy(cloud),
        logs: FUNCTIONS.flatMap((name) => cloud.logLines(name)),
        endMs: cloud.clock.nowMs(),
        caps: CAPS,
      })
      expect(violations).toEqual([])
    },
    300_000,
  )
})
