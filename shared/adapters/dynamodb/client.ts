import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { toDomainError } from '#shared/adapters/aws-errors.ts'

const CONNECTION_TIMEOUT_MS = 1000
const REQUEST_TIMEOUT_MS = 3000
const MAX_ATTEMPTS = 3

/**
 * The DynamoDB client of a function: 1 s to connect, 3 s a request, 3 attempts. What stays busy, throttled or silent
 * after that is thrown as a `BusyError`; every other error of the SDK is thrown as it is. `undefined` attributes are
 * left out of what is written.
 *
 * The endpoint comes from `AWS_ENDPOINT_URL_DYNAMODB` where it is set (tests, the local cloud).
 */
export const createDocumentClient = (): DynamoDBDocumentClient => {
  const client = new DynamoDBClient({
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  })
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args)
      } catch (cause) {
        throw toDomainError(cause)
      }
    },
    // The outermost step: it sees an error only after the SDK's own retries.
    { step: 'initialize', priority: 'high', name: 'toDomainError' },
  )
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
}
