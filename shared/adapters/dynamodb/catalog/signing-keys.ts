import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { getItem, queryPage, type TransactItem, transact } from '#shared/adapters/dynamodb/transactions.ts'
import {
  newestKeyKey,
  type PrivateJwk,
  parseSecret,
  parseSigningKey,
  publicKeyKey,
  SIGNING_KEYS_PK,
  type StoredSigningKey,
  secretItem,
  secretKeyKey,
  signingKeyItem,
} from '#shared/contracts/items/signing-key.ts'
import { keptUntil, nextKeyAt } from '#shared/domain/offers/signing-key.ts'

/** Far more than there ever are: one signs, one comes, and few are kept for what they have signed. */
const MAX_KEYS = 50

export type ListSigningKeys = (signal?: AbortSignal) => Promise<readonly StoredSigningKey[]>
export type ReadSigningSecret = (kid: string, signal?: AbortSignal) => Promise<PrivateJwk | undefined>
export type NewKeyPair = () => Promise<{ readonly kid: string; readonly jwk: PrivateJwk }>

export type RotateSigningKeys = (nowMs: number, signal?: AbortSignal) => Promise<string | undefined>

type Catalog = { readonly client: DynamoDBDocumentClient; readonly catalog: string }

/** Lists the public keys: those that sign, will sign, or have signed what may still be shown. */
export const createListSigningKeys =
  ({ client, catalog }: Catalog): ListSigningKeys =>
  async (signal) => {
    const page = await queryPage(
      client,
      {
        TableName: catalog,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :key)',
        ExpressionAttributeValues: { ':pk': SIGNING_KEYS_PK, ':key': 'KEY#' },
        ConsistentRead: true,
        Limit: MAX_KEYS,
      },
      { signal },
    )
    return page.items.map(parseSigningKey)
  }

/** Reads the private half of a key. IAM lets only the function that signs do so. */
export const createReadSigningSecret =
  ({ client, catalog }: Catalog): ReadSigningSecret =>
  async (kid, signal) => {
    const Item = await getItem(client, catalog, secretKeyKey(kid), signal)
    return Item && parseSecret(Item)
  }

const publicOf = ({ kty, crv, x }: PrivateJwk) => ({ kty, crv, x })

const newestOf = (keys: readonly StoredSigningKey[]): StoredSigningKey | undefined =>
  keys.toSorted((a, b) => a.notBeforeMs - b.notBeforeMs).at(-1)

/**
 * Makes the next key when it is time, and has TTL remove the one before when no token needs it any more. Two who rotate at
 * once make one key.
 *
 * @param rotateDays for how many days a key signs
 * @returns the name of the new key, where one was made
 */
export const createRotateSigningKeys = (
  tables: Catalog,
  newKeyPair: NewKeyPair,
  rotateDays: number,
): RotateSigningKeys => {
  const { client, catalog } = tables
  const list = createListSigningKeys(tables)

  const readNewest = async (signal?: AbortSignal): Promise<unknown> => {
    const Item = await getItem(client, catalog, newestKeyKey, signal)
    return Item?.['kid']
  }

  /** Holds while nobody else has named another one since this one was read. */
  const nameNewest = (read: unknown, kid: string): TransactItem => ({
    Put: {
      TableName: catalog,
      Item: { ...newestKeyKey, kind: 'newestSigningKey', kid },
      ...(read === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'kid = :read', ExpressionAttributeValues: { ':read': read } }),
    },
  })

  const removeAt = (Key: { readonly pk: string; readonly sk: string }, atMs: number): TransactItem => ({
    Update: {
      TableName: catalog,
      Key,
      UpdateExpression: 'SET #ttl = :at',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':at': Math.ceil(atMs / 1000) },
    },
  })

  const replaceWrites = (before: StoredSigningKey | undefined, notBeforeMs: number): TransactItem[] => {
    if (before === undefined) return []
    const { secretMs, publicMs } = keptUntil(notBeforeMs)
    return [removeAt(secretKeyKey(before.kid), secretMs), removeAt(publicKeyKey(before.kid), publicMs)]
  }

  return async (nowMs, signal) => {
    const read = await readNewest(signal)
    const keys = await list(signal)
    const notBeforeMs = nextKeyAt(keys, rotateDays, nowMs)
    if (notBeforeMs === undefined) return undefined
    const { kid, jwk } = await newKeyPair()
    const key = { kid, createdAtMs: nowMs, notBeforeMs, jwk: publicOf(jwk) }
    const outcome = await transact(
      client,
      [
        nameNewest(read, kid),
        { Put: { TableName: catalog, Item: signingKeyItem(key) } },
        { Put: { TableName: catalog, Item: secretItem(kid, jwk) } },
        ...replaceWrites(newestOf(keys), notBeforeMs),
      ],
      { random: Math.random, signal },
    )
    return outcome.kind === 'done' ? kid : undefined
  }
}
