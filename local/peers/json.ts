/** A JSON object whose fields nobody has looked at yet. */
export type JsonObject = Record<string, unknown>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The object in a field; an empty one when the field is missing or something else. */
export const objectAt = (object: JsonObject, name: string): JsonObject => {
  const value = object[name]
  return isObject(value) ? value : {}
}

/** The objects in a list field; what is no object is left out. */
export const objectsAt = (object: JsonObject, name: string): JsonObject[] => {
  const value = object[name]
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** The text in a field, when it is one. */
export const textAt = (object: JsonObject, name: string): string | undefined => {
  const value = object[name]
  return typeof value === 'string' ? value : undefined
}

/** Parses a JSON object; undefined when the text is no JSON or no object. */
export const parseJsonObject = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
