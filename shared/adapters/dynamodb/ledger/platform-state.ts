import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { getItem } from '#shared/adapters/dynamodb/transactions.ts'
import { type PlatformState, parsePlatformState, platformKey } from '#shared/contracts/items/platform.ts'

/** What holds for the whole platform, at most 5 s old. */
export type ReadPlatform = (nowMs: number, signal?: AbortSignal) => Promise<PlatformState>

/** A kill switch must work in 10 s; half of that is left for what is under way. */
const CACHE_MS = 5_000

/**
 * Reads the platform's state once in 5 s: every function that decides or sends asks for it each time.
 *
 * @example const readPlatform = createReadPlatform(client, ledger)
 */
export const createReadPlatform = (client: DynamoDBDocumentClient, table: string): ReadPlatform => {
  let known: { readonly atMs: number; readonly state: PlatformState } | undefined
  return async (nowMs, signal) => {
    if (known !== undefined && Math.abs(nowMs - known.atMs) < CACHE_MS) return known.state
    const Item = await getItem(client, table, platformKey, signal)
    const state = parsePlatformState(Item)
    known = { atMs: nowMs, state }
    return state
  }
}
