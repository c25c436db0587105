import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { TestTables } from '#test/support/engine.ts'

/** Longer than any function of the API runs, in ms. */
export const DEAD_MS = 302_000

/** Leaves what is kept of requests as functions leave it that have written and died before they could say so. */
export const dieUnanswered = async ({ client, ledger, allOf }: TestTables): Promise<void> => {
  for (const { pk, sk, kind } of await allOf(ledger)) {
    if (kind !== 'idempotency') continue
    await client.send(
      new UpdateCommand({
        TableName: ledger,
        Key: { pk, sk },
        UpdateExpression: 'SET running = :yes REMOVE answer',
        ExpressionAttributeValues: { ':yes': true },
      }),
    )
  }
}
