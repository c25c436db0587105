import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { batchGetAll } from '#shared/adapters/dynamodb/transactions.ts'
import { parseRelationship, relationshipKey } from '#shared/contracts/items/relationship.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { Standing } from '#shared/domain/messages/refused-since.ts'

/** How a merchant stands with a customer, and with the operator, just now. */
export type ReadStanding = (user: UserId, merchantId: MerchantId, signal?: AbortSignal) => Promise<Standing>

/**
 * Reads what may forbid a message that was granted a moment ago, in one request.
 *
 * @example const standingOf = createReadStanding(client, { catalog, ledger })
 */
export const createReadStanding =
  (
    client: DynamoDBDocumentClient,
    { catalog, ledger }: { readonly catalog: string; readonly ledger: string },
  ): ReadStanding =>
  async (user, merchantId, signal) => {
    const [[relationship] = [], [version] = []] = await batchGetAll(
      client,
      [
        { table: ledger, keys: [relationshipKey(user, merchantId)], consistent: true },
        // Consistent: what the operator was told is done lets nothing more out.
        { table: catalog, keys: [{ pk: `M#${merchantId}`, sk: 'VERSION' }], consistent: true },
      ],
      { random: Math.random, signal },
    )
    const { block, openComplaints } = parseRelationship(relationship).relationship
    return { isSuspended: version?.['suspended'] !== undefined, ...(block && { block }), openComplaints }
  }
