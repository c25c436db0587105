/** The partial answer of a batch: what is named here is delivered again. */
export type BatchResponse = { readonly batchItemFailures: { readonly itemIdentifier: string }[] }

/**
 * Handles the records of a stream shard in order and stops at the first that fails: Lambda delivers again from there.
 *
 * @param onFailure told of the failure before the batch is answered
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 * @example return inOrder(event.Records, (record) => record.dynamodb?.SequenceNumber ?? '', handleRecord, logFailure)
 */
export const inOrder = async <R>(
  records: readonly R[],
  identify: (record: R) => string,
  handle: (record: R) => Promise<void>,
  onFailure: (error: unknown, record: R) => void,
): Promise<BatchResponse> => {
  for (const record of records) {
    try {
      await handle(record)
    } catch (error) {
      onFailure(error, record)
      return { batchItemFailures: [{ itemIdentifier: identify(record) }] }
    }
  }
  return { batchItemFailures: [] }
}

/**
 * Handles queue messages side by side; each that fails is delivered again by itself.
 *
 * @example return eachAlone(event.Records, ({ messageId }) => messageId, handleMessage, logFailure)
 */
export const eachAlone = async <R>(
  records: readonly R[],
  identify: (record: R) => string,
  handle: (record: R) => Promise<void>,
  onFailure: (error: unknown, record: R) => void,
): Promise<BatchResponse> => {
  const failures = await Promise.all(
    records.map(async (record) => {
      try {
        await handle(record)
        return []
      } catch (error) {
        onFailure(error, record)
        return [{ itemIdentifier: identify(record) }]
      }
    }),
  )
  return { batchItemFailures: failures.flat() }
}
