import { isJsonObject, type JsonObject, parseJson } from '#local/cloud/json.ts'

/**
 * The item identifiers that a function reports as failed. Lambda takes an answer that it cannot read, or an empty
 * identifier, for a failure of the whole batch: `undefined`.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 * @example failedItems('{"batchItemFailures":[{"itemIdentifier":"a"}]}') // ['a']
 */
export const failedItems = (payload: string): string[] | undefined => {
  const answer = parseJson(payload)
  if (answer === null || (isJsonObject(answer) && Object.keys(answer).length === 0)) return []
  if (!isJsonObject(answer)) return undefined
  const failures = answer['batchItemFailures'] ?? []
  if (!Array.isArray(failures)) return undefined
  const ids = failures.map((failure) => (isJsonObject(failure) ? identifierOf(failure) : undefined))
  const known = ids.filter((id) => id !== undefined)
  return known.length === ids.length ? known : undefined
}

const identifierOf = (failure: JsonObject): string | undefined => {
  const id = failure['itemIdentifier']
  return typeof id === 'string' && id !== '' ? id : undefined
}
