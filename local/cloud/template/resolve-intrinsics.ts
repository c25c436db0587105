import { isJsonObject, type Json, type JsonObject } from '#local/cloud/json.ts'
import type { Assembly, AssemblyStack } from '#local/cloud/template/read-assembly.ts'

/** What `Ref` and `Fn::GetAtt` answer for one resource. */
export type ResourceValues = { ref: string; attributes: Record<string, string> }

export type Resolver = {
  /** A value of a stack's template with every intrinsic function replaced by what it stands for. */
  resolve(stack: AssemblyStack, value: Json): Json
  /** Is the condition of this name true? No name is true. */
  holds(stack: AssemblyStack, condition: string | undefined): boolean
}

export type PseudoParameters = { region: string; accountId: string }

export class TemplateError extends Error {
  override name = 'TemplateError'
}

/** What `AWS::NoValue` leaves: the property goes away. */
const NO_VALUE = Symbol('AWS::NoValue')
type Resolved = Json | typeof NO_VALUE
type Intrinsic = (stack: AssemblyStack, argument: Json) => Resolved

/**
 * Replaces CloudFormation's intrinsic functions by values, over all stacks of an assembly.
 *
 * @param valuesOf what a resource answers to Ref and GetAtt; it may call the resolver for the resource's own properties
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
 */
export const createResolver = (
  assembly: Assembly,
  pseudo: PseudoParameters,
  valuesOf: (stack: AssemblyStack, logicalId: string) => ResourceValues,
): Resolver => {
  const resolveAny = (stack: AssemblyStack, value: Json): Resolved => {
    if (Array.isArray(value)) return withoutNoValue(value.map((item) => resolveAny(stack, item)))
    if (!isJsonObject(value)) return value
    const [only, ...others] = Object.entries(value)
    if (only !== undefined && others.length === 0) {
      const [name, argument] = only
      const intrinsic = intrinsics[name]
      if (intrinsic !== undefined) return intrinsic(stack, argument)
      if (name.startsWith('Fn::'))
        throw new TemplateError(`${stack.name}: the local cloud does not know ${name}`)
    }
    const resolved: JsonObject = {}
    for (const [key, item] of Object.entries(value)) {
      const inner = resolveAny(stack, item)
      if (inner !== NO_VALUE) resolved[key] = inner
    }
    return resolved
  }
  const resolve = (stack: AssemblyStack, value: Json): Json => {
    const resolved = resolveAny(stack, value)
    return resolved === NO_VALUE ? null : resolved
  }
  const text = (stack: AssemblyStack, value: Json): string => {
    const resolved = resolve(stack, value)
    if (typeof resolved === 'string') return resolved
    if (typeof resolved === 'number' || typeof resolved === 'boolean') return String(resolved)
    throw new TemplateError(`${stack.name}: ${JSON.stringify(value)} is no text`)
  }
  const list = (stack: AssemblyStack, value: Json | undefined): Json[] => {
    const resolved = resolve(stack, value ?? null)
    if (Array.isArray(resolved)) return resolved
    throw new TemplateError(`${stack.name}: ${JSON.stringify(value)} is no list`)
  }
  const parts = (name: string, argument: Json, count: number): Json[] => {
    if (Array.isArray(argument) && argument.length === count) return argument
    throw new TemplateError(`${name} takes ${count} values: ${JSON.stringify(argument)}`)
  }

  const ref: Intrinsic = (stack, argument) => {
    const name = text(stack, argument)
    const pseudoValue = pseudoParameter(pseudo, stack.name, name)
    if (pseudoValue !== undefined) return pseudoValue
    const parameter = stack.template.Parameters[name]
    if (parameter !== undefined) return parameter.Default ?? ''
    return valuesOf(stack, name).ref
  }
  const attribute = (stack: AssemblyStack, logicalId: string, name: string): string => {
    const value = valuesOf(stack, logicalId).attributes[name]
    if (value !== undefined) return value
    throw new TemplateError(`${stack.name}/${logicalId}: the local cloud does not know its attribute ${name}`)
  }
  const holds = (stack: AssemblyStack, condition: string | undefined): boolean => {
    if (condition === undefined) return true
    const definition = stack.template.Conditions[condition]
    if (definition === undefined) throw new TemplateError(`${stack.name}: no condition ${condition}`)
    return resolveAny(stack, definition) === true
  }

  const intrinsics: Record<string, Intrinsic> = {
    Ref: ref,
    Condition: (stack, argument) => holds(stack, text(stack, argument)),
    'Fn::GetAtt': (stack, argument) => {
      const [logicalId, ...rest] = Array.isArray(argument)
        ? argument.map((item) => text(stack, item))
        : text(stack, argument).split('.')
      return attribute(stack, logicalId ?? '', rest.join('.'))
    },
    'Fn::Join': (stack, argument) => {
      const [separator = '', items] = parts('Fn::Join', argument, 2)
      return list(stack, items)
        .map((item) => text(stack, item))
        .join(text(stack, separator))
    },
    'Fn::Sub': (stack, argument) => {
      const [template, variables] = Array.isArray(argument) ? argument : [argument, {}]
      const own = isJsonObject(variables) ? variables : {}
      return text(stack, template ?? '').replaceAll(
        /\$\{(!?)([^}]+)\}/g,
        (_whole, literal: string, name: string) => {
          if (literal === '!') return `\${${name}}`
          const variable = own[name]
          if (variable !== undefined) return text(stack, variable)
          const [logicalId = '', ...rest] = name.split('.')
          return rest.length > 0 ? attribute(stack, logicalId, rest.join('.')) : text(stack, { Ref: name })
        },
      )
    },
    'Fn::Select': (stack, argument) => {
      const [index = 0, items] = parts('Fn::Select', argument, 2)
      const item = list(stack, items)[Number(text(stack, index))]
      if (item === undefined)
        throw new TemplateError(`${stack.name}: nothing to select in ${JSON.stringify(argument)}`)
      return item
    },
    'Fn::Split': (stack, argument) => {
      const [separator = '', whole = ''] = parts('Fn::Split', argument, 2)
      return text(stack, whole).split(text(stack, separator))
    },
    'Fn::ImportValue': (stack, argument) => importValue(text(stack, argument)),
    'Fn::FindInMap': (stack, argument) => {
      const [map = '', first = '', second = ''] = parts('Fn::FindInMap', argument, 3).map((item) =>
        text(stack, item),
      )
      const value = stack.template.Mappings[map]?.[first]?.[second]
      if (value === undefined) throw new TemplateError(`${stack.name}: no ${map}.${first}.${second}`)
      return value
    },
    'Fn::If': (stack, argument) => {
      const [condition = '', whenTrue = null, whenFalse = null] = parts('Fn::If', argument, 3)
      return resolveAny(stack, holds(stack, text(stack, condition)) ? whenTrue : whenFalse)
    },
    'Fn::Equals': (stack, argument) => {
      const [one = null, other = null] = parts('Fn::Equals', argument, 2)
      return JSON.stringify(resolve(stack, one)) === JSON.stringify(resolve(stack, other))
    },
    'Fn::And': (stack, argument) => list(stack, argument).every((item) => item === true),
    'Fn::Or': (stack, argument) => list(stack, argument).some((item) => item === true),
    'Fn::Not': (stack, argument) => list(stack, argument)[0] !== true,
  }

  const importValue = (name: string): Json => {
    for (const stack of assembly.stacks) {
      for (const output of Object.values(stack.template.Outputs)) {
        if (output.Export !== undefined && text(stack, output.Export.Name) === name)
          return resolve(stack, output.Value)
      }
    }
    throw new TemplateError(`no stack exports ${name}`)
  }

  return { resolve, holds }
}

const pseudoParameter = (pseudo: PseudoParameters, stackName: string, name: string): Resolved | undefined => {
  switch (name) {
    case 'AWS::Region':
      return pseudo.region
    case 'AWS::AccountId':
      return pseudo.accountId
    case 'AWS::Partition':
      return 'aws'
    case 'AWS::URLSuffix':
      return 'amazonaws.com'
    case 'AWS::StackName':
      return stackName
    case 'AWS::StackId':
      return `arn:aws:cloudformation:${pseudo.region}:${pseudo.accountId}:stack/${stackName}/local`
    case 'AWS::NotificationARNs':
      return []
    case 'AWS::NoValue':
      return NO_VALUE
    default:
      return undefined
  }
}

const withoutNoValue = (items: readonly Resolved[]): Json[] =>
  items.filter((item): item is Json => item !== NO_VALUE)
