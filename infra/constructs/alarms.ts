import { CfnOutput, Stack } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Construct } from 'constructs'

export type AlarmProps = {
  /** What has happened when it rings, in one clause. */
  readonly says: string
  /** A heading of docs/runbook.md; a test holds that it exists. */
  readonly runbook: string
  readonly metric: IMetric
  /** It rings when the metric is at least this. */
  readonly atLeast: number
  /** For how many periods in a row. */
  readonly periods?: number
}

/** All alarms of a stage, and the topic (and e-mail address, if there is one) that they report to. */
export class Alarms extends Construct {
  private readonly topic: Topic

  constructor(scope: Construct, id: string, { email }: { readonly email?: string | undefined }) {
    super(scope, id)
    this.topic = new Topic(this, 'Topic', { displayName: 'Beckon alarms', enforceSSL: true })
    // A topic policy of our own (it refuses plain HTTP) replaces the one that lets the account's alarms in.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    )
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email))
    new CfnOutput(Stack.of(this), 'AlarmTopicArn', { value: this.topic.topicArn })
  }

  /** Adds an alarm. Its description ends with the section of the runbook that says what to do. */
  ring(id: string, { says, runbook, metric, atLeast, periods = 1 }: AlarmProps) {
    const anchor = runbook.toLowerCase().replaceAll(' ', '-')
    const alarm = new Alarm(this, id, {
      alarmDescription: `${says} Runbook: docs/runbook.md#${anchor}`,
      metric,
      threshold: atLeast,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    })
    alarm.addAlarmAction(new SnsAction(this.topic))
  }
}
