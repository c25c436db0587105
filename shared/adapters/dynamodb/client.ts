import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { toDomainError } from '#shared/adapters/aws-errors.ts'

const CONNECTION_TIMEOUT_MS = 1000
const REQUEST_TIMEOUT_MS = 3000
const MAX_ATTEMPTS = 3

/**
 * The DynamoDB client of a function: 1 s to connect, 3 s a request, 3 attempts. What stays busy, throttled or silent
 * after that is thrown as a `BusyError`; every other error of the SDK is thrown as it is. It takes and gives items as
 * they are on the wire (`{ S: 'text' }`); for what is called at every ping, that costs half of what documents cost.
 *
 * The endpoint comes from `AWS_ENDPOINT_URL_DYNAMODB` where it is set (tests, the local cloud).
 */
export const createItemClient = (): DynamoDBClient => {
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
  // Nobody reads the SDK's own log (its default logger writes nothing), but a tenth of a call's time goes into filtering
  // what it would hold.
  client.middlewareStack.remove('loggerMiddleware')
  keepSigner(client)
  return client
}

/** The SDK makes a signer for every call; one does for a client, whose region never changes. It asks for credentials itself. */
const keepSigner = ({ config }: DynamoDBClient): void => {
  const makeSigner = config.signer
  let made: ReturnType<typeof makeSigner> | undefined
  config.signer = (scheme) => {
    made ??= makeSigner(scheme).catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}

/**
 * The same with items as plain objects; `undefined` attributes are left out of what is written.
 *
 * @param client to share connections with
 */
export const createDocumentClient = (client = createItemClient()): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
