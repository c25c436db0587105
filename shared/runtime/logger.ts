import { Logger } from '@aws-lambda-powertools/logger'

/**
 * The logger of one function. A log entry is an event with a fixed name and ids (`visit.opened`), never a sentence, and
 * never holds a coordinate, a phone number, a token or a whole event.
 *
 * @example createLogger('merchant-api').info('redemption.done', { requestId, merchantId })
 */
export const createLogger = (functionName: string): Logger => new Logger({ serviceName: functionName })

type ErrorFacts = {
  readonly name: string
  readonly message?: string
  readonly at?: string
  readonly awsRequestId?: string
  readonly cause?: ErrorFacts
}

const MAX_CAUSES = 5
const MAX_FRAMES = 8

// An error of the SDK may quote what was sent or hold the stored item; its name and request id are enough to find it.
const isAwsError = (error: Error): error is Error & { $metadata: { requestId?: string } } =>
  '$metadata' in error && typeof error.$metadata === 'object' && error.$metadata !== null

const framesOf = (error: Error): string =>
  (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, MAX_FRAMES)
    .map((line) => line.trim())
    .join(' | ')

/**
 * What may be logged of an unknown error: names, frames and causes; the message only of errors that are not the SDK's.
 *
 * @example logger.error('http.failed', { requestId, error: errorFacts(error) })
 */
export const errorFacts = (error: unknown, depth = 0): ErrorFacts => {
  if (!(error instanceof Error)) return { name: typeof error }
  const aws = isAwsError(error)
  return {
    name: error.name,
    ...(aws ? {} : { message: error.message }),
    at: framesOf(error),
    ...(aws && error.$metadata.requestId !== undefined && { awsRequestId: error.$metadata.requestId }),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: errorFacts(error.cause, depth + 1) }),
  }
}
