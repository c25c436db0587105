import { BusyError } from '#shared/domain/busy-error.ts'

/** What the SDK throws when asking again later may help, after its own attempts were used up. */
const BUSY = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'InternalServerError',
  'InternalServerException',
  'InternalFailure',
  'ServiceUnavailable',
  'TransactionConflictException',
  'TransactionInProgressException',
  'LimitExceededException',
  'TimeoutError',
  'AbortError',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
])

const isServerFault = (error: Error): boolean =>
  '$metadata' in error &&
  typeof error.$metadata === 'object' &&
  error.$metadata !== null &&
  'httpStatusCode' in error.$metadata &&
  Number(error.$metadata.httpStatusCode) >= 500

/**
 * Is `error` of the kind that a later try may overcome: throttling, a time-out, a lost connection, a fault of the service?
 *
 * @example isBusy(Object.assign(new Error('slow down'), { name: 'ThrottlingException' })) // true
 */
export const isBusy = (error: unknown): boolean => {
  if (error instanceof BusyError) return true
  if (!(error instanceof Error)) return false
  if (isServerFault(error)) return true
  return BUSY.has(error.name) || ('code' in error && typeof error.code === 'string' && BUSY.has(error.code))
}

/** A `BusyError` in place of an error of the SDK that a later try may overcome; any other error as it is. */
export const toDomainError = (error: unknown): unknown =>
  isBusy(error) && !(error instanceof BusyError)
    ? new BusyError(error instanceof Error ? error.name : 'busy', { cause: error })
    : error
