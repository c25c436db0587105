import { Aws, Validations } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { StageConfig } from '#infra/stage-config.ts'

/** The configured SNS platform applications, by the platform names that devices register with. */
export const pushPlatforms = ({ pushApplications }: StageConfig) => {
  const { apns, apnsSandbox, fcm } = pushApplications
  const all = [
    { platform: 'apns', arn: apns },
    { platform: 'apns-sandbox', arn: apnsSandbox },
    { platform: 'fcm', arn: fcm },
  ] as const
  return all.flatMap(({ platform, arn }) => (arn === undefined ? [] : [{ platform, arn }]))
}

/** Lets `sender` make a phone's endpoint, keep it current and publish to it, and send SMS. */
export const grantSend = (sender: LambdaFunction, config: StageConfig) => {
  for (const { arn } of pushPlatforms(config)) {
    allow(sender, ['sns:CreatePlatformEndpoint'], arn)
    allow(
      sender,
      ['sns:Publish', 'sns:GetEndpointAttributes', 'sns:SetEndpointAttributes', 'sns:DeleteEndpoint'],
      endpointsOf(sender, arn),
    )
  }
  // An SMS is published to a phone number, which is no ARN: everything that is none, so no topic and no endpoint.
  sender.addToRolePolicy(
    new PolicyStatement({
      actions: ['sns:Publish', 'sns:CheckIfPhoneNumberIsOptedOut'],
      notResources: [`arn:${Aws.PARTITION}:sns:*:*:*`],
    }),
  )
}

/** Lets `eraser` remove phones' endpoints. */
export const grantForget = (eraser: LambdaFunction, config: StageConfig) => {
  for (const { arn } of pushPlatforms(config)) allow(eraser, ['sns:DeleteEndpoint'], endpointsOf(eraser, arn))
}

const allow = (grantee: LambdaFunction, actions: string[], resource: string) =>
  grantee.addToRolePolicy(new PolicyStatement({ actions, resources: [resource] }))

/** `…:app/GCM/name` → `…:endpoint/GCM/name/*`: SNS makes the ids of endpoints. */
const endpointsOf = (grantee: LambdaFunction, applicationArn: string) => {
  const endpoints = `${applicationArn.replace(':app/', ':endpoint/')}/*`
  if (grantee.role !== undefined) {
    Validations.of(grantee.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${endpoints}]`,
      reason:
        'One endpoint for each phone, with an id that SNS makes up; bounded to one platform application.',
    })
  }
  return endpoints
}
