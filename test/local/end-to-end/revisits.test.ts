import { expect, it } from 'vitest'
import { measureRevisits } from '#bench/revisit-world.ts'

it('five hundred customers who are due in one hour are each reminded once, spread over it', async () => {
  const { differences, perMinute } = await measureRevisits(500)
  expect(differences).toEqual([])
  expect(Math.max(...perMinute)).toBeLessThan(50)
}, 600_000)
