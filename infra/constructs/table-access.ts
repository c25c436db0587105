import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { Effect, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam'

// A transaction needs the permissions of the operations in it and none of its own. No function scans a table.
const READ = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:ConditionCheckItem']
const WRITE = ['dynamodb:PutItem', 'dynamodb:UpdateItem']

// What DynamoDB does with a customer's key in the name of the caller, without the wildcards of CDK's grant.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
const KEY_USE = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
]

/** Lets a function read items by key and pages of a partition. Queries of an index are granted by its name. */
export const grantRead = (grantee: IGrantable, table: Table, indexes: readonly string[] = []) =>
  allow(grantee, table, READ, indexes)

/** Lets a function read, make and change items, not delete them. */
export const grantReadWrite = (grantee: IGrantable, table: Table, indexes: readonly string[] = []) =>
  allow(grantee, table, [...READ, ...WRITE], indexes)

/** Lets a function read single items by their keys. */
export const grantGet = (grantee: IGrantable, table: Table) => allow(grantee, table, ['dynamodb:GetItem'], [])

/** Lets a function put items in the place of others, and read none. */
export const grantPut = (grantee: IGrantable, table: Table) => allow(grantee, table, ['dynamodb:PutItem'], [])

/** Lets a function that may write also delete items. */
export const grantDelete = ({ grantPrincipal }: IGrantable, table: Table) =>
  grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['dynamodb:DeleteItem'], resources: [table.tableArn] }),
  )

// The partitions of the Catalog that shared/contracts/items/signing-key.ts names.
const SIGNING_KEYS = 'SIGNING-KEYS'
const SIGNING_SECRETS = 'SIGNING-SECRETS'

const deny = ({ grantPrincipal }: IGrantable, table: Table, actions: string[], partition: string) =>
  grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      actions,
      resources: [table.tableArn],
      conditions: { 'ForAnyValue:StringEquals': { 'dynamodb:LeadingKeys': [partition] } },
    }),
  )

/** Keeps a function that reads the Catalog away from the private keys, and one that writes it from the public ones. */
export const denySigningKeys = (grantee: IGrantable, catalog: Table) => {
  deny(grantee, catalog, [...READ, ...WRITE, 'dynamodb:DeleteItem'], SIGNING_SECRETS)
  deny(grantee, catalog, [...WRITE, 'dynamodb:DeleteItem'], SIGNING_KEYS)
}

/** Lets a function that reads the Catalog make signing keys; it reads no private one and writes nothing else there. */
export const grantRotateKeys = (grantee: IGrantable, catalog: Table) => {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: WRITE,
      resources: [catalog.tableArn],
      conditions: {
        'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [SIGNING_KEYS, SIGNING_SECRETS] },
      },
    }),
  )
  deny(grantee, catalog, READ, SIGNING_SECRETS)
}

const allow = (grantee: IGrantable, table: Table, actions: string[], indexes: readonly string[]) => {
  const { grantPrincipal } = grantee
  grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [table.tableArn] }))
  if (indexes.length > 0) {
    grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['dynamodb:Query'],
        resources: indexes.map((index) => `${table.tableArn}/index/${index}`),
      }),
    )
  }
  table.encryptionKey?.grant(grantee, ...KEY_USE)
}
