import { Duration } from 'aws-cdk-lib'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'

/** A message is tried this often before it is put aside. */
export const MAX_RECEIVES = 5

/** Where records and messages wait that could not be processed. SQS keeps them for 14 days, its longest. */
export class DeadLetterQueue extends Queue {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    })
  }
}

export type WorkQueueProps = {
  /** The time limit of the function that works it off. */
  readonly workerTimeoutS: number
  readonly batchSize: number
  /** How many batches are worked off at once. */
  readonly maxConcurrency: number
}

/** A queue that one function works off, message by message acknowledged, and the queue for what it cannot. */
export class WorkQueue extends Construct {
  readonly queue: Queue
  readonly deadLetters: DeadLetterQueue
  private readonly props: WorkQueueProps

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id)
    this.props = props
    this.deadLetters = new DeadLetterQueue(this, 'DeadLetters')
    this.queue = new Queue(this, 'Queue', {
      // Six times the function's limit, so that a throttled batch is not delivered twice:
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeout: Duration.seconds(6 * props.workerTimeoutS),
      retentionPeriod: Duration.days(4),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    })
  }

  /** Lets `worker` take messages off. */
  workedOffBy(worker: LambdaFunction) {
    const { batchSize, maxConcurrency } = this.props
    worker.addEventSource(
      new SqsEventSource(this.queue, { batchSize, maxConcurrency, reportBatchItemFailures: true }),
    )
  }

  /** Lets `sender` put messages on. */
  filledBy(sender: LambdaFunction) {
    this.queue.grantSendMessages(sender)
  }

  /** Lets `worker` put aside at once, with its reason, what it can never do. */
  putAsideBy(worker: LambdaFunction) {
    this.deadLetters.grantSendMessages(worker)
  }
}
