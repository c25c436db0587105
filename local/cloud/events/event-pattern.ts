import { isJsonObject, type Json, type JsonObject, parseJsonObject } from '#local/cloud/json.ts'

/** Does an event fit? */
export type EventPattern = (event: JsonObject) => boolean

type FieldTest = (value: Json | undefined) => boolean

/**
 * Reads a Lambda event filter (the language of EventBridge patterns): all named fields must fit, one of a field's
 * alternatives is enough, an array fits when one of its items does.
 *
 * @throws {Error} for an operator that is not known: a filter that is only nearly understood would hide a fault
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 * @example
 * const isNews = readEventPattern('{"dynamodb":{"NewImage":{"news":{"S":["yes"]}}}}')
 * isNews({ dynamodb: { NewImage: { news: { S: 'yes' } } } }) // true
 */
export const readEventPattern = (pattern: string): EventPattern => {
  const fits = objectTest(parseJsonObject(pattern))
  return (event) => fits(event)
}

const objectTest = (pattern: JsonObject): FieldTest => {
  const fields = Object.entries(pattern)
    .filter(([name]) => name !== '$or')
    .map(([name, test]) => ({ name, fits: fieldTest(name, test) }))
  const either = pattern['$or']
  const alternatives = Array.isArray(either)
    ? either.filter((item) => isJsonObject(item)).map((item) => objectTest(item))
    : undefined
  return (value) => {
    const record = isJsonObject(value) ? value : {}
    return (
      fields.every(({ name, fits }) => fits(record[name])) &&
      (alternatives === undefined || alternatives.some((fits) => fits(record)))
    )
  }
}

const fieldTest = (name: string, pattern: Json): FieldTest => {
  if (isJsonObject(pattern)) {
    const fits = objectTest(pattern)
    return (value) => (Array.isArray(value) ? value.some((item) => fits(item)) : fits(value))
  }
  if (!Array.isArray(pattern)) throw new Error(`event pattern: ${name} must be a list or an object`)
  const tests = pattern.map((alternative) => valueTest(name, alternative))
  return (value) => tests.some((fits) => fits(value))
}

const valueTest = (name: string, alternative: Json): FieldTest => {
  if (!isJsonObject(alternative)) return onEach((value) => value === alternative)
  const [only, ...others] = Object.entries(alternative)
  if (only === undefined || others.length > 0)
    throw new Error(`event pattern: one operator a condition at ${name}`)
  const [operator, operand] = only
  switch (operator) {
    case 'exists':
      return (value) => (value !== undefined) === operand
    case 'prefix':
      return onEach((value) => typeof value === 'string' && value.startsWith(String(operand)))
    case 'suffix':
      return onEach((value) => typeof value === 'string' && value.endsWith(String(operand)))
    case 'equals-ignore-case':
      return onEach(
        (value) => typeof value === 'string' && value.toLowerCase() === String(operand).toLowerCase(),
      )
    case 'anything-but':
      return anythingBut(name, operand)
    case 'numeric':
      return onEach(numericTest(name, operand))
    default:
      throw new Error(`event pattern: the local cloud does not know the operator ${operator} at ${name}`)
  }
}

const onEach =
  (fits: (value: Json) => boolean): FieldTest =>
  (value) =>
    value !== undefined && (Array.isArray(value) ? value.some(fits) : fits(value))

const anythingBut = (name: string, operand: Json): FieldTest => {
  const refused = (Array.isArray(operand) ? operand : [operand]).map((item) => valueTest(name, item))
  // A missing field fits no `anything-but`.
  return onEach((value) => !refused.some((fits) => fits(value)))
}

type Comparison = (value: number) => boolean

const comparison = (name: string, operator: Json, bound: Json | undefined): Comparison => {
  if (typeof bound !== 'number') throw new Error(`event pattern: numeric at ${name} compares with numbers`)
  switch (operator) {
    case '=':
      return (value) => value === bound
    case '<':
      return (value) => value < bound
    case '<=':
      return (value) => value <= bound
    case '>':
      return (value) => value > bound
    case '>=':
      return (value) => value >= bound
    default:
      throw new Error(`event pattern: numeric at ${name} does not know ${JSON.stringify(operator)}`)
  }
}

const numericTest = (name: string, operand: Json): ((value: Json) => boolean) => {
  if (!Array.isArray(operand)) throw new Error(`event pattern: numeric at ${name} takes a list`)
  const comparisons: Comparison[] = []
  for (let at = 0; at < operand.length; at += 2) {
    comparisons.push(comparison(name, operand[at] ?? null, operand[at + 1]))
  }
  return (value) => typeof value === 'number' && comparisons.every((holds) => holds(value))
}
