import * as z from 'zod'

const probability = z.number().min(0).max(1)

/**
 * What the proxy does wrong, besides metering. Probabilities are per call (per item for `staleReads`), from 0 to 1.
 * Everything is as DynamoDB documents it; the engines themselves do none of it.
 */
const faultRules = z.strictObject({
  /** A transaction, single write or TransactGetItems that touches an item of a transaction in flight is refused. */
  cancelOverlappingTransactions: z.boolean().optional(),
  /** Reads without ConsistentRead see the version of an item before its last write. */
  staleReads: probability.optional(),
  /** For how long after a write its old version can still be seen; 1000. */
  staleForMs: z.number().min(0).max(3_600_000).optional(),
  /** The call is refused before it does anything. */
  throttle: probability.optional(),
  /** InternalServerError before the call does anything. */
  serverError: probability.optional(),
  /** The connection breaks before the call does anything. */
  breakBeforeCommit: probability.optional(),
  /** The write is done, and the connection breaks instead of answering. */
  timeoutAfterCommit: probability.optional(),
  /** How long such a call hangs first; 0. */
  hangMs: z.number().int().min(0).max(60_000).optional(),
  /** BatchGetItem and BatchWriteItem leave some of their keys. */
  unprocessedKeys: probability.optional(),
})

export type FaultRules = z.infer<typeof faultRules>
/** `'meter'` counts units and does nothing wrong. */
export type FaultPlan = 'meter' | FaultRules

/**
 * Checks a plan that came from outside, e.g. `--faults` or a request.
 *
 * @throws {Error} of zod that names the wrong field
 * @example parseFaultPlan({ throttle: 0.01, cancelOverlappingTransactions: true })
 */
export const parseFaultPlan = (value: unknown): FaultPlan =>
  value === 'meter' ? 'meter' : faultRules.parse(value)

/** Every fault at a rate that a correct caller survives: for simulations. */
export const ROUGH_WEATHER: FaultRules = {
  cancelOverlappingTransactions: true,
  staleReads: 0.3,
  throttle: 0.01,
  serverError: 0.005,
  breakBeforeCommit: 0.005,
  timeoutAfterCommit: 0.01,
  unprocessedKeys: 0.1,
}
