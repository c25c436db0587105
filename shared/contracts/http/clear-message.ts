import type * as z from 'zod'

const NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}
const nameOf = (type: string): string => NAMES[type] ?? type

const orList = (all: readonly string[]): string =>
  all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`

const insteadOf = (input: unknown): string => {
  if (input === null) return 'null'
  if (typeof input === 'number' && !Number.isFinite(input)) return 'one so large'
  if (typeof input === 'number' && !Number.isInteger(input)) return 'a fraction'
  return nameOf(Array.isArray(input) ? 'array' : typeof input)
}

/** What is wanted here, and what is here instead. */
const wanted = (what: string, input: unknown): string =>
  input === undefined ? `missing: ${what}` : `${what}, not ${insteadOf(input)}`

const UNITS: Readonly<Record<string, string>> = {
  string: ' characters',
  array: ' items',
  set: ' items',
  map: ' entries',
}
const unitOf = (origin: string, count: number | bigint): string => {
  const unit = UNITS[origin] ?? ''
  return Number(count) === 1 && unit.endsWith('s') ? unit.slice(0, -1) : unit
}

const choice = (values: readonly z.core.util.Primitive[], input: unknown): string => {
  const [only] = values
  if (values.length === 1) return input === undefined ? `missing: ${String(only)}` : `only ${String(only)}`
  const known = orList(values.map(String))
  return input === undefined ? `missing: ${known}` : `not one of: ${values.map(String).join(', ')}`
}

type Branches = readonly (readonly z.core.$ZodIssue[])[]

/** The kinds of value that a union takes; undefined where one was of the right kind, and wrong all the same. */
const kindsOf = (branches: Branches): string[] | undefined => {
  const kinds: string[] = []
  for (const [first] of branches) {
    const inner = first?.code === 'invalid_union' ? kindsOf(first.errors) : undefined
    if (inner !== undefined) kinds.push(...inner)
    else if (first?.code === 'invalid_type') kinds.push(nameOf(first.expected))
    else return undefined
  }
  return [...new Set(kinds)]
}

/** Of a union without a discriminator: what it may be instead, or what is wrong with what it is. */
const unionText = (branches: Branches, input: unknown): string => {
  const kinds = kindsOf(branches)
  if (kinds !== undefined) return wanted(orList(kinds), input)
  const fault = branches.flat().find(({ code }) => code !== 'invalid_type' && code !== 'invalid_union')
  return fault?.message ?? 'not allowed here'
}

/**
 * What is wrong with a value of a request, for people who do not know zod. A schema's own messages come before.
 *
 * @example schema.safeParse(body, { error: clearMessage })
 * @example clearMessage({ code: 'invalid_type', expected: 'string', input: undefined, … }) // 'missing: a string'
 */
export const clearMessage: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return wanted(nameOf(issue.expected), issue.input)
    case 'invalid_value':
      return choice(issue.values, issue.input)
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unitOf(issue.origin, issue.maximum)}`
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue.origin, issue.minimum)}`
    case 'unrecognized_keys':
      return 'unknown member'
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'this name is not allowed'
    case 'invalid_union': {
      const { options, discriminator } = issue
      if (!Array.isArray(options) || discriminator === undefined) return unionText(issue.errors, issue.input)
      const given: unknown = Object(issue.input)[discriminator]
      return choice(options, given)
    }
    // A pattern, or zod's own word for a rule of ours, says nothing to people.
    case 'invalid_format':
      return 'not of the right form'
    case 'custom':
      return 'not allowed here'
    default:
      return undefined
  }
}
