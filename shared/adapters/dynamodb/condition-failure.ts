import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'

/** Did a single write fail because its condition did not hold? */
export const isConditionFailure = (error: unknown): boolean =>
  error instanceof ConditionalCheckFailedException
