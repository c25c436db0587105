/**
 * Something that Beckon stands on is too busy, or did not answer in time, after every try that was allowed. Nothing is
 * known to be wrong with the request: the same request may be sent again.
 *
 * @example throw new BusyError('transaction conflicts', { cause })
 */
export class BusyError extends Error {
  override readonly name = 'BusyError'
}
