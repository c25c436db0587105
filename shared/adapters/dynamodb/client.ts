import { AsyncLocalStorage } from 'node:async_hooks'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { toDomainError } from '#shared/adapters/aws-errors.ts'
import { SigningHash } from '#shared/adapters/dynamodb/signing-hash.ts'

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
    sha256: SigningHash,
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
  // What tells the service which SDK, features and platform a call comes from is put together anew for each.
  client.middlewareStack.remove('getUserAgentMiddleware')
  keepSigner(client)
  hearSignal(client)
  slimConfig(client)
  return client
}

const callSignal = new AsyncLocalStorage<AbortSignal | undefined>()

type Sendable<Input, Output> = {
  resolveMiddleware: (
    stack: DynamoDBClient['middlewareStack'],
    config: DynamoDBClient['config'],
    options: object,
  ) => (args: { input: Input }) => Promise<{ output: Output }>
}

/**
 * One operation of an item client (or of a document client made from one), for what is called at every ping. The SDK
 * works out the way of a call through its middleware anew at each `send`, which takes half of the call's time: here it
 * is done once. For the plain commands only: a document client's keep the first item they were made for.
 *
 * @example
 * const getItem = operationOf(client, GetItemCommand)
 * const { Item } = await getItem({ TableName: 'Presence', Key: { pk: { S: 'U#usr_1' } } }, signal)
 */
export const operationOf = <Input extends object, Output>(
  client: Pick<DynamoDBClient, 'middlewareStack' | 'config'>,
  Command: new (input: Input) => Sendable<Input, Output>,
): ((input: Input, signal?: AbortSignal) => Promise<Output>) => {
  let call: ReturnType<Sendable<Input, Output>['resolveMiddleware']> | undefined
  return async (input, signal) => {
    call ??= new Command(input).resolveMiddleware(client.middlewareStack, client.config, {})
    const { output } = await callSignal.run(signal, call, { input })
    return output
  }
}

/** Has every attempt of an operation aborted by the signal that it was called with. */
const hearSignal = ({ config }: DynamoDBClient): void => {
  const { requestHandler } = config
  const listening: typeof requestHandler = Object.create(requestHandler)
  listening.handle = (request, options) => {
    const abortSignal = callSignal.getStore()
    return requestHandler.handle(request, abortSignal ? { abortSignal, ...options } : options)
  }
  config.requestHandler = listening
}

/** What the SDK looks for in the copies of its configuration: where to send to, and how to read what comes. */
const COPIED: ReadonlySet<string> = new Set([
  'accountIdEndpointMode',
  'credentials',
  'endpoint',
  'endpointProvider',
  'ignoreConfiguredEndpointUrls',
  'isCustomEndpoint',
  'region',
  'serviceConfiguredEndpoint',
  'serviceId',
  'streamCollector',
  'useDualstackEndpoint',
  'useFipsEndpoint',
])

/**
 * The SDK copies its whole configuration, with `{ ...config }`, at three places of every call. What no copy needs is
 * moved to the configuration's prototype, where it is found as before and copied by nobody.
 */
const slimConfig = ({ config }: DynamoDBClient): void => {
  const whole: object = Object.create(Object.getPrototypeOf(config), Object.getOwnPropertyDescriptors(config))
  Object.setPrototypeOf(config, whole)
  for (const name of Object.keys(config)) if (!COPIED.has(name)) Reflect.deleteProperty(config, name)
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
