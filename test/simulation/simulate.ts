import { parseArgs } from 'node:util'
import { reportOf } from '#test/simulation/report.ts'
import { simulate } from '#test/simulation/simulate-seed.ts'
import { makeTown } from '#test/simulation/town/make-town.ts'
import type { History } from '#test/simulation/town/steps.ts'
import { parseFaults } from '#test/simulation/world/faults.ts'
import { PLANTED_BUGS, type PlantedBug } from '#test/simulation/world/planted.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    seed: { type: 'string' },
    days: { type: 'string', default: '7' },
    weeks: { type: 'string' },
    faults: { type: 'string', default: 'rough' },
    plant: { type: 'string' },
    steps: { type: 'string' },
    'shrink-runs': { type: 'string', default: '150' },
  },
})

const count = (text: string, name: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`--${name} must be a whole number, not ${text}`)
  return value
}

const isBug = (name: string): name is PlantedBug => Object.hasOwn(PLANTED_BUGS, name)

const plantedBug = (): PlantedBug | undefined => {
  const { plant } = values
  if (plant === undefined) return undefined
  if (isBug(plant)) return plant
  throw new Error(`no bug ${plant}; there is ${Object.keys(PLANTED_BUGS).join(', ')}`)
}

const first = count(values.seed ?? '1', 'seed')
const last = values.seed === undefined ? count(values.seeds, 'seeds') : first
const days = values.weeks === undefined ? count(values.days, 'days') : 7 * count(values.weeks, 'weeks')
const faults = parseFaults(values.faults)
const bug = plantedBug()
const wanted = values.steps === undefined ? undefined : new Set(values.steps.split(','))

let failed = 0
const startedMs = performance.now()
const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
for (let seed = first; seed <= last; seed++) {
  const whole: History = makeTown(seed, { days })
  const history = wanted === undefined ? whole : whole.filter(({ id }) => wanted.has(id))
  const options = { seed, history, faults, bug }
  const { violations, hash, ran } = await simulate(options)
  if (violations.length > 0) {
    failed += 1
    const more = { ...options, days, faultsText: values.faults }
    say(
      await reportOf(
        more,
        violations,
        wanted === undefined ? count(values['shrink-runs'], 'shrink-runs') : 0,
      ),
    )
  } else if (first === last) {
    const made = [...ran.world.faultsMade].map(([name, times]) => `${name} ${times}`).join(', ')
    say(
      `seed ${seed}: ${history.length} steps, ${ran.chronicle.requests.length} requests, ${ran.world.tables.writes.length} writes, ${ran.world.phones.taken.length} messages; faults: ${made}; hash ${hash}`,
    )
  } else if (seed % 50 === 0) say(`${seed} seeds`)
}
const tookS = Math.round((performance.now() - startedMs) / 1000)
say(failed === 0 ? `all held: seeds ${first} to ${last}, ${tookS} s` : `${failed} seeds failed, ${tookS} s`)
process.exitCode = failed === 0 ? 0 : 1
