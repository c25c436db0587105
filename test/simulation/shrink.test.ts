import { describe, expect, it } from 'vitest'
import { shrink } from '#test/simulation/shrink.ts'
import { makeTown } from '#test/simulation/town/make-town.ts'
import type { History } from '#test/simulation/town/steps.ts'

const history = makeTown(1, { days: 2 })
const holds =
  (...ids: readonly string[]) =>
  async (some: History): Promise<boolean> =>
    ids.every((id) => some.some((step) => step.id === id))

describe('shrinking a history', () => {
  it('leaves what the failure needs, in its order', async () => {
    const { history: left } = await shrink(history, holds('s3', 's17', 's40'), 1000)
    expect(left.map(({ id }) => id)).toEqual(['s3', 's17', 's40'])
  })

  it('stops after so many runs, with a history that fails', async () => {
    const stillFails = holds('s3', 's17')
    const { history: left, runs } = await shrink(history, stillFails, 5)
    expect(runs).toBe(5)
    expect(left.length).toBeLessThan(history.length)
    expect(await stillFails(left)).toBe(true)
  })
})
