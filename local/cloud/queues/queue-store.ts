import { randomUUID } from 'node:crypto'
import type { LocalState } from '#local/cloud/state.ts'
import type { QueuePlan } from '#local/cloud/template/cloud-plan.ts'

/** An attribute of a message as SQS transports it. */
export type MessageAttribute = { DataType: string; StringValue?: string; BinaryValue?: string }

export type Message = {
  id: string
  body: string
  attributes: Record<string, MessageAttribute>
  sentAtMs: number
  /** How often it was received, this time included. */
  receives: number
  firstReceivedAtMs: number
  receipt: string
}

export type QueueCounts = { visible: number; inFlight: number; delayed: number }

export type QueueStore = {
  queues: readonly QueuePlan[]
  /** The queue with this name, or whose URL or ARN ends in it. */
  find(reference: string): QueuePlan | undefined
  send(
    queue: QueuePlan,
    message: { body: string; attributes?: Record<string, MessageAttribute>; delayS?: number },
  ): string
  /** Takes up to `max` visible messages, oldest first; one received too often goes to the dead-letter queue instead. */
  receive(queue: QueuePlan, max: number, visibilityTimeoutS?: number): Message[]
  /** Deletes a received message; an unknown receipt changes nothing, as at AWS. */
  delete(queue: QueuePlan, receipt: string): void
  /** False when no message in flight has this receipt. */
  changeVisibility(queue: QueuePlan, receipt: string, timeoutS: number): boolean
  purge(queue: QueuePlan): void
  counts(queue: QueuePlan): QueueCounts
  hasVisible(queue: QueuePlan): boolean
  /** When the next message that is now delayed or in flight becomes visible. */
  nextVisibleAtMs(queue: QueuePlan): number | undefined
  /** About how many requests SQS would bill: one for each message sent, two (receive, delete) for each batch taken. */
  requests(): number
  /** Calls back after each message sent. */
  onSent(listener: () => void): () => void
}

const MAX_BATCH = 10_000

/**
 * The queues of the template. SQS's own rules for delay, visibility, retention and redrive, on the local clock; kept in
 * the local cloud's state.
 *
 * What was in flight when the process ended is visible again at once: its consumer ended with it. It counts as received.
 */
export const openQueueStore = (
  state: LocalState,
  queues: readonly QueuePlan[],
  nowMs: () => number,
): QueueStore => {
  const { database } = state
  database.exec(`
    CREATE TABLE IF NOT EXISTS messages (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
      attributes TEXT NOT NULL, sentAtMs INTEGER NOT NULL, visibleAtMs INTEGER NOT NULL, receives INTEGER NOT NULL,
      firstReceivedAtMs INTEGER NOT NULL, receipt TEXT);
    CREATE INDEX IF NOT EXISTS byVisible ON messages (queue, visibleAtMs);
    CREATE INDEX IF NOT EXISTS byReceipt ON messages (receipt) WHERE receipt IS NOT NULL;
    UPDATE messages SET visibleAtMs = 0, receipt = NULL WHERE receipt IS NOT NULL;
  `)
  const sql = {
    insert: database.prepare(
      `INSERT INTO messages (queue, id, body, attributes, sentAtMs, visibleAtMs, receives, firstReceivedAtMs)
       VALUES (?, ?, ?, ?, ?, ?, 0, 0)`,
    ),
    visible: database.prepare(
      'SELECT * FROM messages WHERE queue = ? AND visibleAtMs <= ? ORDER BY seq LIMIT ?',
    ),
    anyVisible: database.prepare('SELECT 1 FROM messages WHERE queue = ? AND visibleAtMs <= ? LIMIT 1'),
    nextVisible: database.prepare(
      'SELECT MIN(visibleAtMs) AS atMs FROM messages WHERE queue = ? AND visibleAtMs > ?',
    ),
    take: database.prepare(
      'UPDATE messages SET visibleAtMs = ?, receives = ?, firstReceivedAtMs = ?, receipt = ? WHERE seq = ?',
    ),
    redrive: database.prepare('UPDATE messages SET queue = ?, visibleAtMs = ?, receipt = NULL WHERE seq = ?'),
    delete: database.prepare('DELETE FROM messages WHERE receipt = ? AND queue = ?'),
    setVisible: database.prepare(
      'UPDATE messages SET visibleAtMs = ? WHERE receipt = ? AND queue = ? AND visibleAtMs > ?',
    ),
    expire: database.prepare('DELETE FROM messages WHERE queue = ? AND visibleAtMs <= ? AND sentAtMs < ?'),
    purge: database.prepare('DELETE FROM messages WHERE queue = ?'),
    counts: database.prepare(
      `SELECT COALESCE(SUM(visibleAtMs <= ?1), 0) AS visible,
              COALESCE(SUM(visibleAtMs > ?1 AND receipt IS NOT NULL), 0) AS inFlight,
              COALESCE(SUM(visibleAtMs > ?1 AND receipt IS NULL), 0) AS delayed
       FROM messages WHERE queue = ?2`,
    ),
  }
  const listeners = new Set<() => void>()
  const byName = new Map(queues.map((queue) => [queue.name, queue]))
  const find = (reference: string) =>
    byName.get(reference.slice(Math.max(reference.lastIndexOf('/'), reference.lastIndexOf(':')) + 1))
  const deadLetterQueueOf = (queue: QueuePlan): QueuePlan | undefined =>
    queue.redrive === undefined ? undefined : find(queue.redrive.targetArn)

  let requests = 0

  return {
    queues,
    find,
    send: (queue, { body, attributes = {}, delayS = queue.delayS }) => {
      requests += 1
      const id = randomUUID()
      const sentAtMs = nowMs()
      sql.insert.run(queue.name, id, body, JSON.stringify(attributes), sentAtMs, sentAtMs + delayS * 1000)
      for (const listener of listeners) listener()
      return id
    },
    receive: (queue, max, visibilityTimeoutS = queue.visibilityTimeoutS) =>
      state.transaction(() => {
        const now = nowMs()
        sql.expire.run(queue.name, now, now - queue.retentionS * 1000)
        const received: Message[] = []
        for (const row of sql.visible.all(queue.name, now, Math.min(max, MAX_BATCH))) {
          const before = Number(row['receives'])
          const deadLetterQueue = deadLetterQueueOf(queue)
          if (deadLetterQueue !== undefined && before >= (queue.redrive?.maxReceiveCount ?? Infinity)) {
            sql.redrive.run(deadLetterQueue.name, now, Number(row['seq']))
            continue
          }
          const receipt = randomUUID()
          const firstReceivedAtMs = before === 0 ? now : Number(row['firstReceivedAtMs'])
          sql.take.run(
            now + visibilityTimeoutS * 1000,
            before + 1,
            firstReceivedAtMs,
            receipt,
            Number(row['seq']),
          )
          received.push({
            id: String(row['id']),
            body: String(row['body']),
            attributes: parseAttributes(String(row['attributes'])),
            sentAtMs: Number(row['sentAtMs']),
            receives: before + 1,
            firstReceivedAtMs,
            receipt,
          })
        }
        requests += received.length === 0 ? 0 : 2
        return received
      }),
    requests: () => requests,
    delete: (queue, receipt) => {
      sql.delete.run(receipt, queue.name)
    },
    changeVisibility: (queue, receipt, timeoutS) => {
      const now = nowMs()
      return sql.setVisible.run(now + timeoutS * 1000, receipt, queue.name, now).changes > 0
    },
    purge: (queue) => {
      sql.purge.run(queue.name)
    },
    counts: (queue) => {
      const row = sql.counts.get(nowMs(), queue.name) ?? {}
      return {
        visible: Number(row['visible']),
        inFlight: Number(row['inFlight']),
        delayed: Number(row['delayed']),
      }
    },
    hasVisible: (queue) => sql.anyVisible.get(queue.name, nowMs()) !== undefined,
    nextVisibleAtMs: (queue) => {
      const atMs = sql.nextVisible.get(queue.name, nowMs())?.['atMs'] ?? null
      return atMs === null ? undefined : Number(atMs)
    },
    onSent: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const parseAttributes = (text: string): Record<string, MessageAttribute> =>
  JSON.parse(text) as Record<string, MessageAttribute>
