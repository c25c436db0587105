import { CfnOutput, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib'
import {
  AttributeType,
  BillingMode,
  CfnTable,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb'
import { Key } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'
import { type Tokens, tokensOf } from '#infra/constructs/identity.ts'
import type { StageConfig } from '#infra/stage-config.ts'

export type DataStackProps = StackProps & { readonly stage: string; readonly config: StageConfig }

const text = (name: string) => ({ name, type: AttributeType.STRING })

/** What outlives a deployment: the three tables, by who owns the data and how long it lives, and the users. */
export class DataStack extends Stack {
  /** The merchants' configuration. */
  readonly catalog: Table
  /** Where a customer is now: the only table, and stream, that holds coordinates. */
  readonly presence: Table
  /** What happened. */
  readonly ledger: Table
  readonly tokens: Tokens

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props)
    const { config } = props
    const common = this.commonProps(config)

    this.catalog = new Table(this, 'CatalogTable', {
      ...common,
      partitionKey: text('pk'),
      sortKey: text('sk'),
      timeToLiveAttribute: 'ttl',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    })
    this.presence = new Table(this, 'PresenceTable', {
      ...common,
      partitionKey: text('pk'),
      timeToLiveAttribute: 'ttl',
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    })
    this.ledger = new Table(this, 'LedgerTable', {
      ...common,
      partitionKey: text('pk'),
      sortKey: text('sk'),
      timeToLiveAttribute: 'ttl',
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    })
    this.ledger.addGlobalSecondaryIndex({
      indexName: 'byMerchant',
      partitionKey: text('merchantPk'),
      sortKey: text('merchantSk'),
      projectionType: ProjectionType.ALL,
    })
    this.ledger.addGlobalSecondaryIndex({
      indexName: 'due',
      partitionKey: text('duePk'),
      sortKey: text('dueSk'),
      projectionType: ProjectionType.ALL,
    })
    Validations.of(this.presence).acknowledge({
      id: 'AwsSolutions-DDB3',
      reason:
        'Presence holds coordinates, which must not outlive their use: no backup, and the next ping rebuilds an item.',
    })

    this.tokens = tokensOf(this, { stage: props.stage, config })
    this.nameTable(this.catalog, 'CatalogTable')
    this.nameTable(this.presence, 'PresenceTable')
    this.nameTable(this.ledger, 'LedgerTable')
  }

  private commonProps(config: StageConfig) {
    const removalPolicy = config.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY
    const encryption: Pick<TableProps, 'encryption' | 'encryptionKey'> = config.customerManagedKey
      ? {
          encryption: TableEncryption.CUSTOMER_MANAGED,
          encryptionKey: new Key(this, 'TableKey', {
            description: 'Beckon: the tables at rest',
            enableKeyRotation: true,
            removalPolicy,
          }),
        }
      : {}
    return {
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy,
      deletionProtection: config.keepData,
      ...encryption,
    }
  }

  /** A logical id without a hash: people and the local cloud find the tables in the template by name. */
  private nameTable(table: Table, name: string) {
    const resource = table.node.defaultChild
    if (resource instanceof CfnTable) resource.overrideLogicalId(name)
    new CfnOutput(this, `${name}Name`, { value: table.tableName })
  }
}
