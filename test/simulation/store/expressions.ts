/** A path to an attribute, as written: names and aliases. */
export type Path = readonly string[]

export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'size'; readonly path: Path }

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly sides: readonly Condition[] }
  | { readonly kind: 'not'; readonly side: Condition }
  | {
      readonly kind: 'compare'
      readonly left: Operand
      readonly by: Comparator
      readonly right: Operand
    }
  | { readonly kind: 'between'; readonly of: Operand; readonly from: Operand; readonly to: Operand }
  | { readonly kind: 'in'; readonly of: Operand; readonly list: readonly Operand[] }
  | { readonly kind: 'exists' | 'absent'; readonly path: Path }
  | { readonly kind: 'beginsWith' | 'contains'; readonly of: Operand; readonly part: Operand }

const COMPARATORS = ['=', '<>', '<=', '>=', '<', '>'] as const
export type Comparator = (typeof COMPARATORS)[number]

export type SetValue =
  | { readonly kind: 'operand'; readonly operand: Operand }
  | { readonly kind: 'ifNotExists'; readonly path: Path; readonly otherwise: Operand }
  | { readonly kind: 'sum'; readonly left: SetValue; readonly right: SetValue; readonly sign: 1 | -1 }
  | { readonly kind: 'append'; readonly left: SetValue; readonly right: SetValue }

export type Change =
  | { readonly kind: 'set'; readonly path: Path; readonly to: SetValue }
  | { readonly kind: 'remove'; readonly path: Path }
  | { readonly kind: 'add' | 'delete'; readonly path: Path; readonly by: Operand }

const TOKEN = /\s*(<>|<=|>=|[=<>(),.+-]|[#:]?[A-Za-z0-9_]+)/y

const tokensOf = (text: string): string[] => {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex
    const found = TOKEN.exec(text)?.[1]
    if (found === undefined) throw new Error(`ValidationException: '${text}' at ${at}`)
    tokens.push(found)
  }
  return tokens
}

type Reader = {
  readonly peek: () => string | undefined
  readonly next: () => string
  /** Takes the word or sign if it comes next; words in any case. */
  readonly take: (token: string) => boolean
  readonly expect: (token: string) => void
  readonly fail: () => never
}

const readerOf = (text: string): Reader => {
  const tokens = tokensOf(text)
  let at = 0
  const fail = (): never => {
    throw new Error(`ValidationException: unexpected '${tokens[at] ?? 'end'}' in '${text}'`)
  }
  const take = (token: string): boolean => {
    if (tokens[at]?.toUpperCase() !== token.toUpperCase()) return false
    at += 1
    return true
  }
  return {
    peek: () => tokens[at],
    next: () => {
      const token = tokens[at] ?? fail()
      at += 1
      return token
    },
    take,
    expect: (token) => {
      if (!take(token)) fail()
    },
    fail,
  }
}

const isName = (token: string): boolean => /^#?[A-Za-z_][A-Za-z0-9_]*$/.test(token)

const readPath = (reader: Reader): Path => {
  const first = reader.next()
  if (!isName(first)) reader.fail()
  const path = [first]
  while (reader.take('.')) path.push(reader.next())
  return path
}

const readOperand = (reader: Reader): Operand => {
  if (reader.peek()?.startsWith(':')) return { kind: 'value', name: reader.next() }
  const path = readPath(reader)
  if (path.length !== 1 || path[0] !== 'size' || !reader.take('(')) return { kind: 'path', path }
  const of = readPath(reader)
  reader.expect(')')
  return { kind: 'size', path: of }
}

const listed = <T>(reader: Reader, read: (reader: Reader) => T): T[] => {
  const all = [read(reader)]
  while (reader.take(',')) all.push(read(reader))
  return all
}

const FUNCTIONS = new Set(['attribute_exists', 'attribute_not_exists', 'begins_with', 'contains'])

const readFunction = (reader: Reader): Condition => {
  const name = reader.next()
  reader.expect('(')
  if (name === 'attribute_exists' || name === 'attribute_not_exists') {
    const path = readPath(reader)
    reader.expect(')')
    return { kind: name === 'attribute_exists' ? 'exists' : 'absent', path }
  }
  const of = readOperand(reader)
  reader.expect(',')
  const part = readOperand(reader)
  reader.expect(')')
  return { kind: name === 'begins_with' ? 'beginsWith' : 'contains', of, part }
}

const comparatorOf = (token: string): Comparator | undefined => COMPARATORS.find((one) => one === token)

const readComparison = (reader: Reader): Condition => {
  const left = readOperand(reader)
  if (reader.take('BETWEEN')) {
    const from = readOperand(reader)
    reader.expect('AND')
    return { kind: 'between', of: left, from, to: readOperand(reader) }
  }
  if (reader.take('IN')) {
    reader.expect('(')
    const list = listed(reader, readOperand)
    reader.expect(')')
    return { kind: 'in', of: left, list }
  }
  const by = comparatorOf(reader.next()) ?? reader.fail()
  return { kind: 'compare', left, by, right: readOperand(reader) }
}

const readSimple = (reader: Reader): Condition => {
  if (reader.take('NOT')) return { kind: 'not', side: readSimple(reader) }
  if (reader.take('(')) {
    const inner = readOr(reader)
    reader.expect(')')
    return inner
  }
  return FUNCTIONS.has(reader.peek() ?? '') ? readFunction(reader) : readComparison(reader)
}

const joined =
  (kind: 'and' | 'or', read: (reader: Reader) => Condition) =>
  (reader: Reader): Condition => {
    const first = read(reader)
    const sides = [first]
    while (reader.take(kind)) sides.push(read(reader))
    return sides.length === 1 ? first : { kind, sides }
  }
const readAnd = joined('and', readSimple)
const readOr: (reader: Reader) => Condition = joined('or', readAnd)

const readTerm = (reader: Reader): SetValue => {
  const operand = readOperand(reader)
  if (operand.kind !== 'path' || !reader.take('(')) return { kind: 'operand', operand }
  const [name] = operand.path
  if (name === 'if_not_exists') {
    const path = readPath(reader)
    reader.expect(',')
    const otherwise = readOperand(reader)
    reader.expect(')')
    return { kind: 'ifNotExists', path, otherwise }
  }
  if (name !== 'list_append') return reader.fail()
  const left = readTerm(reader)
  reader.expect(',')
  const right = readTerm(reader)
  reader.expect(')')
  return { kind: 'append', left, right }
}

const readSet = (reader: Reader): Change => {
  const path = readPath(reader)
  reader.expect('=')
  const left = readTerm(reader)
  if (reader.take('+'))
    return { kind: 'set', path, to: { kind: 'sum', left, right: readTerm(reader), sign: 1 } }
  if (reader.take('-'))
    return { kind: 'set', path, to: { kind: 'sum', left, right: readTerm(reader), sign: -1 } }
  return { kind: 'set', path, to: left }
}

const readClause = (reader: Reader): Change[] => {
  if (reader.take('SET')) return listed(reader, readSet)
  if (reader.take('REMOVE'))
    return listed(reader, (each): Change => ({ kind: 'remove', path: readPath(each) }))
  const kind = reader.take('ADD') ? 'add' : reader.take('DELETE') ? 'delete' : reader.fail()
  return listed(reader, (each): Change => ({ kind, path: readPath(each), by: readOperand(each) }))
}

const remembered = <T>(parse: (text: string) => T): ((text: string) => T) => {
  const known = new Map<string, T>()
  return (text) => {
    const parsed = known.get(text) ?? parse(text)
    known.set(text, parsed)
    return parsed
  }
}

/**
 * Reads a condition, key condition or filter.
 *
 * @throws {Error} ValidationException for anything that it does not know
 * @example parseCondition('attribute_not_exists(pk) OR #user = :user')
 */
export const parseCondition = remembered((text: string): Condition => {
  const reader = readerOf(text)
  const condition = readOr(reader)
  if (reader.peek() !== undefined) reader.fail()
  return condition
})

/** Reads an update expression. */
export const parseUpdate = remembered((text: string): readonly Change[] => {
  const reader = readerOf(text)
  const changes: Change[] = []
  while (reader.peek() !== undefined) changes.push(...readClause(reader))
  return changes
})

/** Reads a projection: the paths that are answered. */
export const parseProjection = remembered((text: string): readonly Path[] => {
  const reader = readerOf(text)
  const paths = listed(reader, readPath)
  if (reader.peek() !== undefined) reader.fail()
  return paths
})
