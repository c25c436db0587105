import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'

/** What the Ledger holds after a replay. */
export type Outcome = {
  grants: number
  visits: number
  readonly messages: Map<string, number>
  readonly suppressed: Map<string, number>
}

const add = (counts: Map<string, number>, key: string, by: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + by)
}

const note = (outcome: Outcome, item: Readonly<Record<string, unknown>>): void => {
  if (item['kind'] === 'grant') outcome.grants += 1
  if (item['kind'] === 'visit') outcome.visits += 1
  if (item['kind'] === 'message') add(outcome.messages, `${item['channel']} ${item['state']}`, 1)
  if (item['kind'] !== 'count') return
  for (const [name, value] of Object.entries(item)) {
    if (name.startsWith('suppressed_'))
      add(outcome.suppressed, name.slice('suppressed_'.length), Number(value))
  }
}

/** Reads the whole Ledger of a local cloud. */
export const readOutcome = async (endpoint: string, table: string): Promise<Outcome> => {
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
  )
  const outcome: Outcome = { grants: 0, visits: 0, messages: new Map(), suppressed: new Map() }
  for await (const page of paginateScan({ client }, { TableName: table })) {
    for (const item of page.Items ?? []) note(outcome, item)
  }
  client.destroy()
  return outcome
}
