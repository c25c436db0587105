/** A message that fails however often it is tried: it is put aside at once. */
export class PoisonError extends Error {
  override readonly name = 'PoisonError'
}
