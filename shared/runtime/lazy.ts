/**
 * Makes a value at its first use and keeps it. A failed attempt is forgotten, so that the next use tries again: a cold
 * start that met a passing fault must not break a function for as long as it lives.
 *
 * @example
 * const services = lazy(async () => buildServices())
 * const { findMerchant } = await services()
 */
export const lazy = <T>(make: () => T | Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined
  return () => {
    made ??= Promise.resolve()
      .then(make)
      .catch((cause: unknown) => {
        made = undefined
        throw cause
      })
    return made
  }
}
