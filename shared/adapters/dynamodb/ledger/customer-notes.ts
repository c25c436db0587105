import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { writeRelationship } from '#shared/adapters/dynamodb/ledger/relationship-writes.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { transact } from '#shared/adapters/dynamodb/transactions.ts'
import type { CustomerNotes } from '#shared/contracts/http/customers.ts'
import { profileKey } from '#shared/contracts/items/ledger.ts'
import { parseRelationship, relationshipKey } from '#shared/contracts/items/relationship.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'

/** Keeps what a merchant notes of a customer; only of one who has acted with it (DESIGN.md section 4, I9). */
export type SaveNotes = (
  merchantId: MerchantId,
  user: UserId,
  notes: CustomerNotes,
  author: Author,
  signal?: AbortSignal,
) => Promise<'saved' | 'unknown'>

export const createSaveNotes =
  ({ client, catalog, ledger: table }: CatalogTables): SaveNotes =>
  (merchantId, user, { tags, isBlocked }, author, signal) =>
    optimistically(async (): Promise<'saved' | 'unknown' | 'again'> => {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: relationshipKey(user, merchantId), ConsistentRead: true }),
        signal ? { abortSignal: signal } : {},
      )
      const before = parseRelationship(Item)
      if (before.actedAt === undefined) return 'unknown'
      const after = { ...before.relationship, tags, isBlocked }
      const outcome = await transact(
        client,
        [
          writeRelationship(table, user, merchantId, before, after),
          {
            ConditionCheck: {
              TableName: table,
              Key: profileKey(user),
              ConditionExpression: 'attribute_not_exists(tombstone)',
            },
          },
          auditWrite(catalog, merchantId, author, { action: 'replace', object: 'customer' }),
        ],
        { random: Math.random, signal },
      )
      if (outcome.kind === 'done') return 'saved'
      return outcome.reasons[1] === 'ConditionalCheckFailed' ? 'unknown' : 'again'
    }, signal)
