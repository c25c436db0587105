import {
  IdempotencyAlreadyInProgressError,
  IdempotencyConfig,
  IdempotencyPersistenceLayerError,
  IdempotencyValidationError,
  makeIdempotent,
} from '@aws-lambda-powertools/idempotency'
import type { BasePersistenceLayer } from '@aws-lambda-powertools/idempotency/persistence'
import type { UserId } from '#shared/domain/ids.ts'
import { Problem } from '#shared/runtime/http/problem.ts'
import type { AnswerOnce, NamedRequest, Reply } from '#shared/runtime/http/route.ts'
import type { NamedTry } from '#shared/runtime/ids.ts'
import { createLogger, errorFacts } from '#shared/runtime/logger.ts'

/** On an answer that was given before. */
export const REPLAYED = 'idempotency-replayed'

/** How long after its end a function may still have been at work, in ms. */
const LEASE_MARGIN_MS = 1000

const logger = createLogger('http')

/** Where a request is remembered; see adapters/dynamodb/ledger/idempotency-records.ts. */
export type RequestRecords = (options: {
  readonly customer: UserId | undefined
  readonly leaseMs: number
  readonly signal?: AbortSignal | undefined
}) => BasePersistenceLayer & {
  /** The request as it is kept, once it is: also over tries that failed or died. */
  readonly known: NamedTry | undefined
}

const replayed = (kept: Reply | undefined): Reply => {
  if (kept === undefined) throw new Problem('answerNotKept')
  // How a limit stood then is not how it stands now.
  const { limit: _, ...answer } = kept
  return { ...answer, headers: { ...answer.headers, [REPLAYED]: 'true' } }
}

const config = () =>
  new IdempotencyConfig({
    eventKeyJmesPath: 'key',
    payloadValidationJmesPath: 'body',
    throwOnNoIdempotencyKey: true,
    hashFunction: 'sha256',
  })

const problemOf = (error: unknown): unknown => {
  if (error instanceof IdempotencyAlreadyInProgressError) {
    return new Problem('requestRunning', { retryAfterS: 1, cause: error })
  }
  if (error instanceof IdempotencyValidationError) return new Problem('keyReused', { cause: error })
  return error instanceof IdempotencyPersistenceLayerError ? error.cause : error
}

/** Whose request, which route, of what: keys of different callers, or for different things, have nothing in common. */
const keyOf = ({ user, routeKey, path, idempotencyKey }: NamedRequest): string =>
  JSON.stringify([user, routeKey, path, idempotencyKey])

/**
 * Answers a request that names itself (`idempotency-key`) once: sent again within 24 h, it gets the answer of the first
 * time, without anything being done again. A refusal or failure is not kept: the same key may be used again.
 *
 * @throws {Problem} 409 while the same request is being answered; 422 for another body under the same key
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export const createAnswerOnce =
  (recordsOf: RequestRecords): AnswerOnce =>
  async (request, answer) => {
    const { user, isCustomers, body = null, remainingMs, signal } = request
    const persistenceStore = recordsOf({
      customer: isCustomers ? user : undefined,
      leaseMs: remainingMs + LEASE_MARGIN_MS,
      signal,
    })
    let answered: Reply | undefined
    // The second argument tells Powertools how long the function may still run.
    const once = makeIdempotent(
      async (_named: unknown, _time: unknown): Promise<Reply | undefined> => {
        answered = await answer(persistenceStore.known)
        return answered
      },
      { persistenceStore, config: config(), keyPrefix: 'IDEMPOTENCY' },
    )
    try {
      const time = { getRemainingTimeInMillis: () => remainingMs }
      const kept = await once({ key: keyOf(request), body }, time)
      return answered ?? replayed(kept)
    } catch (error) {
      if (answered === undefined) throw problemOf(error)
      // It is done: to say that it is not would have it done again.
      logger.error('http.answerNotKept', { routeKey: request.routeKey, error: errorFacts(error) })
      return answered
    }
  }
