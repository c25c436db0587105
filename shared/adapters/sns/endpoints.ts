import { DeleteEndpointCommand, SNSClient } from '@aws-sdk/client-sns'
import { toDomainError } from '#shared/adapters/aws-errors.ts'

/** Forgets a push endpoint; SNS answers the same for one that is gone. */
export type DeleteEndpoint = (endpointArn: string, signal?: AbortSignal) => Promise<void>

const GONE = new Set(['NotFound', 'NotFoundException'])

/**
 * Deletes push endpoints. `DeleteEndpoint` is idempotent by itself; what other services of its kind answer for an
 * endpoint that is gone is taken for done, too.
 *
 * The call throws a `BusyError` when SNS does not answer in time.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_DeleteEndpoint.html
 */
export const createDeleteEndpoint = (): DeleteEndpoint => {
  const client = new SNSClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
  })
  return async (endpointArn, signal) => {
    try {
      await client.send(
        new DeleteEndpointCommand({ EndpointArn: endpointArn }),
        signal ? { abortSignal: signal } : {},
      )
    } catch (error) {
      if (!(error instanceof Error && GONE.has(error.name))) throw toDomainError(error)
    }
  }
}
