import { describe, expect, it } from 'vitest'
import { reportOf } from '#test/simulation/report.ts'
import { simulate } from '#test/simulation/simulate-seed.ts'
import { makeTown } from '#test/simulation/town/make-town.ts'
import { ROUGH } from '#test/simulation/world/faults.ts'

const SEEDS = Number(process.env['BECKON_SEEDS'] ?? 200)
const DAYS = 3
const BLOCK = 25
const SHRINK_RUNS = 40

const townOf = (seed: number) => ({ seed, history: makeTown(seed, { days: DAYS }), faults: ROUGH })

describe('a town on virtual time, with everything going wrong that can', () => {
  const blocks = Array.from({ length: Math.ceil(SEEDS / BLOCK) }, (_, block) => block * BLOCK + 1)
  it.each(blocks)(
    'keeps every invariant from seed %i on',
    async (first) => {
      for (let seed = first; seed < Math.min(first + BLOCK, SEEDS + 1); seed++) {
        const options = townOf(seed)
        const { violations } = await simulate(options)
        if (violations.length === 0) continue
        expect.fail(await reportOf({ ...options, days: DAYS, faultsText: 'rough' }, violations, SHRINK_RUNS))
      }
    },
    240_000,
  )

  it('does the same again from the same seed, to the last byte', async () => {
    const [once, again, other] = [
      await simulate(townOf(7)),
      await simulate(townOf(7)),
      await simulate(townOf(8)),
    ]
    expect(again.hash).toBe(once.hash)
    expect(other.hash).not.toBe(once.hash)
  }, 600_000)
})
