import { Problem } from '#shared/runtime/http/problem.ts'

/**
 * The cursor of a page: where the next one starts, in a form that clients do not build on. It names a place inside the
 * list only; which list, the route and the caller say, so a borrowed cursor opens nobody else's.
 *
 * @example encodeCursor('sto_01J0000000000000000000000A')
 */
export const encodeCursor = (after: string): string => Buffer.from(after, 'utf8').toString('base64url')

/**
 * @param isPlace whether a decoded cursor is a place in this list
 * @throws {Problem} 400 for a cursor that was not given out for such a list
 */
export const decodeCursor = <T extends string>(
  cursor: string | undefined,
  isPlace: (text: string) => text is T,
): T | undefined => {
  if (cursor === undefined) return undefined
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  if (isPlace(text)) return text
  throw new Problem('invalidRequest', {
    errors: [{ in: 'query', pointer: '/cursor', detail: 'not a cursor of this list' }],
  })
}
