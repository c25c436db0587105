import type { FunctionPlan } from '#local/cloud/template/cloud-plan.ts'

/** Where the functions find the AWS services of this machine, by the SDK's service ids. */
export type ServiceEndpoints = { dynamodb: string; sns: string; sqs: string; location: string }

/**
 * All environment variables of a function: what Lambda sets, the SDK's endpoint variables, and the template's own. The
 * environment of the process that runs the local cloud is not among them.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export const functionEnvironment = (
  plan: FunctionPlan,
  region: string,
  endpoints: ServiceEndpoints,
): Record<string, string> => ({
  ...plan.environment,
  AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
  AWS_ENDPOINT_URL_SNS: endpoints.sns,
  AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  AWS_ENDPOINT_URL_LOCATION: endpoints.location,
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_LAMBDA_FUNCTION_NAME: plan.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(plan.memoryMb),
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${plan.name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: 'local',
  LAMBDA_TASK_ROOT: plan.folder,
  _HANDLER: plan.handler,
  LANG: 'en_US.UTF-8',
  TZ: ':UTC',
})
