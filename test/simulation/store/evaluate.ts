import type {
  Change,
  Comparator,
  Condition,
  Operand,
  Path,
  SetValue,
} from '#test/simulation/store/expressions.ts'

export type Item = Readonly<Record<string, unknown>>

/** What the names and values of an expression stand for; each must be given, and each that is given must be used. */
export type Scope = {
  readonly names: Readonly<Record<string, string>>
  readonly values: Readonly<Record<string, unknown>>
  readonly used: Set<string>
}

const invalid = (reason: string): Error =>
  Object.assign(new Error(`ValidationException: ${reason}`), { name: 'ValidationException' })

export const scopeOf = (names: Scope['names'] = {}, values: Scope['values'] = {}): Scope => ({
  names,
  values,
  used: new Set(),
})

/** DynamoDB refuses names and values that nothing uses. */
export const checkUse = ({ names, values, used }: Scope): void => {
  const idle = [...Object.keys(names), ...Object.keys(values)].filter((name) => !used.has(name))
  if (idle.length > 0) throw invalid(`unused in expressions: ${idle.join(', ')}`)
}

/** The attributes of a path, by their own names. */
export const resolvePath = (path: Path, scope: Scope): string[] =>
  path.map((name) => {
    if (!name.startsWith('#')) return name
    scope.used.add(name)
    const real = scope.names[name]
    if (real === undefined) throw invalid(`no name ${name}`)
    return real
  })

const isMap = (value: unknown): value is Item =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array) &&
  !(value instanceof Set)

const at = (item: Item, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (isMap(value) ? value[name] : undefined), item)

const operandValue = (operand: Operand, item: Item, scope: Scope): unknown => {
  switch (operand.kind) {
    case 'value': {
      scope.used.add(operand.name)
      if (!Object.hasOwn(scope.values, operand.name)) throw invalid(`no value ${operand.name}`)
      return scope.values[operand.name]
    }
    case 'path':
      return at(item, resolvePath(operand.path, scope))
    case 'size':
      return sizeOf(at(item, resolvePath(operand.path, scope)))
    default:
      return operand satisfies never
  }
}

const sizeOf = (value: unknown): number | undefined => {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length
  if (value instanceof Set) return value.size
  return isMap(value) ? Object.keys(value).length : undefined
}

/** Of one type and ordered: numbers, strings by their bytes, binaries. */
const compareValues = (left: unknown, right: unknown): number | undefined => {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (typeof left === 'string' && typeof right === 'string')
    return left === right ? 0 : Buffer.compare(Buffer.from(left), Buffer.from(right))
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right)
  return undefined
}

export const isEqual = (left: unknown, right: unknown): boolean => {
  if (left === right) return true
  if (left instanceof Uint8Array) return compareValues(left, right) === 0
  if (Array.isArray(left))
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((one, index) => isEqual(one, right[index]))
    )
  if (left instanceof Set)
    return right instanceof Set && left.size === right.size && [...left].every((one) => right.has(one))
  if (!isMap(left) || !isMap(right)) return false
  const names = Object.keys(left)
  return names.length === Object.keys(right).length && names.every((name) => isEqual(left[name], right[name]))
}

const compares = (left: unknown, by: Comparator, right: unknown): boolean => {
  if (by === '=') return left !== undefined && isEqual(left, right)
  // What is not there is not equal.
  if (by === '<>') return !isEqual(left, right)
  const order = compareValues(left, right)
  if (order === undefined) return false
  switch (by) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    default:
      return by satisfies never
  }
}

const beginsWith = (value: unknown, part: unknown): boolean =>
  typeof value === 'string' && typeof part === 'string' && value.startsWith(part)

const contains = (value: unknown, part: unknown): boolean => {
  if (typeof value === 'string') return typeof part === 'string' && value.includes(part)
  if (Array.isArray(value)) return value.some((one) => isEqual(one, part))
  return value instanceof Set && value.has(part)
}

/** Does an item (an empty one where there is none) meet a condition? */
export const meets = (condition: Condition, item: Item, scope: Scope): boolean => {
  const value = (operand: Operand): unknown => operandValue(operand, item, scope)
  switch (condition.kind) {
    // Every side is looked at, so that all names and values are seen to be used.
    case 'and':
      return condition.sides.map((side) => meets(side, item, scope)).every(Boolean)
    case 'or':
      return condition.sides.map((side) => meets(side, item, scope)).some(Boolean)
    case 'not':
      return !meets(condition.side, item, scope)
    case 'compare':
      return compares(value(condition.left), condition.by, value(condition.right))
    case 'between': {
      const [one, from, to] = [value(condition.of), value(condition.from), value(condition.to)]
      return compares(one, '>=', from) && compares(one, '<=', to)
    }
    case 'in': {
      const one = value(condition.of)
      return condition.list.map(value).some((listed) => compares(one, '=', listed))
    }
    case 'exists':
      return at(item, resolvePath(condition.path, scope)) !== undefined
    case 'absent':
      return at(item, resolvePath(condition.path, scope)) === undefined
    case 'beginsWith':
      return beginsWith(value(condition.of), value(condition.part))
    case 'contains':
      return contains(value(condition.of), value(condition.part))
    default:
      return condition satisfies never
  }
}

const newValue = (to: SetValue, before: Item, scope: Scope): unknown => {
  switch (to.kind) {
    case 'operand': {
      const value = operandValue(to.operand, before, scope)
      if (value === undefined) throw invalid('an attribute of the update is not in the item')
      return value
    }
    case 'ifNotExists': {
      const otherwise = operandValue(to.otherwise, before, scope)
      const there = at(before, resolvePath(to.path, scope))
      // What is null is there.
      return there === undefined ? otherwise : there
    }
    case 'sum': {
      const [left, right] = [newValue(to.left, before, scope), newValue(to.right, before, scope)]
      if (typeof left !== 'number' || typeof right !== 'number') throw invalid('a sum needs numbers')
      return left + to.sign * right
    }
    case 'append': {
      const [left, right] = [newValue(to.left, before, scope), newValue(to.right, before, scope)]
      if (!Array.isArray(left) || !Array.isArray(right)) throw invalid('list_append needs lists')
      return [...left, ...right]
    }
    default:
      return to satisfies never
  }
}

const placed = (item: Item, [name, ...rest]: readonly string[], value: unknown): Item => {
  if (name === undefined) throw invalid('an empty path')
  if (rest.length > 0) {
    const inner = item[name]
    if (!isMap(inner)) throw invalid('the document path is not valid for the item')
    return { ...item, [name]: placed(inner, rest, value) }
  }
  if (value !== undefined) return { ...item, [name]: value }
  const { [name]: _, ...others } = item
  return others
}

const added = (old: unknown, by: unknown): unknown => {
  if (typeof by === 'number' && (old === undefined || typeof old === 'number')) return (old ?? 0) + by
  if (by instanceof Set && (old === undefined || old instanceof Set)) return new Set([...(old ?? []), ...by])
  throw invalid('ADD takes a number or a set')
}

const taken = (old: unknown, by: unknown): unknown => {
  if (!(by instanceof Set) || (old !== undefined && !(old instanceof Set)))
    throw invalid('DELETE takes a set')
  const left = [...(old ?? [])].filter((one) => !by.has(one))
  return left.length === 0 ? undefined : new Set(left)
}

const changed = (change: Change, item: Item, before: Item, scope: Scope): Item => {
  const path = resolvePath(change.path, scope)
  switch (change.kind) {
    case 'set':
      return placed(item, path, newValue(change.to, before, scope))
    case 'remove':
      return placed(item, path, undefined)
    case 'add':
      return placed(item, path, added(at(before, path), operandValue(change.by, before, scope)))
    case 'delete':
      return placed(item, path, taken(at(before, path), operandValue(change.by, before, scope)))
    default:
      return change satisfies never
  }
}

/** The item after an update; all its values are those of the item before. */
export const updated = (changes: readonly Change[], before: Item, scope: Scope): Item => {
  const paths = changes.map(({ path }) => resolvePath(path, scope).join('.'))
  if (new Set(paths).size < paths.length) throw invalid('two paths of the update overlap')
  return changes.reduce((item, change) => changed(change, item, before, scope), before)
}

/** The attributes of an item that a projection names. */
export const projected = (item: Item, paths: readonly Path[], scope: Scope): Item =>
  Object.fromEntries(
    paths.flatMap((path) => {
      const [name = '', ...rest] = resolvePath(path, scope)
      if (rest.length > 0) throw invalid('projections of nested attributes are not known here')
      return item[name] === undefined ? [] : [[name, item[name]]]
    }),
  )
