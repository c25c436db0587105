import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import type { ReadPlatform } from '#shared/adapters/dynamodb/ledger/platform-state.ts'
import { lawfulRulesKey, parseLawfulRules } from '#shared/contracts/items/lawful-rules.ts'
import type { AddedRules } from '#shared/domain/schedule/lawful-hours.ts'

/** What the operator adds to the lawful hours, as old as the platform's state at most. */
export type ReadAddedRules = (nowMs: number, signal?: AbortSignal) => Promise<AddedRules>

const NO_RULES: AddedRules = []

/**
 * Reads the rules again only when the platform's state counts a change. What cannot be read is looked for each time,
 * and until then nothing may be sent.
 *
 * @example const readAddedRules = createReadAddedRules(client, catalog, createReadPlatform(client, ledger))
 */
export const createReadAddedRules = (
  client: DynamoDBDocumentClient,
  catalog: string,
  readPlatform: ReadPlatform,
): ReadAddedRules => {
  let known: { readonly version: number; readonly rules: AddedRules } | undefined
  return async (nowMs, signal) => {
    const { rulesVersion: version } = await readPlatform(nowMs, signal)
    if (version === 0) return NO_RULES
    if (version === known?.version) return known.rules
    const { Item } = await client.send(
      new GetCommand({ TableName: catalog, Key: lawfulRulesKey, ConsistentRead: true }),
      signal ? { abortSignal: signal } : {},
    )
    const stored = parseLawfulRules(Item, version)
    if (stored === 'unreadable') return stored
    known = { version, rules: stored.rules }
    return stored.rules
  }
}
