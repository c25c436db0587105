import { Agent, request } from 'node:http'
import { type JsonObject, parseJsonObject } from '#local/cloud/json.ts'

/** An error that the engine answered, by DynamoDB's own name: `ConditionalCheckFailedException`. */
export class EngineError extends Error {
  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}

export type DynamodbClient = {
  /** One operation of DynamoDB: `call('GetItem', { TableName, Key })`. @throws {EngineError} */
  call(operation: string, input: object): Promise<JsonObject>
  /** One operation of DynamoDB Streams. @throws {EngineError} */
  callStreams(operation: string, input: object): Promise<JsonObject>
  close(): void
}

const LIMIT_MS = 30_000
// The engines look at the form of a signature only.
const UNSIGNED = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
}

/**
 * The engine as the local cloud itself speaks to it: JSON over one kept connection, without the SDK's signing and
 * middleware, because streams are asked after every function that wrote something.
 *
 * @param url the engine's own address, not the fault proxy's
 */
export const createDynamodbClient = (url: string): DynamodbClient => {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const post = (target: string, input: object): Promise<JsonObject> =>
    new Promise((resolve, reject) => {
      const body = Buffer.from(JSON.stringify(input))
      const outgoing = request(
        url,
        {
          method: 'POST',
          agent,
          timeout: LIMIT_MS,
          headers: { ...UNSIGNED, 'x-amz-target': target, 'content-length': body.length },
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            try {
              const answer = parseJsonObject(Buffer.concat(chunks).toString())
              if (response.statusCode === 200) resolve(answer)
              else reject(engineError(answer))
            } catch (error) {
              reject(error)
            }
          })
        },
      )
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${target}: no answer in ${LIMIT_MS} ms`)))
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  return {
    call: (operation, input) => post(`DynamoDB_20120810.${operation}`, input),
    callStreams: (operation, input) => post(`DynamoDBStreams_20120810.${operation}`, input),
    close: () => agent.destroy(),
  }
}

const engineError = (answer: JsonObject): EngineError => {
  const name = String(answer['__type']).replace(/^.*#/, '')
  return new EngineError(name, String(answer['message'] ?? answer['Message'] ?? name))
}
