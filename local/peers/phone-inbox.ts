import type { PeerStore } from '../cloud/peer-store.ts'
import { type Outgoing, parseReceivedMessage, type ReceivedMessage, targetOf } from './phone-message.ts'

const RECEIVED = 'message/'
const UNDELIVERED = 'undelivered/'
const SEQ_DIGITS = 12

/** Why SNS took a message and no phone got it. */
const UNDELIVERED_REASONS = ['phoneNumberOptedOut', 'endpointDisabled', 'lost', 'spendLimit'] as const
export type UndeliveredReason = (typeof UNDELIVERED_REASONS)[number]
export type UndeliveredMessage = { readonly reason: UndeliveredReason; readonly message: ReceivedMessage }

/** What the phones received, in order, kept in the store. */
export type PhoneInbox = {
  deliver(outgoing: Outgoing, atMs: number): ReceivedMessage
  drop(outgoing: Outgoing, atMs: number, reason: UndeliveredReason): void
  received(): ReceivedMessage[]
  undelivered(): UndeliveredMessage[]
  /** What stands on one phone's screen, oldest first: a message takes the place of one with its collapse key. */
  screen(target: string): ReceivedMessage[]
  onReceived(listener: (message: ReceivedMessage) => void): () => void
}

const keyOf = (prefix: string, seq: number): string => prefix + String(seq).padStart(SEQ_DIGITS, '0')

const isUndeliveredReason = (text: string): text is UndeliveredReason =>
  UNDELIVERED_REASONS.some((reason) => reason === text)

const readUndelivered = ([key, text]: [string, string]): UndeliveredMessage => {
  const reason = key.split('/')[2] ?? ''
  if (!isUndeliveredReason(reason)) throw new Error(`not a reason: ${reason}`)
  return { reason, message: parseReceivedMessage(text) }
}

/**
 * @param maxMessages the oldest messages are forgotten beyond it
 */
export const createPhoneInbox = (store: PeerStore, maxMessages: number): PhoneInbox => {
  const received = store.entries(RECEIVED).map(([, text]) => parseReceivedMessage(text))
  const undelivered = store.entries(UNDELIVERED).map(readUndelivered)
  const listeners = new Set<(message: ReceivedMessage) => void>()
  let lastSeq = Math.max(received.at(-1)?.seq ?? 0, undelivered.at(-1)?.message.seq ?? 0)

  const number = (outgoing: Outgoing, atMs: number): ReceivedMessage => {
    lastSeq += 1
    return { ...outgoing, seq: lastSeq, atMs }
  }

  return {
    deliver: (outgoing, atMs) => {
      const message = number(outgoing, atMs)
      store.put(keyOf(RECEIVED, message.seq), JSON.stringify(message))
      received.push(message)
      if (received.length > maxMessages) {
        const oldest = received.shift()
        if (oldest !== undefined) store.delete(keyOf(RECEIVED, oldest.seq))
      }
      for (const listener of listeners) listener(message)
      return message
    },
    drop: (outgoing, atMs, reason) => {
      const message = number(outgoing, atMs)
      store.put(`${keyOf(UNDELIVERED, message.seq)}/${reason}`, JSON.stringify(message))
      undelivered.push({ reason, message })
      if (undelivered.length > maxMessages) {
        const oldest = undelivered.shift()
        if (oldest !== undefined) {
          store.delete(`${keyOf(UNDELIVERED, oldest.message.seq)}/${oldest.reason}`)
        }
      }
    },
    received: () => [...received],
    undelivered: () => [...undelivered],
    screen: (target) => {
      const shown = new Map<string, ReceivedMessage>()
      for (const message of received) {
        if (targetOf(message) !== target) continue
        const collapseKey = message.channel === 'push' ? message.collapseKey : undefined
        const place = collapseKey === undefined ? `seq:${message.seq}` : `key:${collapseKey}`
        // Deleted first, so that a replacement moves to the end, as it does on a phone.
        shown.delete(place)
        shown.set(place, message)
      }
      return [...shown.values()]
    },
    onReceived: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
