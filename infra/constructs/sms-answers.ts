import { Stack } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Subscription, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns'
import { Construct, type IDependable } from 'constructs'

/**
 * Answers to SMS: the topic to which AWS End User Messaging publishes what comes in at a two-way number, and its
 * subscription, which posts them to the API.
 *
 * @see https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html
 */
export class SmsAnswers extends Construct {
  readonly topic: Topic

  constructor(scope: Construct, id: string) {
    super(scope, id)
    this.topic = new Topic(this, 'Topic', {
      displayName: 'Answers to SMS',
      enforceSSL: true,
      signatureVersion: '2',
    })
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('sms-voice.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    )
  }

  /** Posts answers to `url`, once `routes` lead there; `receiver` confirms that it wants them. */
  postTo(url: string, receiver: LambdaFunction, routes: readonly IDependable[]) {
    receiver.addToRolePolicy(
      new PolicyStatement({ actions: ['sns:ConfirmSubscription'], resources: [this.topic.topicArn] }),
    )
    const subscription = new Subscription(this, 'Subscription', {
      topic: this.topic,
      protocol: SubscriptionProtocol.HTTPS,
      endpoint: url,
    })
    subscription.node.addDependency(...routes)
  }
}
