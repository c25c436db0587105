import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import { type CatalogTables, retrying } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { type Item, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import {
  type LawfulRules,
  lawfulRulesItem,
  lawfulRulesKey,
  MAX_LAWFUL_RULES,
  parseLawfulRules,
  type StoredLawfulRule,
} from '#shared/contracts/items/lawful-rules.ts'
import { parsePlatformState, platformKey } from '#shared/contracts/items/platform.ts'
import type { AuditedChange, Author } from '#shared/domain/merchants/audit.ts'
import { type Jurisdiction, placeCode } from '#shared/domain/schedule/lawful-hours.ts'

type NewRule = Omit<StoredLawfulRule, 'revision' | 'changedAt'>
/** Sees what is there before it is replaced or removed, and may refuse by throwing. */
type Permit = (before: StoredLawfulRule | undefined) => void

export type LawfulRuleRecords = {
  /** In the order of their places. */
  readonly list: (signal?: AbortSignal) => Promise<readonly StoredLawfulRule[]>
  readonly put: (
    rule: NewRule,
    author: Author,
    permit: Permit,
    signal?: AbortSignal,
  ) => Promise<{ readonly rule: StoredLawfulRule; readonly rules: readonly StoredLawfulRule[] } | 'full'>
  readonly remove: (
    place: Jurisdiction,
    author: Author,
    permit: Permit,
    signal?: AbortSignal,
  ) => Promise<void>
}

const without = (rules: readonly StoredLawfulRule[], code: string): StoredLawfulRule[] =>
  rules.filter((rule) => placeCode(rule) !== code)

const withRule = (rules: readonly StoredLawfulRule[], rule: StoredLawfulRule): StoredLawfulRule[] =>
  [...without(rules, placeCode(rule)), rule].toSorted((a, b) => (placeCode(a) < placeCode(b) ? -1 : 1))

/**
 * The rules that the operator adds to the lawful hours, over the Catalog. Their version stands in the platform's state,
 * which deciding and sending read, and every change is conditioned on it.
 */
export const createLawfulRuleRecords = (tables: CatalogTables): LawfulRuleRecords => {
  const { client, catalog, ledger } = tables

  const readItem = async (
    table: string,
    key: Item,
    signal: AbortSignal | undefined,
  ): Promise<Item | undefined> => {
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: key, ConsistentRead: true }),
      signal ? { abortSignal: signal } : {},
    )
    return Item
  }

  /** The version first: rules that are newer than it fail the condition, older ones never come of it. */
  const read = async (signal?: AbortSignal): Promise<LawfulRules> => {
    const { rulesVersion: version } = parsePlatformState(await readItem(ledger, platformKey, signal))
    if (version === 0) return { version, rules: [] }
    const stored = parseLawfulRules(await readItem(catalog, lawfulRulesKey, signal), version)
    if (stored === 'unreadable') throw new Error('the rules of the lawful hours are unreadable')
    return { version, rules: stored.rules }
  }

  const countChange = (version: number): TransactItem => ({
    Update: {
      TableName: ledger,
      Key: platformKey,
      UpdateExpression: 'SET kind = :kind, rulesVersion = :next',
      ConditionExpression:
        'rulesVersion = :before OR (attribute_not_exists(rulesVersion) AND :before = :none)',
      ExpressionAttributeValues: {
        ':kind': 'platform',
        ':next': version + 1,
        ':before': version,
        ':none': 0,
      },
    },
  })

  const commit = async (
    { version, rules }: LawfulRules,
    author: Author,
    change: AuditedChange,
    signal?: AbortSignal,
  ): Promise<'done' | 'again'> => {
    const item = lawfulRulesItem({ version: version + 1, rules })
    const written = await transact(
      client,
      [
        countChange(version),
        { Put: { TableName: catalog, Item: item } },
        auditWrite(catalog, 'platform', author, change),
      ],
      retrying(signal),
    )
    return written.kind === 'done' ? 'done' : 'again'
  }

  return {
    list: async (signal) => (await read(signal)).rules,

    put: (wanted, author, permit, signal) =>
      optimistically(async () => {
        const { version, rules } = await read(signal)
        const code = placeCode(wanted)
        const before = rules.find((rule) => placeCode(rule) === code)
        permit(before)
        if (before === undefined && rules.length >= MAX_LAWFUL_RULES) return 'full' as const
        const revision = version + 1
        const rule = { ...wanted, revision, changedAt: new Date(author.atMs).toISOString() }
        const next = { version, rules: withRule(rules, rule) }
        const told = {
          action: before === undefined ? 'create' : 'replace',
          object: `lawful-hours/${code}`,
          ...(before && { before: before.revision }),
          after: revision,
        } as const
        return (await commit(next, author, told, signal)) === 'done' ? { rule, rules: next.rules } : 'again'
      }, signal),

    remove: (place, author, permit, signal) =>
      optimistically(async () => {
        const { version, rules } = await read(signal)
        const code = placeCode(place)
        const before = rules.find((rule) => placeCode(rule) === code)
        permit(before)
        if (before === undefined) return
        const next = { version, rules: without(rules, code) }
        const told = { action: 'delete', object: `lawful-hours/${code}`, before: before.revision } as const
        return (await commit(next, author, told, signal)) === 'done' ? undefined : 'again'
      }, signal),
  }
}
