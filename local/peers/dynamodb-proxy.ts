import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import { errorAnswer } from './dynamodb/answers.ts'
import { dataOperationOf } from './dynamodb/call-items.ts'
import { createEngineLink, type EngineAnswer } from './dynamodb/engine-link.ts'
import type { FaultPlan } from './dynamodb/fault-plan.ts'
import { type CallOutcome, createFaultyCalls, type FaultName } from './dynamodb/faulty-calls.ts'
import { askForUnits, createMeter, type Units } from './dynamodb/metering.ts'
import { createSeededRandom } from './dynamodb/seeded-random.ts'

export { type FaultPlan, type FaultRules, parseFaultPlan, ROUGH_WEATHER } from './dynamodb/fault-plan.ts'

/** DynamoDB takes requests of 16 MB (BatchWriteItem). */
const MAX_REQUEST_BYTES = 20 * 1024 * 1024
/** A call with this header is neither counted nor disturbed: TTL removals, which cost nothing, and looks from outside. */
export const UNMETERED_HEADER = 'x-beckon-unmetered'

export type DynamodbProxy = {
  readonly url: string
  /** With the same seed and the same order of calls the same faults come. */
  readonly seed: number
  setPlan(plan: FaultPlan): void
  /** Read and write units by table since the start or the last reset, indexes included. */
  units(): Units
  /** How many faults were made, by name. */
  faults(): Partial<Record<FaultName, number>>
  /** Forgets units, fault counts and old versions; the dice roll on. */
  reset(): void
  close(): Promise<void>
}

const readBody = async (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MAX_REQUEST_BYTES) reject(new Error(`a request of more than ${MAX_REQUEST_BYTES} bytes`))
      else chunks.push(chunk)
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
  })

/** The caller's headers without those that belong to its own connection. */
const forwardedHeaders = (request: IncomingMessage): OutgoingHttpHeaders => {
  const {
    connection: _connection,
    'content-length': _length,
    'transfer-encoding': _encoding,
    expect: _expect,
    [UNMETERED_HEADER]: _unmetered,
    ...headers
  } = request.headers
  return headers
}

const writeAnswer = (
  response: ServerResponse,
  { status, contentType, requestId, body }: EngineAnswer,
): void => {
  response.writeHead(status, {
    'content-type': contentType,
    'x-amzn-requestid': requestId,
    'x-amz-crc32': crc32(body),
    'content-length': body.length,
  })
  response.end(body)
}

/**
 * A proxy in front of a DynamoDB engine: it counts units and makes the faults that engines on a desk do not make.
 *
 * Units are the engine's ConsumedCapacity, asked for where the caller did not (and taken off again). dynoxide counts
 * as DynamoDB does: a transaction doubles the table's units and not those of its indexes, missing items cost a read,
 * a repeated ClientRequestToken costs reads. What errors cost, no answer tells, so it is computed here: a failed
 * condition costs as much as writing the larger of the old and the new item, a cancelled transaction what it would
 * have cost (an estimate, documented nowhere). Throttled calls, table calls and streams cost nothing here.
 *
 * @param target the engine, e.g. `http://127.0.0.1:8000`
 * @param seed of the faults; drawn, and told in `seed`, without it
 * @example
 * const proxy = await startDynamodbProxy({ target, plan: { cancelOverlappingTransactions: true, throttle: 0.01 } })
 * console.log(`faults from seed ${proxy.seed}`)
 */
export const startDynamodbProxy = async ({
  target,
  plan: firstPlan,
  seed = randomInt(2 ** 32),
  port = 0,
}: {
  target: string
  plan: FaultPlan
  seed?: number
  port?: number
}): Promise<DynamodbProxy> => {
  const link = createEngineLink(target)
  const meter = createMeter()
  const random = createSeededRandom(seed)
  const faultyCalls = createFaultyCalls({ link, meter, random, elapsedMs: () => performance.now() })
  const hanging = new Set<() => void>()
  let plan = firstPlan

  const callEngine = async (request: IncomingMessage, body: Buffer): Promise<CallOutcome> => {
    const headers = forwardedHeaders(request)
    const operation = dataOperationOf(String(request.headers['x-amz-target'] ?? ''))
    if (operation === undefined || UNMETERED_HEADER in request.headers) {
      return { kind: 'answer', answer: await link.send(headers, body) }
    }
    if (plan !== 'meter') return faultyCalls.handle(operation, headers, body, plan)
    const call = askForUnits(operation, body)
    const answer = await link.send(headers, call.body)
    return { kind: 'answer', answer: meter.settle(operation, call, body, answer) }
  }

  const breakAfter = (response: ServerResponse, afterMs: number): void => {
    const end = () => {
      clearTimeout(timer)
      hanging.delete(end)
      response.destroy()
    }
    const timer = setTimeout(end, afterMs)
    hanging.add(end)
    response.on('close', end)
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const outcome = await callEngine(request, await readBody(request))
    if (outcome.kind === 'answer') writeAnswer(response, outcome.answer)
    else breakAfter(response, outcome.afterMs)
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      // The engine is gone or the request makes no sense: callers see what they would see of a failing service.
      const message = `the proxy or the engine behind it failed: ${error instanceof Error ? error.message : String(error)}`
      if (!response.headersSent) writeAnswer(response, errorAnswer('InternalServerError', message, 500))
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')

  return {
    url: `http://127.0.0.1:${address.port}`,
    seed: random.seed,
    setPlan: (next) => {
      plan = next
    },
    units: meter.units,
    faults: faultyCalls.counts,
    reset: () => {
      meter.reset()
      faultyCalls.reset()
    },
    close: async () => {
      for (const end of hanging) end()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      link.close()
    },
  }
}
