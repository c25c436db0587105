import * as z from 'zod'
import {
  type CatalogTables,
  listUnder,
  memberKey,
  membershipKey,
  merchantKey,
  merchantPk,
  versionKey,
} from '#shared/adapters/dynamodb/catalog/catalog-tables.ts'
import { commitChange } from '#shared/adapters/dynamodb/catalog/change-merchant.ts'
import { optimistically } from '#shared/adapters/dynamodb/optimistic.ts'
import type { Item, TransactItem } from '#shared/adapters/dynamodb/transactions.ts'
import { getItem } from '#shared/adapters/dynamodb/transactions.ts'
import { id } from '#shared/contracts/items/ids.ts'
import type { MerchantId, UserId } from '#shared/domain/ids.ts'
import type { Author } from '#shared/domain/merchants/audit.ts'
import { isActive, MEMBER_ROLES, type Member, type MemberRole } from '#shared/domain/merchants/merchant.ts'

/** Renaming and removing a merchant write two items for each member, in one transaction. */
export const MAX_MEMBERS = 40

export type SavedMember =
  | { readonly kind: 'created' | 'replaced'; readonly member: Member }
  | { readonly kind: 'lastOwner' | 'full' | 'absent' }

export type MemberRecords = {
  /** The role that a user has now; undefined for strangers, and for members whose time is over. */
  readonly findRole: (
    merchantId: MerchantId,
    user: UserId,
    nowMs: number,
    signal?: AbortSignal,
  ) => Promise<MemberRole | undefined>
  /** All of them, those whose time is over too. */
  readonly list: (merchantId: MerchantId, signal?: AbortSignal) => Promise<Member[]>
  /**
   * Adds a member, or gives one another role or time; `absent` also where its author is no owner any more. `check` throws
   * where this is not the state that shall be changed; it may be called again.
   */
  readonly put: (
    merchantId: MerchantId,
    member: Member,
    author: Author,
    check?: (before: Member | undefined) => void,
    signal?: AbortSignal,
  ) => Promise<SavedMember>
  readonly remove: (
    merchantId: MerchantId,
    user: UserId,
    author: Author,
    check?: (before: Member) => void,
    signal?: AbortSignal,
  ) => Promise<'removed' | 'lastOwner' | 'absent'>
}

const memberSchema = z.object({
  user: id('usr'),
  role: z.enum(MEMBER_ROLES),
  until: z.string().exactOptional(),
  addedAt: z.string().exactOptional(),
})

export const parseMember = (item: Item): Member => memberSchema.parse(item)

export const memberItem = (merchantId: MerchantId, member: Member): Item => ({
  ...memberKey(merchantId, member.user),
  kind: 'member',
  ...member,
})

/** The same, where the user's own merchants are listed. */
export const membershipItem = (
  merchantId: MerchantId,
  name: string,
  { user, role, until }: Member,
): Item => ({
  ...membershipKey(user, merchantId),
  kind: 'membership',
  merchantId,
  name,
  role,
  ...(until !== undefined && { until }),
})

/** All members of a merchant, at most `MAX_MEMBERS`. */
export const membersOf = async (
  tables: CatalogTables,
  merchantId: MerchantId,
  signal?: AbortSignal,
): Promise<Member[]> => {
  const place = { pk: merchantPk(merchantId), prefix: 'MEMBER#', limit: MAX_MEMBERS + 1 }
  const { items } = await listUnder(tables, place, signal)
  if (items.length > MAX_MEMBERS) throw new Error(`more than ${MAX_MEMBERS} members`)
  return items.map(parseMember)
}

/**
 * Is who changes the members an owner still, by what the change is conditioned on? An owner who was removed while its
 * request was under way changes nothing any more.
 */
const isOwnedBy = (members: readonly Member[], author: Author): boolean =>
  members.some(({ user, role }) => user === author.user && role === 'owner')

const termsOf = ({ role, until }: Member): string => (until === undefined ? role : `${role} until ${until}`)

/** Who acts for a merchant, over the Catalog. A merchant always keeps an owner. */
export const createMemberRecords = (tables: CatalogTables): MemberRecords => {
  const { client, catalog } = tables

  const get = (Key: { pk: string; sk: string }, signal?: AbortSignal): Promise<Item | undefined> =>
    getItem(client, catalog, Key, signal)

  const put = (Item: Item): TransactItem => ({ Put: { TableName: catalog, Item } })
  const deleteAt = (Key: Record<string, string>): TransactItem => ({ Delete: { TableName: catalog, Key } })

  /** That one of the others still is an owner when this is written; undefined where none is. */
  const otherOwnerStays = (
    merchantId: MerchantId,
    members: readonly Member[],
    user: UserId,
  ): TransactItem | undefined => {
    const other = members.find((member) => member.role === 'owner' && member.user !== user)
    return (
      other && {
        ConditionCheck: {
          TableName: catalog,
          Key: memberKey(merchantId, other.user),
          ConditionExpression: '#role = :owner',
          ExpressionAttributeNames: { '#role': 'role' },
          ExpressionAttributeValues: { ':owner': 'owner' },
        },
      }
    )
  }

  /** What a change rests on. The version is read first: a merchant that is renamed meanwhile is looked at again. */
  const read = async (merchantId: MerchantId, user: UserId, signal?: AbortSignal) => {
    const version = Number((await get(versionKey(merchantId), signal))?.['version'] ?? 0)
    const merchant = await get(merchantKey(merchantId), signal)
    const members = await membersOf(tables, merchantId, signal)
    return {
      version,
      name: merchant === undefined ? undefined : String(merchant['name']),
      members,
      before: members.find((member) => member.user === user),
    }
  }

  return {
    findRole: async (merchantId, user, nowMs, signal) => {
      const item = await get(memberKey(merchantId, user), signal)
      if (item === undefined) return undefined
      const member = parseMember(item)
      return isActive(member, nowMs) ? member.role : undefined
    },

    list: (merchantId, signal) => membersOf(tables, merchantId, signal),

    put: (merchantId, member, author, check, signal) =>
      optimistically(async (): Promise<SavedMember | 'again'> => {
        const { version, name, members, before } = await read(merchantId, member.user, signal)
        if (name === undefined || !isOwnedBy(members, author)) return { kind: 'absent' }
        check?.(before)
        if (before === undefined && members.length >= MAX_MEMBERS) return { kind: 'full' }
        const leaves = before?.role === 'owner' && member.role !== 'owner'
        const stays = leaves ? otherOwnerStays(merchantId, members, member.user) : undefined
        if (leaves && stays === undefined) return { kind: 'lastOwner' }
        const next = before?.addedAt === undefined ? member : { ...member, addedAt: before.addedAt }
        const committed = await commitChange(
          tables,
          merchantId,
          [
            put(memberItem(merchantId, next)),
            put(membershipItem(merchantId, name, next)),
            ...(stays ? [stays] : []),
          ],
          {
            author,
            action: before === undefined ? 'create' : 'replace',
            object: member.user,
            detail: before === undefined ? termsOf(next) : `${termsOf(before)} → ${termsOf(next)}`,
          },
          { version, signal },
        )
        if (committed.kind !== 'done') return 'again'
        return { kind: before === undefined ? 'created' : 'replaced', member: next }
      }, signal),

    remove: (merchantId, user, author, check, signal) =>
      optimistically(async (): Promise<'removed' | 'lastOwner' | 'absent' | 'again'> => {
        const { version, members, before } = await read(merchantId, user, signal)
        if (before === undefined || !isOwnedBy(members, author)) return 'absent'
        check?.(before)
        const stays = before.role === 'owner' ? otherOwnerStays(merchantId, members, user) : undefined
        if (before.role === 'owner' && stays === undefined) return 'lastOwner'
        const committed = await commitChange(
          tables,
          merchantId,
          [
            deleteAt(memberKey(merchantId, user)),
            deleteAt(membershipKey(user, merchantId)),
            ...(stays ? [stays] : []),
          ],
          { author, action: 'delete', object: user, detail: termsOf(before) },
          { version, signal },
        )
        return committed.kind === 'done' ? 'removed' : 'again'
      }, signal),
  }
}
