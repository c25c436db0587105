import { Duration, Validations } from 'aws-cdk-lib'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import {
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  type Function as LambdaFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda'
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Construct } from 'constructs'
import { DeadLetterQueue } from '#infra/constructs/work-queue.ts'

export type ChangeStreamProps = {
  readonly table: Table
  /** Records pass whose new image has one of these values in this string attribute. */
  readonly where: { readonly attribute: string; readonly isOneOf: readonly [string, ...string[]] }
  /** Records of removals pass, too, whose old image has one of these values in this string attribute. */
  readonly removedWhere?: { readonly attribute: string; readonly isOneOf: readonly [string, ...string[]] }
  readonly reader: LambdaFunction
  readonly batchesPerShard: number
}

/** What removed an item stands beside the `dynamodb` key: the reader must look whether it was TTL. */
const removal = ({ attribute, isOneOf }: ChangeStreamProps['where']) =>
  FilterCriteria.filter({
    dynamodb: { OldImage: { [attribute]: { S: isOneOf } }, NewImage: { pk: { S: FilterRule.notExists() } } },
  })

/** A table's changes that a function reads, and the queue that says where records lie that it could not process. */
export class ChangeStream extends Construct {
  readonly deadLetters: DeadLetterQueue

  constructor(scope: Construct, id: string, props: ChangeStreamProps) {
    super(scope, id)
    const { table, where, removedWhere, reader, batchesPerShard } = props
    const { tableStreamArn } = table
    if (tableStreamArn === undefined) throw new Error(`${table.node.path} has no stream`)
    this.deadLetters = new DeadLetterQueue(this, 'DeadLetters')
    table.grantStreamRead(reader)
    Validations.of(reader.role ?? reader).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'dynamodb:ListStreams, which Lambda needs to find the shards of a stream, takes no resource.',
    })
    new EventSourceMapping(this, 'Mapping', {
      target: reader,
      eventSourceArn: tableStreamArn,
      // LATEST would skip what is written while the event source comes up.
      startingPosition: StartingPosition.TRIM_HORIZON,
      // Filters see only the `dynamodb` key of a record.
      filters: [
        FilterCriteria.filter({ dynamodb: { NewImage: { [where.attribute]: { S: where.isOneOf } } } }),
        ...(removedWhere ? [removal(removedWhere)] : []),
      ],
      batchSize: 25,
      parallelizationFactor: batchesPerShard,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      // The stream keeps a record for 24 h: give up an hour before, while it can still be read by hand.
      maxRecordAge: Duration.hours(23),
      onFailure: new SqsDlq(this.deadLetters),
    })
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason:
        'It is a dead-letter queue: the on-failure destination of an event source, which the rule cannot see.',
    })
  }
}
