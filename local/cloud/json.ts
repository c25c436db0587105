/** Anything that JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** Reads JSON text. @throws {SyntaxError} when it is none */
export const parseJson = (text: string): Json => JSON.parse(text) as Json

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads JSON text that must be an object.
 *
 * @throws {SyntaxError} when it is no JSON
 * @throws {TypeError} when it is other JSON
 */
export const parseJsonObject = (text: string): JsonObject => {
  const value = parseJson(text)
  if (!isJsonObject(value)) throw new TypeError('not a JSON object')
  return value
}
