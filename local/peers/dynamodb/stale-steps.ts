import { objectAt, parseJsonObject, textAt } from '../json.ts'
import type { EngineAnswer, EngineLink } from './engine-link.ts'
import type { ItemKey, ItemKeys } from './item-keys.ts'
import { keysOf, type PreparedCall } from './prepared-call.ts'
import { createStaleItems, makeStale, type OldVersion } from './stale-items.ts'

const DEFAULT_STALE_FOR_MS = 1_000

/** What a proxy that serves stale reads does before and after a call. */
export type StaleSteps = {
  /** The items as they are before a write; to be remembered when it has succeeded. */
  readOld(call: PreparedCall): Promise<(OldVersion | undefined)[]>
  remember(call: PreparedCall, old: readonly (OldVersion | undefined)[]): void
  /** The answer to a read, with old versions where the dice say so. */
  withStale(call: PreparedCall, answer: EngineAnswer): Promise<EngineAnswer>
  clear(): void
}

/** @param isStale throws the dice for one item that has an old version */
export const createStaleSteps = ({
  link,
  itemKeys,
  elapsedMs,
  isStale,
}: {
  link: EngineLink
  itemKeys: ItemKeys
  elapsedMs: () => number
  isStale: (call: PreparedCall) => boolean
}): StaleSteps => {
  const stale = createStaleItems(elapsedMs)

  const indexNamesOf = async (call: PreparedCall): Promise<readonly string[]> => {
    const index = textAt(call.request, 'IndexName')
    if (call.operation !== 'Query' || index === undefined) return []
    return itemKeys.indexNamesOf(textAt(call.request, 'TableName') ?? '', index, call.headers)
  }

  const withStale = async (call: PreparedCall, answer: EngineAnswer): Promise<EngineAnswer> => {
    const { operation, request, rules, headers } = call
    const isRead = operation === 'GetItem' || operation === 'BatchGetItem' || operation === 'Query'
    if (!isRead || rules.staleReads === undefined || answer.status !== 200) return answer
    const tables = new Set([...call.items.map(({ table }) => table), textAt(request, 'TableName') ?? ''])
    const names = new Map<string, readonly string[]>()
    for (const table of tables) if (table !== '') names.set(table, await itemKeys.namesOf(table, headers))
    const lookup = (key: ItemKey): OldVersion | undefined => {
      const old = stale.find(key, rules.staleForMs ?? DEFAULT_STALE_FOR_MS)
      return old !== undefined && isStale(call) ? old : undefined
    }
    const body = makeStale(
      operation,
      request,
      parseJsonObject(answer.body.toString('utf8')) ?? {},
      lookup,
      (table) => names.get(table) ?? [],
      await indexNamesOf(call),
    )
    return { ...answer, body: Buffer.from(JSON.stringify(body)) }
  }

  return {
    readOld: async (call) =>
      Promise.all(
        call.items.map(async ({ table }, index) => {
          const key = call.keys[index]
          if (key === undefined) return undefined
          const { status, body } = await link.send(
            { ...call.headers, 'x-amz-target': 'DynamoDB_20120810.GetItem' },
            Buffer.from(JSON.stringify({ TableName: table, Key: key, ConsistentRead: true })),
          )
          if (status !== 200) return undefined
          const { Item: item } = parseJsonObject(body.toString('utf8')) ?? {}
          return item === undefined ? {} : { item: objectAt({ item }, 'item') }
        }),
      ),
    remember: (call, old) => {
      for (const [index, key] of keysOf(call).entries()) {
        const version = old[index]
        if (key !== undefined && version !== undefined) stale.remember(key, version)
      }
    },
    withStale,
    clear: stale.clear,
  }
}
