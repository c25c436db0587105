import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { PeerStore } from '#local/cloud/peer-store.ts'

/** What the local cloud itself keeps between runs. */
export type LocalState = {
  /** For the modules that keep tables of their own (queues, TTL). */
  readonly database: DatabaseSync
  /** A keyed store of its own for each name. */
  store(space: string): PeerStore
  /** Runs `work` as one write: all of it is kept, or nothing. Must not await. */
  transaction<T>(work: () => T): T
  close(): void
}

export class DataDirInUse extends Error {
  constructor(dataDir: string, cause: unknown) {
    super(`data directory ${dataDir} is in use by another local cloud`, { cause })
    this.name = 'DataDirInUse'
  }
}

const SQLITE_BUSY = 5

/**
 * Opens the state in `dataDir` (made when missing), or in memory.
 *
 * The database is opened for one process only: the operating system holds the lock and drops it when the process ends,
 * however it ends, so there is no stale lock to clean up. Write-ahead log without fsync: safe when the process is
 * killed, not when the machine loses power.
 *
 * @throws {DataDirInUse} when another local cloud has it open
 * @example const state = openState('.data'); state.store('clock').put('now', '0')
 */
export const openState = (dataDir: string | undefined): LocalState => {
  const database = openDatabase(dataDir)
  database.exec(
    'CREATE TABLE IF NOT EXISTS kept (space TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (space, key)) WITHOUT ROWID',
  )
  const select = database.prepare('SELECT value FROM kept WHERE space = ? AND key = ?')
  const upsert = database.prepare('INSERT OR REPLACE INTO kept (space, key, value) VALUES (?, ?, ?)')
  const remove = database.prepare('DELETE FROM kept WHERE space = ? AND key = ?')
  const range = database.prepare(
    'SELECT key, value FROM kept WHERE space = ? AND key >= ? AND key < ? ORDER BY key',
  )
  return {
    database,
    store: (space) => ({
      get: (key) => {
        const row = select.get(space, key)
        return row === undefined ? undefined : String(row['value'])
      },
      put: (key, value) => {
        upsert.run(space, key, value)
      },
      delete: (key) => {
        remove.run(space, key)
      },
      // U+10FFFF is the last code point, and SQLite orders text by its UTF-8 bytes.
      entries: (prefix) =>
        range
          .all(space, prefix, `${prefix}\u{10FFFF}`)
          .map((row) => [String(row['key']), String(row['value'])]),
    }),
    transaction: (work) => {
      if (database.isTransaction) return work()
      database.exec('BEGIN')
      try {
        const result = work()
        database.exec('COMMIT')
        return result
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close(),
  }
}

const openDatabase = (dataDir: string | undefined): DatabaseSync => {
  if (dataDir === undefined) return new DatabaseSync(':memory:')
  mkdirSync(dataDir, { recursive: true })
  const database = new DatabaseSync(join(dataDir, 'local-cloud.sqlite'))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
    // The lock is taken by the first write.
    database.exec('BEGIN EXCLUSIVE; COMMIT')
    return database
  } catch (error) {
    database.close()
    if (isBusy(error)) throw new DataDirInUse(dataDir, error)
    throw error
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY
