import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { SUPPRESSION_REASONS } from '#shared/domain/scenes/reasons.ts'

it('docs/reasons.md tells of every reason, in the order in which they are checked', () => {
  const rows = readFileSync('docs/reasons.md', 'utf8').matchAll(/^\| `(\w+)` \| .+ \| .+ \|$/gm)
  const told = [...rows]
    .map(([, name]) => name)
    .filter((name) => SUPPRESSION_REASONS.some((one) => one === name))
  expect(told.slice(0, SUPPRESSION_REASONS.length)).toEqual(SUPPRESSION_REASONS)
})
