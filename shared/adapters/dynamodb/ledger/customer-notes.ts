import { auditWrite } from '#shared/adapters/dynamodb/catalog/audit-records.ts'
import type { CatalogTables } from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'

import { notErased } from '#shared/adapters/dynamodb/customers/customer-tables.ts'
import { writeRelationship } from '#shared/adapters/dynamodb/ledger/relationship-writes.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import { getItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import { parseRelationship, relationshipKey } from '#shared/contracts/items/relationship.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { AuditAction, Author } from '#shared/domain/merchants/audit.ts'
import type { KnownRelationship } from '#shared/domain/scenes/facts.ts'

/**
 * Changes what a merchant notes of a customer; only of one who has acted with it (DESIGN.md section 4, I9).
 *
 * @param change may be called again when somebody else changed the relationship meanwhile
 * @returns the relationship after the change; undefined for a customer whom the merchant does not know
 */
export type NoteCustomer = (
  merchantId: MerchantId,
  user: UserId,
  told: { readonly author: Author; readonly action: AuditAction },
  change: (current: KnownRelationship) => KnownRelationship,
  signal?: AbortSignal,
) => Promise<KnownRelationship | undefined>

export const createNoteCustomer =
  ({ client, catalog, ledger: table }: CatalogTables): NoteCustomer =>
  (merchantId, user, { author, action }, change, signal) =>
    optimistically(async (): Promise<KnownRelationship | undefined | 'again'> => {
      const Item = await getItem(client, table, relationshipKey(user, merchantId), signal)
      const before = parseRelationship(Item)
      if (before.actedAt === undefined) return undefined
      const after = change(before.relationship)
      const outcome = await transact(
        client,
        [
          writeRelationship(table, user, merchantId, before, after),
          notErased(table, user),
          auditWrite(catalog, merchantId, author, { action, object: 'customer' }),
        ],
        { random: Math.random, signal },
      )
      if (outcome.kind === 'done') return after
      return outcome.reasons[1] === 'ConditionalCheckFailed' ? undefined : 'again'
    }, signal)
