import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'

/** Did a single write fail because its condition did not hold? */
export const isConditionFailure = (error: unknown): boolean =>
  error instanceof ConditionalCheckFailedException

/**
 * Whether a single write was done, and not refused by its condition.
 *
 * @throws every other error
 * @example await wasWritten(client.send(new UpdateCommand(moveOn)))
 */
export const wasWritten = async (write: Promise<unknown>): Promise<boolean> => {
  try {
    await write
    return true
  } catch (error) {
    if (isConditionFailure(error)) return false
    throw error
  }
}
