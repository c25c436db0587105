import { createHash, type Hash } from 'node:crypto'
import type { MessageAttribute } from '#local/cloud/queues/queue-store.ts'

/** @example md5Of('hello') // '5d41402abc4b2a76b9719d911017c592' */
export const md5Of = (text: string): string => createHash('md5').update(text).digest('hex')

const STRING_VALUE = 1
const BINARY_VALUE = 2

/**
 * The digest that SQS answers for a message's attributes and that clients check: by name, each with its length as four
 * bytes, the data type likewise, a byte for the kind of value, and the value.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export const md5OfAttributes = (attributes: Record<string, MessageAttribute>): string => {
  const hash = createHash('md5')
  for (const name of Object.keys(attributes).sort()) {
    const attribute = attributes[name]
    if (attribute === undefined) continue
    addSized(hash, Buffer.from(name))
    addSized(hash, Buffer.from(attribute.DataType))
    const isBinary = attribute.BinaryValue !== undefined
    hash.update(Buffer.of(isBinary ? BINARY_VALUE : STRING_VALUE))
    addSized(
      hash,
      isBinary
        ? Buffer.from(attribute.BinaryValue ?? '', 'base64')
        : Buffer.from(attribute.StringValue ?? ''),
    )
  }
  return hash.digest('hex')
}

const addSized = (hash: Hash, bytes: Buffer): void => {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(bytes.length)
  hash.update(size).update(bytes)
}
