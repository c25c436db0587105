import type { TooMuch } from '#shared/adapters/dynamodb/catalog/read-counters.ts'
import type { Cell } from '#shared/domain/loop/shown.ts'
import { Problem } from '#shared/runtime/http/problem.ts'

/**
 * The cells that were read.
 *
 * @throws {Problem} `unprocessable` for more than one answer holds
 */
export const countedCells = (found: readonly Cell[] | TooMuch): readonly Cell[] => {
  if (found !== 'tooMuch') return found
  throw new Problem('unprocessable', {
    errors: [{ in: 'query', pointer: '/to', detail: 'too many stores for so many days: ask for fewer' }],
  })
}
