import { AsyncLocalStorage } from 'node:async_hooks'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'

export type WriteLog = {
  /** What was written, one line each: the operation and its input. */
  readonly writes: string[]
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'])
const current = new AsyncLocalStorage<WriteLog>()

type Handle = (
  request: { headers: Readonly<Record<string, string>>; body?: unknown },
  options: unknown,
) => Promise<{ response: { statusCode: number } }>

const textOf = (body: unknown): string =>
  body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : String(body)

const hasHandle = (value: unknown): value is { handle: Handle } =>
  typeof value === 'object' && value !== null && 'handle' in value

const listen = (): void => {
  const prototype: unknown = Object.getPrototypeOf(new DynamoDBClient({}).config.requestHandler)
  if (!hasHandle(prototype)) throw new TypeError('the SDK has another HTTP handler than it had')
  const { handle } = prototype
  prototype.handle = async function logged(request, options) {
    const answer = await handle.call(this, request, options)
    const operation = (request.headers['x-amz-target'] ?? '').split('.')[1] ?? ''
    // What the engine refused is not stored.
    if (WRITES.has(operation) && answer.response.statusCode === 200) {
      current.getStore()?.writes.push(`${operation} ${textOf(request.body)}`)
    }
    return answer
  }
}
let isListening = false

/**
 * Runs something and tells what it has stored in DynamoDB, whoever made the client: the SDK's own HTTP handler is
 * listened to.
 *
 * @example const { result, writes } = await withWrites(() => callApi(handler, 'GET /v1/me'))
 */
export const withWrites = async <T>(run: () => Promise<T>): Promise<WriteLog & { readonly result: T }> => {
  if (!isListening) listen()
  isListening = true
  const log: WriteLog = { writes: [] }
  const result = await current.run(log, run)
  return { result, writes: log.writes }
}
