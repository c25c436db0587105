// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation writes its variables so
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '#local/cloud/json.ts'
import type { Assembly, AssemblyStack } from '#local/cloud/template/read-assembly.ts'
import { createResolver } from '#local/cloud/template/resolve-intrinsics.ts'

const stackOf = (name: string, parts: Partial<AssemblyStack['template']> = {}): AssemblyStack => ({
  name,
  template: { Parameters: {}, Mappings: {}, Conditions: {}, Resources: {}, Outputs: {}, ...parts },
})

const data = stackOf('data', {
  Outputs: {
    Out: { Value: { Ref: 'Catalog' }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Catalog' } } },
  },
})
const pipeline = stackOf('pipeline', {
  Parameters: { Version: { Type: 'String', Default: '7' } },
  Mappings: { Sizes: { small: { memory: 128 } } },
  Conditions: {
    IsLocal: { 'Fn::Equals': [{ Ref: 'AWS::AccountId' }, '000000000000'] },
    IsFar: { 'Fn::Not': [{ Condition: 'IsLocal' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsFar' }, { Condition: 'IsLocal' }] },
    Both: { 'Fn::And': [{ Condition: 'IsFar' }, { Condition: 'IsLocal' }] },
  },
})
const assembly: Assembly = { stacks: [data, pipeline], assetPaths: new Map() }
const { resolve, holds } = createResolver(
  assembly,
  { region: 'us-east-1', accountId: '000000000000' },
  (stack, logicalId) => ({
    ref: `${stack.name}-${logicalId}`,
    attributes: { Arn: `arn:${logicalId}`, 'Nested.Name': 'deep' },
  }),
)

describe('intrinsic functions', () => {
  test.each<[string, Json, Json]>([
    ['a plain value stays', { a: [1, true, null, 'x'] }, { a: [1, true, null, 'x'] }],
    ['Ref of a resource', { Ref: 'Queue' }, 'pipeline-Queue'],
    ['Ref of a parameter', { Ref: 'Version' }, '7'],
    [
      'pseudo parameters',
      { r: { Ref: 'AWS::Region' }, p: { Ref: 'AWS::Partition' } },
      { r: 'us-east-1', p: 'aws' },
    ],
    ['NoValue takes its property away', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['NoValue takes its list item away', [{ Ref: 'AWS::NoValue' }, 1], [1]],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:Queue'],
    ['GetAtt as text, of a nested name', { 'Fn::GetAtt': 'Queue.Nested.Name' }, 'deep'],
    ['Join', { 'Fn::Join': ['/', ['a', { Ref: 'Queue' }, 3]] }, 'a/pipeline-Queue/3'],
    [
      'Sub of resources, attributes, variables and literals',
      { 'Fn::Sub': ['${AWS::Region} ${Queue} ${Queue.Arn} ${mine} ${!kept}', { mine: { Ref: 'Version' } }] },
      'us-east-1 pipeline-Queue arn:Queue 7 ${kept}',
    ],
    ['Select', { 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    ['Split', { 'Fn::Split': [',', 'a,b'] }, ['a', 'b']],
    ['Select of a Split', { 'Fn::Select': [2, { 'Fn::Split': ['-', 'x-y-z'] }] }, 'z'],
    ['ImportValue resolves in the exporting stack', { 'Fn::ImportValue': 'data:Catalog' }, 'data-Catalog'],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', 'small', 'memory'] }, 128],
    ['If that holds', { 'Fn::If': ['IsLocal', 'here', 'there'] }, 'here'],
    ['If that does not', { 'Fn::If': ['IsFar', 'far', { Ref: 'AWS::Region' }] }, 'us-east-1'],
  ])('%s', (_name, value, expected) => {
    expect(resolve(pipeline, value)).toEqual(expected)
  })

  test('conditions combine', () => {
    expect(['IsLocal', 'IsFar', 'Either', 'Both', undefined].map((name) => holds(pipeline, name))).toEqual([
      true,
      false,
      true,
      false,
      true,
    ])
  })

  test.each<[string, JsonObject, RegExp]>([
    ['an intrinsic that is not known', { 'Fn::Base64': 'x' }, /does not know Fn::Base64/],
    ['an attribute that is not known', { 'Fn::GetAtt': ['Queue', 'Colour'] }, /Queue.*attribute Colour/],
    ['an export that nobody makes', { 'Fn::ImportValue': 'elsewhere' }, /no stack exports elsewhere/],
    ['a Select past the end', { 'Fn::Select': [5, ['a']] }, /nothing to select/],
  ])('refuses %s', (_name, value, message) => {
    expect(() => resolve(pipeline, value)).toThrow(message)
  })
})
