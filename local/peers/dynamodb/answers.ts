import { randomUUID } from 'node:crypto'
import type { EngineAnswer } from './engine-link.ts'

const CONTENT_TYPE = 'application/x-amz-json-1.0'
const SERVICE = 'com.amazonaws.dynamodb.v20120810#'

/** An answer made here, in the form that DynamoDB's answers have. */
export const jsonAnswer = (status: number, body: unknown): EngineAnswer => ({
  status,
  contentType: CONTENT_TYPE,
  requestId: randomUUID(),
  body: Buffer.from(JSON.stringify(body)),
})

/** An error that DynamoDB answers; `name` is the SDK's class name. */
export const errorAnswer = (name: string, message: string, status = 400): EngineAnswer =>
  jsonAnswer(status, { __type: SERVICE + name, message })

/** Why one action of a transaction made it fail; `None` for those that did not. */
export type CancellationReason = { readonly Code: string; readonly Message?: string }

/** TransactionCanceledException: one reason for each action of the transaction, in its order. */
export const canceledAnswer = (reasons: readonly CancellationReason[]): EngineAnswer =>
  jsonAnswer(400, {
    __type: `${SERVICE}TransactionCanceledException`,
    Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(', ')}]`,
    CancellationReasons: reasons,
  })

/** The reasons where only some actions are to blame. */
export const reasonsAt = (
  count: number,
  isBlamed: (index: number) => boolean,
  reason: CancellationReason,
): CancellationReason[] =>
  Array.from({ length: count }, (_, index) => (isBlamed(index) ? reason : { Code: 'None' }))

export const CONFLICT: CancellationReason = {
  Code: 'TransactionConflict',
  Message: 'Transaction is ongoing for the item',
}
