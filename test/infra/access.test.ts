import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { functionNames } from '#infra/constructs/function-code.ts'
import { allPushApplications, functionOf, ofType, synthesize } from './synthesized.ts'

const oneOrMore = <S extends z.ZodType>(schema: S) =>
  z.union([z.array(schema), schema.transform((one) => [one])])
const statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMore(z.string()),
  Resource: oneOrMore(z.unknown()).optional(),
  NotResource: oneOrMore(z.unknown()).optional(),
  Condition: z.unknown().optional(),
})
const policy = z.object({
  PolicyDocument: z.object({ Statement: z.array(statement) }),
  Roles: z.tuple([z.object({ Ref: z.string() })]),
})
const role = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) })

const { pipeline } = synthesize('dev', { pushApplications: allPushApplications })
const policies = ofType(pipeline, 'AWS::IAM::Policy').map((r) => policy.parse(r.Properties))

const statementsOf = (name: string) => {
  const [roleId] = role.parse(functionOf(pipeline, name).Properties['Role'])['Fn::GetAtt']
  return policies.filter((p) => p.Roles[0].Ref === roleId).flatMap((p) => p.PolicyDocument.Statement)
}

/** What a function may do with the resources in whose description (JSON) `part` occurs. */
const actionsOn = (name: string, part: string) =>
  statementsOf(name)
    .filter((s) => s.Effect === 'Allow' && s.Condition === undefined)
    .filter((s) => s.Resource?.some((r) => JSON.stringify(r).includes(part)))
    .flatMap((s) => s.Action)
    .sort()

const READ = ['dynamodb:BatchGetItem', 'dynamodb:ConditionCheckItem', 'dynamodb:GetItem', 'dynamodb:Query']
const READ_WRITE = [...READ, 'dynamodb:PutItem', 'dynamodb:UpdateItem'].sort()
const READ_WRITE_DELETE = [...READ_WRITE, 'dynamodb:DeleteItem'].sort()
const NONE: string[] = []

/** The sources of the adapters that a function imports, and of those that these import. */
const adaptersOf = (name: string): string[] => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const importsIn = (source: string) =>
    [...source.matchAll(/ from '#(shared\/adapters\/[^']+)'/g)].map(([, file = '']) => file)
  const found = new Set(
    globSync(`functions/${name}/**/*.ts`, { cwd: root }).flatMap((f) => importsIn(read(f))),
  )
  // A Set is walked to its end, also to what is added on the way.
  for (const file of found) for (const next of importsIn(read(file))) found.add(next)
  return [...found].map(read)
}

describe('access to the tables', () => {
  it.each([
    ['match-pings', READ, READ_WRITE, NONE],
    ['customer-api', READ, ['dynamodb:GetItem', 'dynamodb:PutItem'], READ_WRITE_DELETE],
    ['merchant-api', READ_WRITE_DELETE, NONE, READ_WRITE_DELETE],
    ['decide-offers', READ, READ_WRITE, READ_WRITE],
    ['send-messages', READ, NONE, READ_WRITE],
    ['remind-revisits', READ, NONE, READ_WRITE],
    ['run-jobs', READ_WRITE_DELETE, READ_WRITE, READ_WRITE_DELETE],
  ])('%s', (name, catalog, presence, ledger) => {
    expect(actionsOn(name, 'GetAttCatalogTableArn')).toEqual(catalog)
    expect(actionsOn(name, 'GetAttPresenceTableArn')).toEqual(presence)
    expect(actionsOn(name, 'GetAttLedgerTableArn').filter((a, i, all) => all.indexOf(a) === i)).toEqual(
      ledger,
    )
  })

  it('allows deleting only where an adapter of the function deletes', () => {
    const deleters = functionNames.filter((name) =>
      adaptersOf(name).some((file) => /\bDelete: \{/.test(file)),
    )
    expect(
      functionNames.filter((name) => actionsOn(name, 'TableArn').includes('dynamodb:DeleteItem')),
    ).toEqual(deleters)
  })

  it('is to an index only where it is queried', () => {
    const readers = (index: string) =>
      functionNames.filter((name) => actionsOn(name, `/index/${index}`).length > 0)
    expect(readers('byMerchant')).toEqual(['customer-api', 'merchant-api', 'remind-revisits', 'run-jobs'])
    expect(readers('due')).toEqual(['remind-revisits'])
  })

  it('keeps private signing keys to the one who signs, and all keys to the one who makes them', () => {
    const about = (name: string) =>
      statementsOf(name)
        .filter(({ Condition }) => JSON.stringify(Condition ?? '').includes('LeadingKeys'))
        .map(({ Effect, Action, Condition }) => [Effect, Action.toSorted(), Condition])
    const only = (how: string, ...partitions: string[]) => ({
      [`${how}:StringEquals`]: { 'dynamodb:LeadingKeys': partitions },
    })
    const changes = ['dynamodb:PutItem', 'dynamodb:UpdateItem']
    const denied = [
      ['Deny', READ_WRITE_DELETE, only('ForAnyValue', 'SIGNING-SECRETS')],
      ['Deny', ['dynamodb:DeleteItem', ...changes], only('ForAnyValue', 'SIGNING-KEYS')],
    ]
    for (const name of functionNames.filter((one) => !['customer-api', 'remind-revisits'].includes(one)))
      expect([name, about(name)]).toEqual([name, denied])
    expect(about('remind-revisits')).toEqual([
      ['Allow', changes, only('ForAllValues', 'SIGNING-KEYS', 'SIGNING-SECRETS')],
      ['Deny', READ, only('ForAnyValue', 'SIGNING-SECRETS')],
    ])
    // It reads the Catalog, and writes nothing there.
    expect(about('customer-api')).toEqual([])
    expect(actionsOn('customer-api', 'GetAttCatalogTableArn')).toEqual(READ)
  })

  it('includes the key where there is one', () => {
    const { pipeline: withKey } = synthesize('dev', { customerManagedKey: true })
    const keyed = ofType(withKey, 'AWS::IAM::Policy').filter((p) => JSON.stringify(p).includes('kms:Decrypt'))
    expect(keyed).toHaveLength(7)
  })
})

describe('access to the queues', () => {
  it.each([
    ['TimersQueue', ['decide-offers'], ['decide-offers']],
    ['PushQueue', ['merchant-api', 'decide-offers', 'send-messages', 'remind-revisits'], ['send-messages']],
    ['PushAppleQueue', ['send-messages'], ['send-messages']],
    ['SmsQueue', ['merchant-api', 'decide-offers', 'send-messages', 'remind-revisits'], ['send-messages']],
    ['PushDeadLetters', ['send-messages'], []],
    ['PushAppleDeadLetters', ['send-messages'], []],
    ['SmsDeadLetters', ['send-messages'], []],
    [
      'JobsQueue',
      ['customer-api', 'merchant-api', 'decide-offers', 'remind-revisits', 'run-jobs'],
      ['run-jobs'],
    ],
  ])('%s is filled by %j and worked off by %j', (queue, fillers, workers) => {
    const may = (action: string) => functionNames.filter((name) => actionsOn(name, queue).includes(action))
    expect(may('sqs:SendMessage')).toEqual(fillers)
    expect(may('sqs:ReceiveMessage')).toEqual(workers)
  })
})

describe('access to Amazon SNS', () => {
  it('is to send for send-messages: to endpoints of our applications and to phone numbers, to no topic', () => {
    const sns = statementsOf('send-messages').filter((s) => s.Action.some((a) => a.startsWith('sns:')))
    const endpoints = Object.values(allPushApplications).map(
      (arn) => `${arn.replace(':app/', ':endpoint/')}/*`,
    )
    expect(sns).toHaveLength(3)
    expect(sns).toContainEqual({
      Effect: 'Allow',
      Action: ['sns:CreatePlatformEndpoint'],
      Resource: Object.values(allPushApplications),
    })
    expect(sns).toContainEqual({
      Effect: 'Allow',
      Action: ['sns:DeleteEndpoint', 'sns:GetEndpointAttributes', 'sns:Publish', 'sns:SetEndpointAttributes'],
      Resource: endpoints,
    })
    expect(sns).toContainEqual({
      Effect: 'Allow',
      Action: ['sns:CheckIfPhoneNumberIsOptedOut', 'sns:Publish'],
      NotResource: [{ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':sns:*:*:*']] }],
    })
  })

  it('is to delete endpoints for run-jobs, to confirm the topic of answers for customer-api, and none for the others', () => {
    const users = functionNames.filter((n) =>
      statementsOf(n).some((s) => s.Action.some((a) => a.startsWith('sns:'))),
    )
    expect(users).toEqual(['customer-api', 'send-messages', 'run-jobs'])
    expect(actionsOn('run-jobs', 'endpoint/')).toEqual(['sns:DeleteEndpoint'])
    expect(actionsOn('customer-api', 'SmsAnswersTopic')).toEqual(['sns:ConfirmSubscription'])
  })
})

describe('access of all functions', () => {
  it.each(functionNames)('%s has no wildcard in an action and no managed policy', (name) => {
    for (const { Action } of statementsOf(name))
      for (const action of Action) expect(action).not.toContain('*')
    for (const r of ofType(pipeline, 'AWS::IAM::Role'))
      expect(r.Properties).not.toHaveProperty('ManagedPolicyArns')
  })

  it('is to everything in one case only: ListStreams takes no resource', () => {
    const unbounded = functionNames.flatMap((n) => statementsOf(n).filter((s) => s.Resource?.includes('*')))
    expect(unbounded).toEqual([{ Effect: 'Allow', Action: ['dynamodb:ListStreams'], Resource: ['*'] }])
  })

  it('is to look up addresses for merchant-api alone', () => {
    const users = functionNames.filter((n) =>
      statementsOf(n).some((s) => s.Action.some((a) => a.startsWith('geo:'))),
    )
    expect(users).toEqual(['merchant-api'])
    expect(actionsOn('merchant-api', 'PlacesIndex')).toEqual(['geo:SearchPlaceIndexForText'])
  })
})

describe('what the adapters ask of AWS', () => {
  // A transaction needs the permissions of the operations in it.
  const transaction = [
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'dynamodb:DeleteItem',
    'dynamodb:ConditionCheckItem',
  ]
  const permissions: Readonly<Record<string, string[]>> = {
    GetCommand: ['dynamodb:GetItem'],
    GetItemCommand: ['dynamodb:GetItem'],
    BatchGetCommand: ['dynamodb:BatchGetItem'],
    QueryCommand: ['dynamodb:Query'],
    PutCommand: ['dynamodb:PutItem'],
    PutItemCommand: ['dynamodb:PutItem'],
    UpdateCommand: ['dynamodb:UpdateItem'],
    DeleteCommand: ['dynamodb:DeleteItem'],
    TransactGetCommand: ['dynamodb:GetItem'],
    TransactWriteCommand: transaction,
    SendMessageCommand: ['sqs:SendMessage'],
    SendMessageBatchCommand: ['sqs:SendMessage'],
    CreatePlatformEndpointCommand: ['sns:CreatePlatformEndpoint'],
    GetEndpointAttributesCommand: ['sns:GetEndpointAttributes'],
    SetEndpointAttributesCommand: ['sns:SetEndpointAttributes'],
    DeleteEndpointCommand: ['sns:DeleteEndpoint'],
    PublishCommand: ['sns:Publish'],
    ConfirmSubscriptionCommand: ['sns:ConfirmSubscription'],
    CheckIfPhoneNumberIsOptedOutCommand: ['sns:CheckIfPhoneNumberIsOptedOut'],
    SearchPlaceIndexForTextCommand: ['geo:SearchPlaceIndexForText'],
  }
  const adapters = fileURLToPath(new URL('../../shared/adapters/', import.meta.url))
  const commands = globSync('**/*.ts', { cwd: adapters }).flatMap(
    (file) => readFileSync(join(adapters, file), 'utf8').match(/(?<=new )[A-Z][A-Za-z]*Command(?=\()/g) ?? [],
  )

  it.each([...new Set(commands)].sort())('%s is granted to a function', (command) => {
    const granted = functionNames.flatMap(statementsOf).flatMap((s) => s.Action)
    expect(permissions).toHaveProperty(command)
    expect(granted).toEqual(expect.arrayContaining(permissions[command] ?? []))
  })
})
