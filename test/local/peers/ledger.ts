import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { dummyAws } from './peer-server.ts'

/** A client that tries once, so that every fault shows. */
export const dynamodbAt = (endpoint: string, rest: object = {}): DynamoDBClient =>
  new DynamoDBClient({ ...dummyAws, endpoint, ...rest })

export const s = (value: string) => ({ S: value })
export const n = (value: number) => ({ N: String(value) })
/** The key of the item `sk` in the partition `a`. */
export const keyOf = (sk: string) => ({ pk: s('a'), sk: s(sk) })

/** A table like the Ledger, with both its indexes. */
export const createLedger = (client: DynamoDBClient, TableName = 'Ledger') =>
  client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'merchantPk', 'merchantSk', 'duePk', 'dueSk'].map(
        (AttributeName) => ({
          AttributeName,
          AttributeType: 'S',
        }),
      ),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        ['byMerchant', 'merchant'],
        ['due', 'due'],
      ].map(([IndexName = '', prefix = '']) => ({
        IndexName,
        KeySchema: [
          { AttributeName: `${prefix}Pk`, KeyType: 'HASH' },
          { AttributeName: `${prefix}Sk`, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      })),
    }),
  )
