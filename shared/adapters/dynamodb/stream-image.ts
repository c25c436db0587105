import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'

type StreamRecord = {
  readonly eventName?: string | undefined
  readonly userIdentity?: unknown
  readonly dynamodb?: { readonly NewImage?: unknown; readonly OldImage?: unknown } | undefined
}

const unmarshalled = (image: unknown): Record<string, unknown> | undefined =>
  image === undefined ? undefined : unmarshall(image as Record<string, AttributeValue>)

/**
 * The new image of a DynamoDB stream record as a plain item; undefined for a removal. Lambda hands binary attributes on
 * as base64 text: such an attribute is left as Lambda gave it.
 */
export const newImageOf = (record: StreamRecord): Record<string, unknown> | undefined =>
  unmarshalled(record.dynamodb?.NewImage)

const isTtl = (identity: unknown): boolean =>
  typeof identity === 'object' &&
  identity !== null &&
  'principalId' in identity &&
  identity.principalId === 'dynamodb.amazonaws.com'

/**
 * The old image of an item that DynamoDB itself removed, because its TTL was over; undefined for every other record.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
 */
export const ttlRemovedImageOf = (record: StreamRecord): Record<string, unknown> | undefined =>
  record.eventName === 'REMOVE' && isTtl(record.userIdentity)
    ? unmarshalled(record.dynamodb?.OldImage)
    : undefined
