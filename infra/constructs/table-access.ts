import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam'

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

/** Lets a function that may write also delete items. */
export const grantDelete = ({ grantPrincipal }: IGrantable, table: Table) =>
  grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['dynamodb:DeleteItem'], resources: [table.tableArn] }),
  )

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
