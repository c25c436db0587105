import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'

type StreamRecord = { readonly dynamodb?: { readonly NewImage?: unknown } | undefined }

/**
 * The new image of a DynamoDB stream record as a plain item; undefined for a removal. Lambda hands binary attributes on
 * as base64 text: such an attribute is left as Lambda gave it, since no consumer reads one.
 */
export const newImageOf = (record: StreamRecord): Record<string, unknown> | undefined => {
  const image = record.dynamodb?.NewImage
  return image === undefined ? undefined : unmarshall(image as Record<string, AttributeValue>)
}
