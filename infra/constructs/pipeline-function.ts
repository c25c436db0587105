import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Function as LambdaFunction, type RecursiveLoop, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import type { FunctionCode, FunctionName } from '#infra/constructs/function-code.ts'
import type { StageConfig } from '#infra/stage-config.ts'

/** HTTP requests, or records of streams and queues. */
export type Work = 'requests' | 'records'

/** A function's own environment, as its env.ts declares it; an absent optional variable is undefined. */
export type Variables = Readonly<Record<string, string | undefined>>

export type PipelineFunctionProps<Env extends Variables> = {
  readonly name: FunctionName
  readonly description: string
  /** What it answers for one by one: Lambda does not count such a failure among the function's errors. */
  readonly takes: Work
  readonly stage: string
  readonly config: StageConfig
  readonly codeOf: FunctionCode
  readonly memoryMB: number
  readonly timeoutS: number
  readonly environment: Env
  readonly recursiveLoop?: RecursiveLoop
}

/**
 * One Lambda function with its own log group and a role that may write to that group and, until something is granted,
 * nothing else.
 */
export class PipelineFunction<Env extends Variables> extends LambdaFunction {
  readonly name: FunctionName
  /** How many requests or records have failed and were answered for; the functions count them, in EMF. */
  readonly failures: Metric

  constructor(scope: Construct, id: string, props: PipelineFunctionProps<Env>) {
    const { config, name } = props
    // Stages may share an account; one shall not ring the other's alarms.
    const namespace = `Beckon/${props.stage}`
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: config.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    const reserved = config.concurrency.reserved[name]
    super(scope, id, {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: props.codeOf(name),
      memorySize: props.memoryMB,
      timeout: Duration.seconds(props.timeoutS),
      role,
      logGroup,
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: name,
        POWERTOOLS_METRICS_NAMESPACE: namespace,
        POWERTOOLS_LOG_LEVEL: config.logLevel,
        ...definedVariables(props.environment),
      },
      ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
      ...(props.recursiveLoop === undefined ? {} : { recursiveLoop: props.recursiveLoop }),
    })
    this.name = name
    this.failures = new Metric({
      namespace,
      metricName: `${props.takes}Failed`,
      dimensionsMap: { service: name },
      statistic: Stats.SUM,
    })
    this.addToRolePolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    )
  }
}

const definedVariables = (variables: Variables): Record<string, string> => {
  const defined: Record<string, string> = {}
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) defined[name] = value
  return defined
}
