import { describe, expect, it } from 'vitest'
import { simulate } from '#test/simulation/simulate-seed.ts'
import { makeTown } from '#test/simulation/town/make-town.ts'
import { ROUGH } from '#test/simulation/world/faults.ts'
import { PLANTED_BUGS, type PlantedBug } from '#test/simulation/world/planted.ts'

const DAYS = 5
const MAX_SEEDS = 40
const isBug = (name: string): name is PlantedBug => Object.hasOwn(PLANTED_BUGS, name)

describe('the simulation finds what is wrong', () => {
  it.each(Object.keys(PLANTED_BUGS).filter(isBug))(
    'sees the planted bug %s',
    async (bug) => {
      const { invariant } = PLANTED_BUGS[bug]
      const broken = new Set<string>()
      for (let seed = 1; seed <= MAX_SEEDS && !broken.has(invariant); seed++) {
        const { violations } = await simulate({
          seed,
          history: makeTown(seed, { days: DAYS }),
          faults: ROUGH,
          bug,
        })
        for (const violation of violations) broken.add(violation.invariant)
      }
      expect([...broken]).toContain(invariant)
    },
    240_000,
  )
})
